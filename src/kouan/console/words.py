"""The words of pages for values that rooms store as codes, in both languages.

A code without words is an error, not a blank: `words_for` raises KeyError, and a test walks
every enumeration of the rooms.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils import translation

from kouan.basis import Text

ORIGINS: Mapping[str, Text] = {
    "official": Text("官方数据", "Official figure"),
    "counterpart": Text("对侧口岸数据", "Counterpart figure"),
    "press": Text("新闻报道数据", "Press figure"),
    "derived": Text("推算数据", "Derived figure"),
    "exercise": Text("演练数据", "Exercise data"),
}
ORIGIN_NOTES: Mapping[str, Text] = {
    "official": Text("发布机构自己的统计数。", "The publisher's own count."),
    "counterpart": Text("对侧对同一通道的统计，口径以附注为准。", "The other side's count of the same crossing; see its coverage note."),
    "press": Text("新闻报道引用的数字，未经报送核实。", "A figure quoted in the press, not confirmed by a return."),
    "derived": Text("由本系统按公式推算。", "Computed by this system from a stated formula."),
    "exercise": Text("演练生成，不得用于实际工作。", "Generated for exercise; never for real work."),
}
VERDICTS: Mapping[str, Text] = {
    "meets": Text("达标", "Meets"),
    "fails": Text("不达标", "Does not meet"),
    "in_grace": Text("宽限期内", "In grace period"),
    "monitored": Text("仅监测", "Monitored only"),
    "exempt": Text("豁免", "Exempt"),
    "incomplete": Text("数据不全", "Data incomplete"),
    "unclassified": Text("未分类", "Unclassified"),
}
MODES: Mapping[str, Text] = {
    "water": Text("水运", "Water"),
    "rail": Text("铁路", "Rail"),
    "road": Text("公路", "Road"),
    "air": Text("航空", "Air"),
}
CLASSES: Mapping[str, Text] = {
    "sea": Text("海运", "Sea"),
    "inland_river": Text("内河", "Inland river"),
    "boundary_river": Text("界河", "Boundary river"),
    "rail": Text("铁路", "Rail"),
    "road": Text("公路", "Road"),
    "air_coastal": Text("沿海航空", "Air, coastal"),
    "air_other": Text("其他航空", "Air, other"),
}
STATUSES: Mapping[str, Text] = {
    "unknown": Text("运行状态待核", "Operation to be verified"),
    "planned": Text("规划建设", "Planned"),
    "approved": Text("已批准未验收", "Approved, not accepted"),
    "open": Text("开放运行", "Open"),
    "suspended": Text("暂停", "Suspended"),
    "merged": Text("已整合", "Merged"),
    "closed": Text("已关闭", "Closed"),
}
APPROVALS: Mapping[str, Text] = {
    "state_council": Text("国务院批复已登记", "State Council reply registered"),
    "plan_listed": Text("列入规划布局，批复待登记", "Listed in the plan; reply not yet registered"),
    "approval_unverified": Text("批准情况待核", "Approval to be verified"),
}
DIRECTIONS: Mapping[str, Text] = {
    "inbound": Text("入境", "Inbound"),
    "outbound": Text("出境", "Outbound"),
    "total": Text("合计", "Total"),
}
ROLES: Mapping[str, Text] = {
    "national_officer": Text("国家口岸办业务人员", "National port officer"),
    "provincial_officer": Text("省级口岸办业务人员", "Provincial port officer"),
    "city_officer": Text("市县口岸办业务人员", "City or county port officer"),
    "inspection_officer": Text("查验机构人员", "Inspection agency officer"),
    "port_reporter": Text("口岸报送员", "Port reporter"),
    "enterprise_user": Text("企业用户", "Enterprise user"),
    "auditor": Text("数据审计员", "Data auditor"),
    "administrator": Text("系统管理员", "Administrator"),
}
ORGANISATION_KINDS: Mapping[str, Text] = {
    "national_office": Text("国家口岸管理办公室", "National port office"),
    "provincial_office": Text("省级口岸管理部门", "Provincial port office"),
    "city_office": Text("市县口岸管理部门", "City or county port office"),
    "inspection_agency": Text("口岸查验机构", "Port inspection agency"),
    "port_operator": Text("口岸经营单位", "Port operator"),
    "enterprise": Text("企业", "Enterprise"),
}
JOB_STATES: Mapping[str, Text] = {
    "waiting": Text("排队中", "Waiting"),
    "running": Text("进行中", "Running"),
    "done": Text("已完成", "Done"),
    "failed": Text("未完成", "Failed"),
    "lost": Text("中断（可重做）", "Interrupted; can be run again"),
}
BATCH_STATES: Mapping[str, Text] = {
    "previewed": Text("已预览，待提交", "Previewed, not yet committed"),
    "committed": Text("已入库", "Committed"),
    "discarded": Text("已放弃", "Discarded"),
}
SEVERITIES: Mapping[str, Text] = {
    "error": Text("错误", "Error"),
    "warning": Text("注意", "Warning"),
    "info": Text("提示", "Note"),
}


def page_language() -> str:
    """``zh`` or ``en``, as the page is being written."""
    return "zh" if (translation.get_language() or "zh").startswith("zh") else "en"


def here(text: Text) -> str:
    """A text in the page's language."""
    return text.zh if page_language() == "zh" else text.en


def words_for(table: Mapping[str, Text], code: str) -> str:
    """The words of one code in the page's language; KeyError when it has none."""
    return here(table[code])
