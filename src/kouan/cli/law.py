"""``kouan law``: the law as data, and trying it on facts that are not in the register."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

from kouan.cli.output import out, say, show_findings, status_of, table, write_json

if TYPE_CHECKING:
    from kouan.law import Law

app = typer.Typer(help="法规与参数 / the law as data", no_args_is_help=True)

VOLUME = "volume-standard"
CASE_RULES = ("access-air", "access-border", "access-water", "province-gate", "withdrawal-ladder", "grade-proposal")
RULES = (VOLUME, *CASE_RULES)


@app.command("try")
def try_(
    rule: str = typer.Argument(..., help="规则：volume-standard、access-air、access-border、access-water、province-gate、"
                                         "withdrawal-ladder、grade-proposal / the rule"),
    facts: Path = typer.Option(..., exists=True, dir_okay=False,
                               help="事实文件：volume-standard 为 CSV，其他为 JSON 行 / file of facts: CSV for volume-standard, else JSON lines"),
    as_of: datetime = typer.Option(..., formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="设定与口径截至日期 / settings and rulings as of"),
    rulings: Path | None = typer.Option(None, exists=True, dir_okay=False, help="解释口径文件（YAML） / file of rulings (YAML)"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """对文件中的事实试用规则，不读写名录。 / Try a rule on the facts of a file; the register is neither read nor changed.

    volume-standard 的列：transport_class, is_border, accepted_on, year, cargo_tonnes, person_crossings, months_reported；空单元格表示没有该事实。
    其他规则：每行一个 JSON 键值表，键为事实名（见 docs/law）；没有的键即没有该事实。
    / Columns of volume-standard: transport_class, is_border, accepted_on, year, cargo_tonnes, person_crossings,
    months_reported; an empty cell is a missing fact. Other rules: one JSON object a line, keys are fact names (docs/law).

    例：kouan law try volume-standard --facts facts.csv --as-of 2024-06-30 --json
    """
    from kouan.basis import Finding
    from kouan.grading.facts_file import read_facts_csv
    from kouan.grading.trial import try_facts
    from kouan.law import Law, load_rulings

    if rule not in RULES:
        raise typer.BadParameter(say(f"没有规则“{rule}”；可用：", f"no rule “{rule}”; known: ") + say("、", ", ").join(RULES), param_hint="RULE")
    law = Law(as_of.date(), load_rulings(rulings)) if rulings else held_law(as_of.date())
    if rule != VOLUME:
        _try_cases(rule, facts, law, json)
    answers = try_facts(read_facts_csv(facts), as_of.date(), law=law, file=facts.name)
    findings = [Finding.from_dict(each) for answer in answers for each in answer["findings"]]
    if json:
        write_json(answers)
        raise typer.Exit(status_of(findings))
    zh = say("zh", "en")
    table(
        [say("行", "row"), say("年度", "year"), say("类别", "class"), say("结论", "verdict"), say("提示", "flags")],
        ([answer["row"], answer["year"], (answer["transport_class_name"] or {}).get(zh, "—"),
          (answer["verdict_name"] or {}).get(zh, say("（无法判定）", "(cannot be judged)")),
          say("、", ", ").join(flag["label"][zh] for flag in answer["flags"])] for answer in answers),
        right=(0,),
    )
    counts = Counter((answer["verdict_name"] or {}).get(zh, "—") for answer in answers)
    out.print("  ".join(f"{name} {count}" for name, count in counts.most_common()))
    show_findings(findings)
    raise typer.Exit(status_of(findings))


def held_law(day: date | None = None) -> Law:
    """The law of this installation on a day; where nothing is set up yet, that of the release and of ``rulings.yaml``."""
    from kouan.basis import clock
    from kouan.grading.queries import law_as_of, rulings_of_file
    from kouan.installation import standing
    from kouan.law import Law

    return law_as_of(day) if standing().is_current else Law(day or clock.today(), rulings_of_file())


def _try_cases(rule: str, facts: Path, law: Law, as_json: bool) -> NoReturn:
    """Try a rule made of conditions, write the answers, and end with their status."""
    from kouan.basis import Finding
    from kouan.grading.case_trial import read_facts_jsonl, try_cases

    answers = try_cases(rule, read_facts_jsonl(facts), law, file=facts.name)
    findings = [Finding.from_dict(each) for answer in answers for each in answer["findings"]]
    if as_json:
        write_json(answers)
        raise typer.Exit(status_of(findings))
    zh = say("zh", "en")
    table(
        [say("行", "row"), say("代码", "code"), say("结论", "verdict"), say("起作用的条件", "decided by"), say("缺少的事实", "missing facts"),
         say("提示", "flags")],
        ([answer["row"], answer["code"] or "—", (answer["verdict_name"] or {}).get(zh, say("（无法判定）", "(cannot be judged)")),
          "、".join(step["rule"] for step in answer["steps"] if step["effect"] == answer["verdict"]),
          "、".join(f"{each['name'][zh]}（{'、'.join(one[zh] for one in each['supplied_by'])}）" for each in answer["missing"]),
          "、".join(flag["label"][zh] for flag in answer["flags"])] for answer in answers),
        right=(0,),
    )
    counts = Counter((answer["verdict_name"] or {}).get(zh, "—") for answer in answers)
    out.print("  ".join(f"{name} {count}" for name, count in counts.most_common()))
    show_findings(findings)
    raise typer.Exit(status_of(findings))


@app.command()
def show(
    key: str = typer.Argument("", help="参数、设定、规则或条件，如 volume_standard.sea.cargo、access-air、AC-A2；不填则列出全部 / "
                                       "parameter, setting, rule or criterion; all when left out"),
    as_of: datetime | None = typer.Option(None, formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="截至日期 / as of"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """某日的法规：参数历次取值和依据、不明文字所取的读法、规则及其条件。
    / The law on a day: values of parameters with their citations, readings of open texts, rules and their criteria.

    例：kouan law show volume_standard.sea.cargo --as-of 2019-06-30
    """
    from kouan.cli.law_telling import tell_all, tell_one
    from kouan.law import registered_rules, showing

    law = held_law(as_of.date() if as_of else None)
    rules = registered_rules()
    found = showing.show(law, key, rules) if key else None
    if json:
        whole = law.catalogue().as_dict()
        if found is not None:
            # The lists of the whole with what was asked for, so that one program reads both; the entry itself beside them.
            whole = {kind: [each for each in rows if found["key"] in (each.get("key"), each.get("setting"))] for kind, rows in whole.items()}
        write_json({"rules": sorted(rules), "criteria": sorted(law.library.criteria), **whole} if found is None else {**whole, **found})
        return
    if found is None:
        tell_all(law, rules)
    else:
        tell_one(law, found)


@app.command()
def docs(
    folder: Path = typer.Argument(Path("docs/law"), help="写入的目录 / folder to write"),
    cases: Path = typer.Option(Path("tests/grading/cases"),
                               help="检验规则的案例目录，没有则不列 / folder of the cases that prove the rules, if there is one"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """由规则与参数生成法规说明页（Markdown）。 / Write the pages of the law (Markdown) from rules and parameters.

    例：kouan law docs docs/law
    """
    from kouan.law import registered_rules
    from kouan.law.pages import cases_of, catalogue_pages

    folder.mkdir(parents=True, exist_ok=True)
    pages = catalogue_pages(tests=cases_of(cases, registered_rules()))
    for name, content in pages.items():
        (folder / name).write_text(content, encoding="utf-8")
    if json:
        write_json({"folder": str(folder), "pages": sorted(pages)})
        return
    out.print(say(f"写入 {len(pages)} 页", f"{len(pages)} pages written") + say("：", ": ") + str(folder), markup=False)
