"""Pages about the law, written from the rules, parameters and settings themselves (`kouan law docs`).

`catalogue_pages()` returns {file name: Markdown}, Chinese first, English below it. A page is never edited
by hand: it would soon say something else than the system does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from kouan.basis import Citation, Text
from kouan.basis.strict_yaml import load_file
from kouan.law.criteria import STAGES, Fact, facts_of
from kouan.law.library import Library
from kouan.law.rule import Rule, registered_rules
from kouan.law.values import DatedValue, Parameter, Question

_HEAD = "<!-- 由 `kouan law docs` 生成，请勿手工修改。 Written by `kouan law docs`; do not edit. -->\n"


def catalogue_pages(
    library: Library | None = None, rules: Mapping[str, type[Rule[Any, Any]]] | None = None,
    tests: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, str]:
    """Return the pages of the law: the index, the parameters, the settings, and one page for each rule.

    `rules` defaults to those whose rooms have been imported. The pages hold what ships with the release
    and no date of their own, so that they change only when the law does; rulings are shown by the console. `tests`
    are the names of the cases that prove each rule (`cases_of`).
    """
    library = library or Library.shipped()
    rules = registered_rules() if rules is None else rules
    pages = {
        "parameters.md": _parameters_page(library),
        "settings.md": _settings_page(library),
        **{f"{key.replace('_', '-')}.md": _rule_page(rule, library, (tests or {}).get(key, ())) for key, rule in rules.items()},
    }
    return {"README.md": _index_page(rules), **pages}


def used_by(rules: Mapping[str, type[Rule[Any, Any]]], key: str) -> list[str]:
    """Return the keys of the rules that use a parameter or setting."""
    return [
        name
        for name, rule in rules.items()
        if key in (*rule.settings, *rule.beside)
        or any(key == p or (p.endswith(".") and key.startswith(p)) for p in rule.parameters)
    ]


def _index_page(rules: Mapping[str, type[Rule[Any, Any]]]) -> str:
    rows = [
        (
            f"[{rule.title.zh}]({key.replace('_', '-')}.md)<br>{rule.title.en}",
            f"`{key}`",
            str(rule.citations[0]),
        )
        for key, rule in rules.items()
    ]
    return "\n".join(
        [
            _HEAD,
            "# 法规与参数 Law and parameters\n",
            "本系统采用的全部规则、参数与设定。每一数值都注明出处和起始日期；原文有不同理解的，列明所采用的理解及理由。\n",
            "Every rule, parameter and setting of the system. Each value names its source and the day from which "
            "it holds; where a text can be read in several ways, the reading used is given with its reason.\n",
            "## 规则 Rules\n",
            _table(("规则 Rule", "标识 Key", "依据 Source"), rows),
            "\n## 数据 Data\n",
            "- [参数 Parameters](parameters.md)\n- [设定 Settings](settings.md)\n",
        ]
    )


def cases_of(folder: Path, rules: Iterable[str]) -> dict[str, list[str]]:
    """Return the names of the cases in a folder of YAML files, by the rule whose key their file's name begins with."""
    found: dict[str, list[str]] = {}
    keys = sorted(rules, key=len, reverse=True)
    for place in sorted(folder.glob("*.yaml")):
        rule = next((key for key in keys if place.stem.startswith(key)), None)
        if rule is not None:
            found.setdefault(rule, []).extend(case["name"] for case in load_file(place))
    return found


def _rule_page(rule: type[Rule[Any, Any]], library: Library, tests: Sequence[str] = ()) -> str:
    sentence = rule.sentence()
    parameters = [p for p in library.parameters.values() if any(p.key.startswith(k) for k in rule.parameters)]
    questions = [library.questions[key] for key in (*rule.settings, *rule.beside)]
    return "\n".join(
        [
            _HEAD,
            f"# {rule.title.zh}\n\n{rule.title.en} · `{rule.key}/{rule.version}`\n",
            f"> {sentence.zh}\n>\n> {sentence.en}\n",
            "## 依据 Sources\n",
            *(f"- {_cite(citation)}" for citation in rule.citations),
            "\n## 判定步骤 Steps\n",
            *(f"{number}. {text.zh}　{text.en}" for number, text in rule.steps.items()),
            "\n步骤依次进行，先作出结论者为准。 The steps are taken in order; the first that decides ends the walk.\n",
            *(_criteria_parts(rule.criteria, library) if rule.criteria else ()),
            "## 数值 Values\n",
            _history_table(parameters) if parameters else "本规则不含数值。 This rule holds no number.",
            "\n## 设定 Settings\n",
            *(_question_part(question, 3) for question in questions),
            *(_tests_part(tests) if tests else ()),
        ]
    )


def _tests_part(tests: Sequence[str]) -> Iterable[str]:
    yield f"## 检验 Tests\n\n以下 {len(tests)} 个案例逐一检验本规则。 These {len(tests)} cases prove the rule.\n"
    yield from (f"- {name}" for name in tests)
    yield ""


