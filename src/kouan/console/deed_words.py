"""The words of what the trail records: every verb of the house and every audited table (a house test walks them all).

The code stays beside the words, so that an entry can be found again in the database and in the software.
"""

from __future__ import annotations

from collections.abc import Mapping

from kouan.basis import Text

VERBS: Mapping[str, Text] = {
    "accounts.actions.create_organisation": Text("登记单位", "Register an organisation"),
    "accounts.actions.change_organisation": Text("更改单位的口岸和报送对象", "Change an organisation's ports and superiors"),
    "accounts.actions.change_role": Text("更改用户角色", "Change a user's role"),
    "accounts.offices.make_offices": Text("登记省级单位、兵团和计划单列市", "Register the provincial offices, the Corps and five cities"),
    "accounts.actions.create_user": Text("新建用户", "Make a user"),
    "accounts.actions.provision_users": Text("批量新建用户", "Make users from a sheet"),
    "accounts.actions.make_first_administrator": Text("建立首位系统管理员", "Make the first administrator"),
    "accounts.actions.make_demonstration_users": Text("建立演示用户", "Make the demonstration users"),
    "accounts.actions.change_password": Text("修改自己的密码", "Change one's own password"),
    "accounts.actions.choose_password": Text("凭链接设定密码", "Choose a password by a link"),
    "accounts.actions.reset_password": Text("重设用户密码", "Reset a user's password"),
    "accounts.actions.set_active": Text("启用或停用用户", "Allow or block a user"),
    "accounts.actions.set_language": Text("更改界面语言", "Change the language of the pages"),
    "accounts.keys.issue_token": Text("发放接口密钥", "Issue an API token"),
    "accounts.keys.revoke_token": Text("收回接口密钥", "Revoke an API token"),
    "casework.actions.begin_case": Text("以首表发起办件", "Begin a case by its form"),
    "casework.actions.gather_facts": Text("汇集办件事实", "Gather the facts of a case"),
    "collection.actions._keep_preview": Text("预览报送文件", "Preview a file"),
    "collection.actions._commit": Text("数据入库", "Take in figures"),
    "collection.actions.discard_preview": Text("放弃预览", "Drop a preview"),
    "collection.actions.accept_holding": Text("核准暂存的行", "Accept a held row"),
    "collection.actions.discard_holding": Text("不予采用暂存的行", "Set a held row aside"),
    "collection.conflicts.take_row": Text("采用冲突行中的一行", "Take one of the rows in conflict"),
    "desk.actions.record_document": Text("登记文件", "Record a document"),
    "desk.actions.file_document": Text("归档文件", "File a document"),
    "desk.actions.add_version": Text("增加文件版本", "Add a version of a document"),
    "desk.actions.dispose_due": Text("处置到期文件", "Dispose of documents that are due"),
    "desk.matters.actions.open_matter": Text("发起办件", "Begin a matter"),
    "desk.matters.actions.take_step": Text("办理步骤", "Take a step of a matter"),
    "desk.matters.actions.carry_step": Text("因他件办理步骤", "Take a step because of another matter"),
    "desk.matters.actions.freeze_facts": Text("固定办件事实", "Freeze the facts of a matter"),
    "desk.matters.actions.give_opinion": Text("答复征求意见", "Give an opinion"),
    "desk.matters.actions.reassign": Text("分派待办", "Hand over a task"),
    "desk.matters.actions.run_clocks": Text("期限例行处理", "Let the clocks run"),
    "desk.matters.papers.take_step_with_papers": Text("办理步骤并登记文件", "Take a step with its papers"),
    "desk.matters.papers.add_paper_version": Text("更换办件文件", "Add a version of a matter's paper"),
    "desk.matters.mails.note_mail": Text("登记通知邮件", "Note a mail of notices"),
    "desk.matters.feeds.renew_feed": Text("更新日历订阅地址", "Renew a calendar address"),
    "desk.matters.feeds.end_feed": Text("停用日历订阅地址", "End a calendar address"),
    "desk.matters.upkeep.set_period": Text("设定程序期限", "Set a period of a procedure"),
    "desk.matters.upkeep.enter_holidays": Text("录入节假日安排", "Enter a year's holidays"),
    "desk.matters.upkeep.delegate": Text("委托他人代办", "Delegate to a colleague"),
    "desk.matters.upkeep.end_delegation": Text("收回委托", "Take a delegation back"),
    "desk.matters.upkeep.mark_read": Text("标记通知已读", "Mark notices as read"),
    "evaluation.actions.score_benchmark": Text("计算对标得分", "Score the benchmark set"),
    "grading.actions.record_verdicts": Text("登记达标判定", "Record verdicts"),
    "grading.lawbook.actions._keep_proposals": Text("提出法规变更", "Propose a change of law"),
    "grading.lawbook.actions.withdraw_change": Text("撤回法规变更", "Withdraw a change of law"),
    "grading.lawbook.actions._approve": Text("批准法规变更", "Approve a change of law"),
    "grading.lawbook.actions.reject_change": Text("不予批准法规变更", "Reject a change of law"),
    "grading.list_actions.record_list": Text("登记名单", "Record a list"),
    "grading.list_actions.open_case": Text("由名单发起办件", "Begin a matter from a list"),
    "grading.class_two.enter_class_two": Text("录入原二类口岸", "Enter class-II ports"),
    "grading.class_two.clear_class_two": Text("登记原二类口岸清理结果", "Record how a class-II port was cleared"),
    "grading.grade_actions.submit_scores": Text("提交分级标准得分", "Submit scores of the grade criteria"),
    "grading.grade_actions.decide_grade": Text("决定口岸等级", "Decide a port's grade"),
    "grading.grade_actions.enter_policy": Text("录入差别化政策", "Enter the differentiated policy"),
    "ports.actions.load_register": Text("装载口岸名录", "Load the register of ports"),
    "ports.actions.refresh_register": Text("使到期变更生效", "Apply changes that are due"),
    "ports.actions.register_port": Text("登记口岸", "Register a port"),
    "ports.actions.change_port": Text("变更口岸登记", "Change a port's entry"),
    "ports.actions.record_approval": Text("登记批准", "Record an approval"),
    "ports.actions.record_acceptance": Text("登记通过验收", "Record an acceptance"),
    "ports.actions.open_port": Text("登记新增开放", "Record an opening"),
    "ports.actions.expand_port": Text("登记扩大开放", "Record an expanded opening"),
    "ports.actions.close_port": Text("登记关闭", "Record a closure"),
    "ports.actions.merge_ports": Text("登记优化整合", "Record a merger"),
    "ports.actions.add_code": Text("增加对照代码", "Add a code"),
    "ports.actions.retire_code": Text("停用对照代码", "Retire a code"),
    "ports.actions.link_layout": Text("对应布局条目", "Link to a layout entry"),
}

