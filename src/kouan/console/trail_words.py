"""The words of the trail: tables, kinds of entries, events, and values as auditors read them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from kouan.audit.registry import registrations
from kouan.basis import Text
from kouan.console import figures
from kouan.console.deed_words import TABLES, deed_text
from kouan.console.words import here

KINDS: Mapping[str, Text] = {
    "I": Text("新增", "Insert"), "U": Text("修改", "Update"), "D": Text("删除", "Delete"), "T": Text("清空", "Truncate"),
    "B": Text("批次", "Batch"), "E": Text("事件", "Event"), "M": Text("迁移", "Migration"),
}
KIND_MARKS: Mapping[str, tuple[str, str]] = {
    "I": ("disc", "ok"), "U": ("half", "info"), "D": ("cross", "bad"), "T": ("triangle-cross", "bad"),
    "B": ("bars", "none"), "E": ("ring", "none"), "M": ("merge", "none"),
}
EVENTS: Mapping[str, Text] = {
    "exchange_taken_out": Text("取出报文内容", "Payload of a message taken out"),
    "refused": Text("拒绝的操作", "Refused attempt"),
    "out_of_reach": Text("访问范围外的记录", "Out of reach"),
    "out_of_scope": Text("请求范围外的数据", "Out of scope"),
    "intake.out_of_scope": Text("报送范围外的口岸", "Return names ports out of scope"),
    "export": Text("导出表格", "Export"),
    "download": Text("下载原文件", "Download of a file"),
    "preview": Text("预览文件", "Preview of a file"),
    "template": Text("下载报送模板", "Template taken"),
    "audit.anchor": Text("导出审计锚点", "Anchor exported"),
    "second_factor_set": Text("启用动态口令", "Second factor set"),
    "second_factor_ended": Text("停用动态口令", "Second factor ended"),
    "second_factor_reset": Text("重置动态口令", "Second factor reset"),
    "sign_in_failed": Text("登录失败", "Sign-in failed"),
    "second_factor_failed": Text("动态口令错误", "Wrong code"),
    "recovery_code_used": Text("使用备用码", "Recovery code used"),
    "session_over": Text("会话超时", "Session over"),
    "sign_in": Text("登录", "Sign-in"),
    "sign_out": Text("退出登录", "Sign-out"),
    "password_link_sent": Text("发送重设密码链接", "Password link sent"),
    "audit.triggers_installed": Text("安装审计触发器", "Triggers installed"),
}
# What a refusal looks like, for the filter that shows them all.
REFUSALS = ("refused", "out_of_reach", "out_of_scope", "intake.out_of_scope")
DIGEST = "digest:"
LONGEST_LIST = 12


@lru_cache(maxsize=1)
def _models() -> dict[str, Any]:
    return {registration.table: registration.model for registration in registrations()}


def table_text(table: str) -> Text:
    """The name of an audited table; the table's own where it is none of the house's."""
    return TABLES.get(table, Text(table, table))


def table_choices() -> tuple[tuple[str, Text], ...]:
    """The audited tables as options of a filter."""
    return tuple((table, Text(f"{table_text(table).zh}（{table}）", f"{table_text(table).en} ({table})")) for table in _models())


@lru_cache(maxsize=512)
def column_text(table: str, column: str) -> Text:
    """The name of a column as its model gives it."""
    model = _models().get(table)
    if model is None:
        return Text(column, column)
    for field in model._meta.local_concrete_fields:
        if field.column == column:
            name = str(field.verbose_name)
            if field.is_relation and name.isascii():
                name = table_text(field.related_model._meta.db_table).zh
            return Text(name, column)
    return Text(column, column)


def event_text(note: str) -> Text:
    """An event or a verb in words; its code where it has none."""
    return EVENTS.get(note) or deed_text(note) or Text(note, note)


# What is worth reading of an event without opening it, and what each part is called.
TELLING: Mapping[str, Text] = {
    "path": Text("地址", "address"), "permission": Text("权限", "permission"), "verb": Text("操作", "deed"),
    "table": Text("表格", "table"), "format": Text("格式", "format"), "rows": Text("行数", "rows"), "source": Text("来源", "source"),
    "file": Text("文件", "file"), "ports": Text("口岸", "ports"), "batch": Text("批次", "batch"), "number": Text("编号", "number"),
    "code": Text("代码", "code"),
}


def told(name: str, value: Any) -> str:
    """One part of an event as a phrase: 操作：登记口岸."""
    said = here(deed) if name == "verb" and (deed := deed_text(str(value))) else "、".join(map(str, value)) if isinstance(value, list) \
        else str(value)
    return f"{here(TELLING[name])}{here(Text('：', ': '))}{said}"


def instant(at: str) -> str:
    """The trail's own UTC text in Beijing time, to the second.

    >>> from django.utils import translation
    >>> with translation.override("zh-hans"): instant("2026-11-23T18:35:26.132Z")
    '2026年11月24日 02:35:26'
    """
    try:
        moment = datetime.fromisoformat(at.replace("Z", "+00:00"))
    except ValueError:
        return at
    return f"{figures.moment(moment)}:{moment:%S}"


def value_html(value: Any) -> SafeString | str:
    """A value of the trail: personal fields as 已脱敏 with their keyed digest, long lists shortened."""
    if value is None:
        return format_html('<span class="same">{}</span>', here(Text("空", "empty")))
    if isinstance(value, str) and value.startswith(DIGEST):
        return format_html(
            '<span class="personal" title="{}">{}</span> <code>{}…</code>', value[len(DIGEST):],
            here(Text("个人信息，只留摘要", "Personal: digest only")), value[len(DIGEST):][:8],
        )
    if isinstance(value, str) and value.startswith('"'):
        # A column of JSON is recorded as the database keeps it, with every Chinese character escaped.
        with suppress(ValueError):
            return str(json.loads(value))
    if isinstance(value, list) and len(value) > LONGEST_LIST:
        return here(Text(f"（{len(value)} 项）", f"({len(value)} items)"))
    if isinstance(value, dict | list):
        return format_html("<code>{}</code>", json.dumps(value, ensure_ascii=False))
    if isinstance(value, str) and len(value) > 400:
        return f"{value[:400]}…"
    return "" if value == "" else str(value)
