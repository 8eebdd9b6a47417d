"""原二类口岸: a small register of their own, filled by sheet. No source lists them, so nothing is bundled (A-25)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kouan.accounts.action import action
from kouan.accounts.scope import scope_of
from kouan.basis import Conflict, Finding, NotFound, Place, Refused, Text, clock
from kouan.desk.actions import refuse_secrets
from kouan.desk.models import Document
from kouan.grading.models import ClassTwoClearance, ClassTwoPort, ClassTwoQuerySet, ClearanceOutcome
from kouan.grading.sheets import ReadSheet, SheetHead, mode_named, province_hint, province_named, read_sheet
from kouan.ports.models import Port
from kouan.ports.papers import document_of

NAME = SheetHead("name_zh", Text("名称", "Name"), also=("口岸名称", "口岸"))
MODE = SheetHead("mode", Text("运输方式", "Mode"), also=("类别", "方式"))
PROVINCE = SheetHead("province", Text("省份", "Province"), also=("省级行政区", "所在省份"))
CITY_CODE = SheetHead("city_code", Text("行政区划代码", "Division code"), is_required=False)
CITY = SheetHead("city_name", Text("所在市县", "City or county"), is_required=False)
NOTE = SheetHead("note", Text("说明", "Note"), is_required=False)
HEADS = (NAME, MODE, PROVINCE, CITY_CODE, CITY, NOTE)


@dataclass(frozen=True, slots=True)
class NewClassTwo:
    """One class-II port as a sheet or a form gives it; ``mode`` and ``province_code`` are codes."""

    name_zh: str
    mode: str
    province_code: str
    city_code: str = ""
    city_name: str = ""
    note: str = ""


def read_class_two(content: bytes, file_name: str) -> tuple[ReadSheet, list[NewClassTwo]]:
    """Read a sheet of class-II ports; findings name the cell."""
    sheet = read_sheet(content, file_name, HEADS)
    lines: list[NewClassTwo] = []
    for number, row in sheet.rows:
        mode, province = mode_named(row["mode"]), province_named(row["province"])
        if row["mode"] and mode is None:
            sheet.wrong(
                number,
                MODE,
                "unknown_mode",
                f"没有“{row['mode']}”这种运输方式。",
                f"there is no mode “{row['mode']}”.",
                ("可用：水运、铁路、公路、航空。", "Use water, rail, road or air."),
                row["mode"],
            )
        if row["province"] and province is None:
            sheet.wrong(
                number,
                PROVINCE,
                "unknown_province",
                f"没有“{row['province']}”这个省级行政区。",
                f"there is no province “{row['province']}”.",
                province_hint(row["province"]),
                row["province"],
            )
        city = row.get("city_code", "")
        if city and not (len(city) == 6 and city.isascii() and city.isdigit() and (province is None or city.startswith(province))):
            sheet.wrong(
                number,
                CITY_CODE,
                "bad_division_code",
                f"“{city}”不是该省的六位行政区划代码。",
                f"“{city}” is no six-digit code of that province.",
                ("请核对，或不填。", "Check it, or leave it empty."),
                city,
            )
        lines.append(NewClassTwo(row["name_zh"], mode or "", province or "", city, row.get("city_name", ""), row.get("note", "")))
    return sheet, lines


def to_be_cleared(user: Any) -> ClassTwoQuerySet:
    """The class-II ports in the user's scope whose clearance is not on record."""
    return ClassTwoPort.objects.all().visible_to(user).filter(clearance__isnull=True)