def _criteria_parts(names: Sequence[str], library: Library) -> Iterable[str]:
    """Yield the conditions of a rule, and the facts they read."""
    criteria = [library.criteria[name] for name in names]
    yield "## 条件 Conditions\n"
    yield (
        "缺少的事实一律为“不明”，不作“不成立”；更严的条件先定结论，其余照列在判定过程中。 A missing fact is unknown, never false; the stricter "
        "condition decides first, and the others stay in the trace.\n"
    )
    yield _table(
        ("编号 Number", "条件 Condition", "环节 Stage", "成立时 When it holds", "自 From", "原文 Text"),
        (
            (
                f"`{one.id}`",
                f"{one.label.zh}<br>{one.label.en}",
                f"{STAGES[one.stage].zh}<br>{STAGES[one.stage].en}",
                f"{one.means.zh}<br>{one.means.en}",
                version.in_force_from.isoformat() + (f"（适用期至 {version.covers_to.isoformat()}）" if version.covers_to else ""),
                _cite(version.citation),
            )
            for one in criteria
            for version in one.versions
        ),
    )
    yield "\n## 事实 Facts\n"
    facts = facts_of(criteria, library.facts)
    yield _table(
        ("键 Key", "事实 Fact", "写法 Written as", "由谁提供 Supplied by"),
        (
            (
                f"`{'projects[].' * is_inner}{fact.name}`",
                f"{fact.label.zh}<br>{fact.label.en}",
                _written(fact),
                "、".join(f"{library.roles[role].zh} {library.roles[role].en}" for role in fact.supplied_by)
                + (f"<br>仅在设定 `{fact.only_under}` 的其他理解下需要 only under another reading" if fact.only_under else ""),
            )
            for name in facts
            for fact, is_inner in [(facts[name], False), *((library.facts[inner], True) for inner in facts[name].of)]
        ),
    )
    yield ""


def _written(fact: Fact) -> str:
    if fact.codes:
        return "、".join(f"`{code}`" for code in fact.codes) + ("、`null`" if fact.may_be_none else "")
    kinds = {
        "claim": "`true`、`false`", "count": "整数 whole number", "number": "数 number", "projects": "列表 list",
    }  # fmt: skip
    return f"{kinds[fact.kind]}{f'（{fact.unit}）' if fact.unit else ''}"


def _parameters_page(library: Library) -> str:
    parts = [_HEAD, "# 参数 Parameters\n", "数值按日期生效；“至”为空的，沿用至新文件载入。 A value without an end is "
             "carried on until a new instrument is loaded.\n"]  # fmt: skip
    subjects: dict[str, list[Parameter]] = {}
    for parameter in library.parameters.values():
        subjects.setdefault(parameter.file, []).append(parameter)
    for file, parameters in subjects.items():
        subject = parameters[0].subject
        parts.append(f"## {subject.zh}\n\n{subject.en} · `{file}`\n")
        for parameter in parameters:
            parts.append(f"### {parameter.label.zh}\n\n{parameter.label.en} · `{parameter.key}`\n")
            parts.append(_values_table(parameter))
            parts += [
                f"\n- {value.in_force_from.isoformat()}：{_both(value.note)}"
                for value in parameter.values
                if value.note
            ]
            parts.append("")
    return "\n".join(parts)


def _settings_page(library: Library) -> str:
    return "\n".join(
        [
            _HEAD,
            "# 设定 Settings\n",
            "原文可作不同理解之处，及本系统所采用的理解。国家口岸管理部门作出解释的，自其文件载明之日起从其解释。\n",
            "Where a text can be read in several ways, and how the system reads it. A ruling of the national port "
            "office replaces the default from the day its document gives.\n",
            *(_question_part(question, 2) for question in library.questions.values()),
        ]
    )


def _question_part(question: Question, level: int) -> str:
    rows = [
        (f"`{code}`", f"{label.zh}<br>{label.en}", "默认 default" if code == question.default else "")
        for code, label in question.choices.items()
    ]
    return "\n".join(
        [
            f"{'#' * level} {question.ambiguity} {question.label.zh}\n\n{question.label.en} · `{question.key}`\n",
            f"{question.question.zh}\n\n{question.question.en}\n",
            _table(("取值 Value", "理解 Reading", ""), rows),
            f"\n- 理由：{question.reason.zh}\n- Reason: {question.reason.en}",
            f"- 出处 Source: {_cite(question.citation)}\n",
        ]
    )


def _history_table(parameters: Sequence[Parameter]) -> str:
    """Set the dated values of several parameters side by side, one column for each date."""
    dates = sorted({value.in_force_from for p in parameters for value in p.values})
    rows = [
        (
            f"{parameter.label.zh}<br>{parameter.label.en}",
            *(_printed_on(parameter, day) for day in dates),
        )
        for parameter in parameters
    ]
    return _table(("参数 Parameter", *(f"自 {day.isoformat()} 起" for day in dates)), rows)


def _printed_on(parameter: Parameter, day: date) -> str:
    value = parameter.on(day)
    return f"{value.printed_text}<br>{value.citation.article}" if value else "—"


def _values_table(parameter: Parameter) -> str:
    rows = [
        (
            value.printed_text,
            f"{value.value:,f} {value.unit}",
            value.in_force_from.isoformat(),
            _end(value),
            value.issued.isoformat(),
            _cite(value.citation),
        )
        for value in parameter.values
    ]
    heads = ("印载 As printed", "折合 Exact", "自 From", "至 To", "印发 Issued", "出处 Source")
    return _table(heads, rows)


def _end(value: DatedValue) -> str:
    if value.in_force_to:
        return value.in_force_to.isoformat()
    return f"（适用期至 {value.covers_to.isoformat()}，其后待新规）" if value.covers_to else ""


def _cite(citation: Citation) -> str:
    name = f"《{citation.instrument.strip('《》')}》{citation.article}"
    return f"{name}：“{citation.quote}”" if citation.quote else name


def _both(text: Text | None) -> str:
    return f"{text.zh} {text.en}" if text else ""


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

    return "\n".join([line(heads), "|" + " --- |" * len(heads), *(line(row) for row in rows)])
