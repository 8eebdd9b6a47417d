"""The library: every parameter and setting that ships, read once from the YAML files of this room.

`parameters/**.yaml` holds one subject per file, `settings/**.yaml` one open point per file. The place of
a file is its name: `parameters/volume_standard/sea.yaml` holds `volume_standard.sea.cargo`.

>>> library = Library.shipped()
>>> print(library.parameters["volume_standard.sea.cargo"].values[-1].printed_text)
1000万吨
>>> library.questions["volume_standard.combine"].default
'or'
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from kouan.basis import Finding, Place, Refused, Text, units
from kouan.basis.form import Form
from kouan.basis.strict_yaml import load_file
from kouan.law.criteria import Criterion, Fact, dangling, read_criteria, read_facts
from kouan.law.values import DatedValue, OtherReading, Parameter, Question

_ROOM = Path(__file__).parent

# Spans of the calendar, whose length in hours is not fixed, are no units of basis; decrees count in them.
_CALENDAR_UNITS: Mapping[str, str] = {"年": "years", "个月": "months"}
_PART = re.compile(r"[a-z][a-z0-9_]*")
COMPARISONS = (">=", ">", "<=", "<", "==")


@dataclass(frozen=True)
class Library:
    """Parameters and questions by key, criteria by number, with the digest of the files they were read from.

    `facts` are those the criteria read, `roles` who can supply them.
    """

    parameters: Mapping[str, Parameter]
    questions: Mapping[str, Question]
    digest: str
    criteria: Mapping[str, Criterion] = field(default_factory=dict)
    facts: Mapping[str, Fact] = field(default_factory=dict)
    roles: Mapping[str, Text] = field(default_factory=dict)

    @staticmethod
    @lru_cache(maxsize=1)
    def shipped() -> Library:
        """Return the library of this release, read once per process."""
        return Library.load(_ROOM)

    @staticmethod
    def load(folder: Path) -> Library:
        """Read the library under `folder` (with `parameters/`, `settings/` and, where there are any, `criteria/`).

        Raises Refused with every slip found, each with file and path.
        """
        findings: list[Finding] = []
        sha = hashlib.sha256()
        parameters: dict[str, Parameter] = {}
        questions: dict[str, Question] = {}
        for file, name in _files(folder, "parameters"):
            for parameter in _read(file, name, findings, sha, _parameters):
                parameters[parameter.key] = parameter
        for file, name in _files(folder, "settings"):
            for question in _read(file, name, findings, sha, _question):
                questions[question.key] = question
        findings += _dangling_readings(parameters, questions)
        criteria, facts, roles = _criteria(folder, findings, sha, parameters, questions)
        if not parameters and not findings:
            findings.append(
                Finding.error(
                    "no_parameters",
                    "法规参数目录中没有任何参数文件。",
                    "The folder of the law holds no parameter file.",
                    where=Place(file="parameters"),
                    remedy=("请检查安装是否完整。", "Check that the installation is complete."),
                )
            )
        if findings:
            raise Refused(findings)
        return Library(
            # Folder by folder; inside one, as the instrument orders its subjects.
            dict(sorted(parameters.items(), key=lambda p: (Path(p[1].file).parent, p[1].order, p[0]))),
            dict(sorted(questions.items(), key=lambda q: (q[1].ambiguity, q[0]))),
            sha.hexdigest(),
            criteria,
            facts,
            roles,
        )


def _criteria(
    folder: Path,
    findings: list[Finding],
    sha: Any,
    parameters: Mapping[str, Parameter],
    questions: Mapping[str, Question],
) -> tuple[dict[str, Criterion], dict[str, Fact], dict[str, Text]]:
    """Read `criteria/`: the facts first, then the trees, each held against what it names."""
    criteria: dict[str, Criterion] = {}
    facts: dict[str, Fact] = {}
    roles: dict[str, Text] = {}
    for file, name in _files(folder, "criteria"):
        if file.name == "facts.yaml":
            for some, who in _read(file, name, findings, sha, lambda form, data, _: [read_facts(form, data)]):
                facts, roles = some, who
    for file, name in _files(folder, "criteria"):
        if file.name == "facts.yaml":
            continue
        for criterion in _read(file, name, findings, sha, lambda form, data, _: read_criteria(form, data)):
            form = Form(name)
            if facts:  # a slip in facts.yaml would make every tree dangle
                dangling(form, criterion, parameters, questions, facts)
            findings += form.findings
            criteria[criterion.id] = criterion
    return criteria, facts, roles


def _files(folder: Path, part: str) -> Iterator[tuple[Path, str]]:
    """Yield the YAML files of a part in a fixed order, with the name that findings show."""
    for file in sorted((folder / part).rglob("*.yaml")):
        yield file, file.relative_to(folder).as_posix()


def _read(
    file: Path,
    name: str,
    findings: list[Finding],
    sha: Any,
    build: Callable[[Form, Any, str], Sequence[Any]],
) -> Sequence[Any]:
    try:
        data = load_file(file, name)
    except Refused as refusal:
        findings += refusal.findings
        return ()
    # Line ends differ between systems; the law does not.
    sha.update(name.encode() + b"\0" + file.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    form = Form(name)
    built = build(form, data, _key_of(name))
    findings += form.findings
    return () if form.findings else built


def _key_of(name: str) -> str:
    """Return the key that a file's place gives: parameters/a/b.yaml → a.b"""
    return ".".join(Path(name).with_suffix("").parts[1:])