TABLES: Mapping[str, Text] = {
    "accounts_apitoken": Text("接口密钥", "API tokens"),
    "accounts_organisation": Text("单位", "Organisations"),
    "accounts_user": Text("用户", "Users"),
    "casework_caseform": Text("办件首表", "Forms of cases"),
    "casework_demonstrationport": Text("示范口岸", "Demonstration ports"),
    "casework_gathering": Text("办件汇集的事实", "Facts gathered for cases"),
    "casework_supervisionsite": Text("海关指定监管场地", "Supervision sites"),
    "casework_temporaryextension": Text("临时开放延期", "Extensions of temporary openings"),
    "casework_temporaryopening": Text("临时开放", "Temporary openings"),
    "collection_batch": Text("报送批次", "Batches"),
    "collection_holding": Text("暂存与拒收的行", "Rows held and refused"),
    "collection_lineagelink": Text("数据血缘", "Lineage"),
    "collection_observation": Text("数据", "Figures"),
    "collection_series": Text("数据序列", "Series"),
    "desk_delegation": Text("委托", "Delegations"),
    "desk_document": Text("文件", "Documents"),
    "desk_documentversion": Text("文件版本", "Versions of documents"),
    "desk_holidaytable": Text("节假日安排", "Holiday tables"),
    "desk_job": Text("后台任务", "Jobs"),
    "desk_matter": Text("办件", "Matters"),
    "desk_matternotice": Text("办件通知", "Notices of matters"),
    "desk_matteropinion": Text("征求意见答复", "Opinions"),
    "desk_matterstep": Text("办理步骤", "Steps of matters"),
    "desk_noticemail": Text("通知邮件", "Mails of notices"),
    "desk_calendarfeed": Text("日历订阅", "Calendar addresses"),
    "desk_procedureedition": Text("程序版本", "Editions of procedures"),
    "desk_proceduresetting": Text("程序期限设置", "Periods of procedures"),
    "desk_task": Text("待办", "Tasks"),
    "evaluation_score": Text("得分", "Scores"),
    "evaluation_scorerun": Text("评估运算", "Score runs"),
    "grading_classtwoclearance": Text("原二类口岸清理结果", "Clearances of class-II ports"),
    "grading_classtwoport": Text("原二类口岸", "Class-II ports"),
    "grading_criterionscores": Text("分级标准得分", "Scores of the grade criteria"),
    "grading_gradedecision": Text("口岸等级决定", "Decisions on grades"),
    "grading_listcase": Text("名单所发办件", "Matters begun from lists"),
    "grading_listentry": Text("名单条目", "Entries of lists"),
    "grading_listrecord": Text("名单登记", "Lists on record"),
    "grading_policycell": Text("差别化政策", "Differentiated policy"),
    "grading_verdictrecord": Text("判定记录", "Verdicts on record"),
    "law_lawchange": Text("法规变更", "Changes of law"),
    "ports_benchmarkport": Text("对标口岸", "Benchmark ports"),
    "ports_counterpartpoint": Text("对侧口岸点", "Counterpart points"),
    "ports_layoutentry": Text("布局条目", "Layout entries"),
    "ports_layoutlink": Text("布局条目与口岸", "Layout entries and ports"),
    "ports_port": Text("口岸", "Ports"),
    "ports_portchange": Text("口岸变更", "Changes of ports"),
    "ports_portcode": Text("口岸对照代码", "Codes of ports"),
    "ports_portevent": Text("口岸事项", "Events of ports"),
    "ports_project": Text("规划项目", "Projects of the plan"),
    "ports_projectlink": Text("规划项目与口岸", "Projects and ports"),
    "ports_registerload": Text("名录装载记录", "Loads of the register"),
}

# What the system was about when it acted by itself: the word in brackets after a verb.
TASKS: Mapping[str, Text] = {
    "setup": Text("安装", "setup"), "housekeeping": Text("例行处理", "housekeeping"), "upgrade": Text("升级", "upgrade"),
    "run_clocks": Text("期限", "clocks"), "mails": Text("邮件", "mail"), "casework": Text("办件", "casework"),
}


def deed_text(note: str) -> Text | None:
    """A verb of the trail in words, with the system's task in brackets; None for what is no verb of the house.

    >>> deed_text("ports.actions.load_register [setup]")
    Text(zh='装载口岸名录（安装）', en='Load the register of ports (setup)')
    """
    name, _, task = note.partition(" [")
    said = VERBS.get(name)
    if said is None:
        return None
    task = task.removesuffix("]")
    if not task:
        return said
    about = TASKS.get(task, Text(task, task))
    return Text(f"{said.zh}（{about.zh}）", f"{said.en} ({about.en})")