@action("class_two.enter")
def enter_class_two(*, actor: Any, lines: Sequence[NewClassTwo], document: Document | str) -> list[ClassTwoPort]:
    """Put class-II ports on their register, all or none; those that stand there already are left as they are.

    A province enters its own. Refused with a finding for each line that cannot be.
    """
    paper = document_of(document)
    scope = None if getattr(actor, "pk", None) is None else scope_of(actor)
    findings: list[Finding] = []
    for number, each in enumerate(lines, 1):
        refuse_secrets(each.name_zh, each.note)
        if scope is not None and not scope.covers_province(each.province_code):
            findings.append(
                Finding.error(
                    "out_of_scope",
                    f"第{number}条“{each.name_zh}”不在贵单位的省份。",
                    f"Line {number}, “{each.name_zh}”, is not of your province.",
                    where=Place(row=number, field="province"),
                    remedy=("请由该省或国家口岸办录入。", "Let that province or the national office enter it."),
                )
            )
        for name, said in (("name_zh", each.name_zh), ("city_name", each.city_name), ("note", each.note)):
            limit = int(getattr(ClassTwoPort._meta.get_field(name), "max_length", 0))
            if len(said) > limit or (name == "name_zh" and not said.strip()):
                findings.append(
                    Finding.error(
                        "bad_text",
                        f"第{number}条：不能为空，也不能超过{limit}个字符。",
                        f"Line {number}: not empty, at most {limit} characters.",
                        where=Place(row=number, field=name),
                        remedy=("请改正。", "Correct it."),
                    )
                )
    if findings:
        raise Refused(findings)
    known = set(ClassTwoPort.objects.values_list("province_code", "name_zh", "mode"))
    numbers = {province: ClassTwoPort.objects.filter(province_code=province).count() for province in {each.province_code for each in lines}}
    made = []
    for each in lines:
        key = (each.province_code, each.name_zh, each.mode)
        if key in known:
            continue
        known.add(key)
        numbers[each.province_code] += 1
        made.append(
            ClassTwoPort.objects.create(
                code=f"c2-{each.province_code}-{numbers[each.province_code]:03d}",
                name_zh=each.name_zh,
                mode=each.mode,
                province_code=each.province_code,
                city_code=each.city_code,
                city_name=each.city_name,
                note=each.note,
                document=paper,
                actor_id_recorded=actor.pk,
            )
        )
    return made


@action("class_two.clear")
def clear_class_two(
    *,
    actor: Any,
    code: str,
    outcome: str,
    cleared_on: date,
    document: Document | str,
    into: str = "",
    matter: int | None = None,
) -> ClassTwoClearance:
    """Record how a class-II port was cleared. Upgrade and merger rest on a reply of the State Council and name a port of the register."""
    paper = document_of(document)
    port = ClassTwoPort.objects.select_for_update().filter(code=code).first()
    if port is None:
        raise NotFound.because(
            "unknown_class_two",
            f"原二类口岸名册中没有“{code}”。",
            f"The register of class-II ports has no “{code}”.",
            where=Place(field="code"),
            remedy=("请从名册中选择。", "Choose it from the register."),
        )
    findings = []
    if outcome not in ClearanceOutcome.values:
        findings.append(
            Finding.error(
                "unknown_outcome",
                "请选择升格、并入或关闭。",
                "Choose upgraded, merged or closed.",
                where=Place(field="outcome"),
                remedy=("出路只有这三种。", "There are these three ways."),
            )
        )
    if cleared_on > clock.today():
        findings.append(
            Finding.error(
                "date_in_future",
                "清理完成日期不能晚于今天。",
                "The day of clearance cannot be in the future.",
                where=Place(field="cleared_on"),
                remedy=("请核对日期。", "Check the day."),
            )
        )
    if outcome != ClearanceOutcome.CLOSED and paper.kind != "reply":
        findings.append(
            Finding.error(
                "reply_required",
                "升格、并入只凭国务院批复登记。",
                "Upgrade and merger are recorded by a reply of the State Council only.",
                where=Place(field="document"),
                remedy=("请先登记批复。", "Register the reply first."),
            )
        )
    if outcome == ClearanceOutcome.MERGED and not Port.objects.filter(code=into).exists():
        findings.append(
            Finding.error(
                "unknown_port",
                f"口岸名录中没有“{into}”。",
                f"The register has no port “{into}”.",
                where=Place(field="into"),
                remedy=("请填写并入的口岸代码。", "Give the code of the port it is merged into."),
            )
        )
    if findings:
        raise Refused(findings)
    if ClassTwoClearance.objects.filter(port=port).exists():
        raise Conflict.because(
            "cleared_already",
            f"{port.name_zh}的清理结果已登记。",
            f"How {code} was cleared is on record already.",
            remedy=("请核对名册。", "Look at the register."),
        )
    return ClassTwoClearance.objects.create(
        port=port, outcome=outcome, cleared_on=cleared_on, into_code=into, document=paper, matter_id_recorded=matter, actor_id_recorded=actor.pk
    )