def _parameters(form: Form, data: Any, key: str) -> list[Parameter]:
    top = form.mapping(data, "", {"label", "parameters"}, {"order"})
    if not top:
        return []
    subject = form.text(top.get("label"), "/label")
    order = int(form.number(top["order"], "/order")) if "order" in top else 0
    found = []
    parts = top.get("parameters")
    if not isinstance(parts, Mapping) or not parts:
        form.slip("/parameters", "empty", "文件中没有参数。", "The file holds no parameter.", _ADD_ONE)
        return []
    for part, entry in parts.items():
        path = f"/parameters/{part}"
        if not _PART.fullmatch(str(part)):
            form.slip(
                path,
                "wrong_key",
                f"“{part}”不能作参数名。",
                f"“{part}” cannot name a parameter.",
                ("请用小写字母、数字和下划线。", "Use small letters, digits and underscores."),
            )
        fields = form.mapping(
            entry, path, {"label", "unit", "base_unit", "comparison", "values"}, {"measure"}
        )
        if not fields:
            continue
        printed_unit, unit = str(fields.get("unit")), str(fields.get("base_unit"))
        if not _belong_together(printed_unit, unit):
            form.slip(
                f"{path}/unit",
                "unknown_unit",
                f"单位“{printed_unit}”与基本单位“{unit}”不对应。",
                f"The unit “{printed_unit}” and the base unit “{unit}” do not belong together.",
                (
                    "例如：万吨与 t，万人次与 person_crossings，年与 years。",
                    "For example 万吨 and t, 年 and years.",
                ),
            )
            continue
        if fields.get("comparison") not in COMPARISONS:
            form.slip(
                f"{path}/comparison",
                "unknown_comparison",
                f"不认识的比较方式“{fields.get('comparison')}”。",
                f"Unknown comparison “{fields.get('comparison')}”.",
                (f"可用：{'、'.join(COMPARISONS)}。", f"Known: {', '.join(COMPARISONS)}."),
            )
        label = form.text(fields.get("label"), f"{path}/label")
        values = _values(form, fields.get("values"), f"{path}/values", f"{key}.{part}", unit, printed_unit)
        found.append(
            Parameter(
                key=f"{key}.{part}",
                label=label,
                subject=subject,
                measure=form.word(fields["measure"], f"{path}/measure") if "measure" in fields else None,
                unit=unit,
                printed_unit=printed_unit,
                comparison=str(fields.get("comparison")),
                values=tuple(values),
                file=form.file,
                order=order,
            )
        )
    return found


def _belong_together(printed_unit: str, unit: str) -> bool:
    """Tell whether `unit` is the base unit in which a figure printed in `printed_unit` is kept."""
    if printed_unit in _CALENDAR_UNITS:
        return _CALENDAR_UNITS[printed_unit] == unit
    found = units.find(printed_unit)
    return not isinstance(found, Finding) and found.base_code == unit


def exactly(printed: Decimal, printed_unit: str, unit: str) -> Decimal:
    """Return a figure as printed (1000, 万吨) in its base unit (10000000 t); spans of the calendar as they are."""
    return printed if printed_unit in _CALENDAR_UNITS else units.convert(printed, printed_unit, unit)


