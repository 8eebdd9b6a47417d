"""What a step of a procedure does to the register, and what it must name to do so.

Opening, expanding, closing and merging rest on a reply of the State Council (国务院批复) and nothing else: its
paper (``reply``), its number as issued and its date.

>>> EFFECTS["close_port"].documents, EFFECTS["close_port"].is_by_reply
(('reply',), True)
"""

from __future__ import annotations

from dataclasses import dataclass

from kouan.basis import Text

# The kind of document that a paper is recorded as, where the register asks for one (``ports.papers``).
PAPERS = {
    "reply": "reply", "acceptance_minutes": "minutes", "provincial_minutes": "minutes", "review_minutes": "minutes",
    "suspension_decision": "notice", "resumption_decision": "notice", "opening_notice": "notice", "public_notice": "notice",
    "published_list": "notice",
}
REPLY = "reply"
REPLY_FIELDS = ("reply_number", "reply_date")


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that the caller does in the same transaction as the step.

    ``documents``: kinds of paper, one of which the step must require (empty: it needs none). ``fields``: what the
    step must ask for besides.
    """

    code: str
    label: Text
    documents: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()

    @property
    def is_by_reply(self) -> bool:
        """Whether only the State Council's reply allows it."""
        return self.documents == (REPLY,)


def _by_reply(code: str, zh: str, en: str, *fields: str) -> Effect:
    return Effect(code, Text(zh, en), (REPLY,), (*REPLY_FIELDS, *fields))


EFFECTS: dict[str, Effect] = {each.code: each for each in (
    _by_reply("record_approval", "登记国务院批准开放", "Enter the State Council's approval"),
    _by_reply("open_port", "口岸开放", "Open the port", "opened_on"),
    _by_reply("expand_port", "口岸扩大开放", "Expand the opening", "expanded_on"),
    _by_reply("close_port", "口岸关闭", "Close the port", "closed_on"),
    _by_reply("merge_ports", "口岸整合", "Merge the ports", "merged_into", "merged_on"),
    Effect("suspend_port", Text("暂停口岸运行", "Suspend the port"), ("suspension_decision",), ("suspended_on",)),
    Effect("resume_port", Text("恢复口岸运行", "Resume the port"), ("resumption_decision",), ("resumed_on",)),
    Effect("record_acceptance", Text("登记通过验收", "Enter the acceptance"), ("acceptance_minutes",), ("accepted_on",)),
    Effect("record_temporary_opening", Text("登记临时开放", "Enter the temporary opening"), ("temporary_permit",),
           ("opened_from", "opened_to")),
    Effect("extend_temporary_opening", Text("登记临时开放延期", "Enter the extension"), ("extension_permit",), ("extended_to",)),
    Effect("end_temporary_opening", Text("结束临时开放", "End the temporary opening")),
    Effect("change_port", Text("变更登记事项", "Change registered facts"), ("supporting_paper",), ("what_changes", "valid_from")),
    Effect("record_site_approval", Text("登记指定监管场地立项", "Enter the approval of the site"), ("project_approval",), ("approved_on",)),
    Effect("record_site", Text("登记指定监管场地通过验收", "Enter the acceptance of the site"), ("acceptance_conclusion",), ("accepted_on",)),
    Effect("record_site_use", Text("登记指定监管场地启用", "Enter the site as in use"), ("published_list",), ("in_use_from",)),
    Effect("record_class_two_clearance", Text("登记原二类口岸清理结果", "Enter how the class-II port was cleared"),
           (REPLY, "provincial_decision"), ("cleared_on",)),
    Effect("select_demonstration", Text("登记示范口岸", "Enter the demonstration port"), ("selection_decision",), ("selected_on",)),
)}

# How a matter may end, and the effect without which it may not end so.
OUTCOMES: dict[str, tuple[Text, str]] = {
    "opened": (Text("已开放", "Opened"), "open_port"),
    "expanded": (Text("已扩大开放", "Expanded"), "expand_port"),
    "closed": (Text("已关闭", "Closed"), "close_port"),
    "merged": (Text("已整合", "Merged"), "merge_ports"),
    "accepted": (Text("通过验收", "Accepted"), "record_acceptance"),
    "extended": (Text("已延期", "Extended"), "extend_temporary_opening"),
    "changed": (Text("已变更", "Changed"), "change_port"),
    "selected": (Text("已入选", "Selected"), "select_demonstration"),
    "in_use": (Text("已启用", "In use"), "record_site_use"),
    "class_two_upgraded": (Text("原二类口岸已升格", "Class-II port upgraded"), "record_class_two_clearance"),
    "class_two_merged": (Text("原二类口岸已并入", "Class-II port merged"), "record_class_two_clearance"),
    "class_two_closed": (Text("原二类口岸已关闭", "Class-II port closed"), "record_class_two_clearance"),
    "kept": (Text("保留", "Kept"), ""),
    "cleared": (Text("达标销号", "Cleared"), ""),
    "concluded": (Text("已办结", "Concluded"), ""),
    "ended": (Text("已结束", "Ended"), ""),
    "refused": (Text("不予同意", "Refused"), ""),
    "withdrawn": (Text("已撤回", "Withdrawn"), ""),
    "revoked": (Text("已撤销", "Revoked"), ""),
    "referred": (Text("转其他程序", "Referred to another procedure"), ""),
}