def _values(form: Form, data: Any, path: str, key: str, unit: str, printed_unit: str) -> list[DatedValue]:
    if not isinstance(data, Mapping) or not data:
        form.slip(path, "empty", "没有任何数值。", "There is no value.", _ADD_ONE)
        return []
    values = []
    for start, entry in data.items():
        at = f"{path}/{start}"
        fields = form.mapping(
            entry,
            at,
            {"value", "base_value", "issued", "citation"},
            {"covers_to", "note", "other_reading"},
        )
        if not fields:
            continue
        from_day = form.day(start, at)
        issued = form.day(fields.get("issued"), f"{at}/issued")
        printed = form.number(fields.get("value"), f"{at}/value")
        exact = form.number(fields.get("base_value"), f"{at}/base_value")
        # Printed and exact stand side by side so that a slip of one zero in either shows.
        if (converted := exactly(printed, printed_unit, unit)) != exact:
            form.slip(
                f"{at}/base_value",
                "value_mismatch",
                f"印出的数值{printed:f}折合{converted:f}，与 base_value 的{exact:f}不一致。",
                f"The printed value {printed:f} is {converted:f}; base_value says {exact:f}.",
                ("请核对原文后改正其一。", "Check the instrument and correct one of them."),
            )
        covers_to = form.day(fields["covers_to"], f"{at}/covers_to") if "covers_to" in fields else None
        if covers_to is not None and covers_to < from_day:
            form.slip(
                f"{at}/covers_to",
                "wrong_order",
                "适用期止于起始日之前。",
                "The period covered ends before it begins.",
                ("请核对两个日期。", "Check both dates."),
            )
        values.append(
            DatedValue(
                key=key,
                value=exact,
                unit=unit,
                printed=printed,
                printed_unit=printed_unit,
                in_force_from=from_day,
                in_force_to=None,
                covers_to=covers_to,
                issued=issued,
                citation=form.citation(
                    fields.get("citation"), f"{at}/citation", issued=issued, from_day=from_day
                ),
                note=form.text(fields["note"], f"{at}/note") if "note" in fields else None,
                other_reading=_other_reading(form, fields.get("other_reading"), f"{at}/other_reading"),
            )
        )
    values.sort(key=lambda value: value.in_force_from)
    return [
        replace(value, in_force_to=later.in_force_from - timedelta(days=1)) if later else value
        for value, later in zip(values, [*values[1:], None], strict=True)
    ]


def _other_reading(form: Form, data: Any, path: str) -> OtherReading | None:
    if data is None:
        return None
    fields = form.mapping(data, path, {"setting", "choice", "value_of"})
    if len(fields) != 3:
        return None
    return OtherReading(
        form.word(fields["setting"], f"{path}/setting"),
        form.word(fields["choice"], f"{path}/choice"),
        form.day(fields["value_of"], f"{path}/value_of"),
    )


def _question(form: Form, data: Any, key: str) -> list[Question]:
    fields = form.mapping(
        data, "", {"label", "ambiguity", "question", "citation", "adopted", "default", "reason", "choices"}
    )
    if not fields:
        return []
    choices = fields.get("choices")
    if not isinstance(choices, Mapping) or len(choices) < 2:
        form.slip(
            "/choices",
            "empty",
            "设定至少应有两种可选理解。",
            "A setting needs two readings or more.",
            ("请补充。", "Add them."),
        )
        choices = {}
    labels = {str(code): form.text(label, f"/choices/{code}") for code, label in choices.items()}
    default = form.word(fields.get("default"), "/default")
    if labels and default not in labels:
        form.slip(
            "/default",
            "unknown_choice",
            f"默认值“{default}”不在可选理解之列。",
            f"The default “{default}” is none of the choices.",
            (f"可选：{'、'.join(labels)}。", f"Choices: {', '.join(labels)}."),
        )
    adopted = form.day(fields.get("adopted"), "/adopted")
    return [
        Question(
            key=key,
            label=form.text(fields.get("label"), "/label"),
            ambiguity=form.word(fields.get("ambiguity"), "/ambiguity"),
            question=form.text(fields.get("question"), "/question"),
            citation=form.citation(fields.get("citation"), "/citation", issued=None, from_day=None),
            adopted=adopted,
            default=default,
            reason=form.text(fields.get("reason"), "/reason"),
            choices=labels,
            file=form.file,
        )
    ]


def _dangling_readings(
    parameters: Mapping[str, Parameter], questions: Mapping[str, Question]
) -> Iterator[Finding]:
    """Find values that yield to a setting, a choice or an older value that does not exist."""
    for parameter in parameters.values():
        for value in parameter.values:
            other = value.other_reading
            if other is None:
                continue
            question = questions.get(other.setting)
            if question and other.choice in question.choices and _earlier(parameter, value, other.value_of):
                continue
            yield Finding.error(
                "dangling_reading",
                f"另一理解指向不存在的设定、选项或较早数值：{other.setting} = {other.choice}，{other.value_of}。",
                "The other reading names a setting, a choice or an older value that does not exist: "
                f"{other.setting} = {other.choice}, {other.value_of}.",
                where=Place(
                    file=parameter.file, path=f"/{parameter.key}/{value.in_force_from}/other_reading"
                ),
                remedy=("请核对设定文件与日期。", "Check the setting's file and the date."),
            )


def _earlier(parameter: Parameter, value: DatedValue, day: date) -> bool:
    older = parameter.on(day)
    return older is not None and older.in_force_from < value.in_force_from


_ADD_ONE = ("请补充，格式见 docs/howto/add-a-rule.md。", "Add one; see docs/howto/add-a-rule.md.")
