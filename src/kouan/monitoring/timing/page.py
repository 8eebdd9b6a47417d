"""The definitions as a page of the documents, so that whoever sends events finds the codes without reading YAML."""

from __future__ import annotations

from collections.abc import Iterator

from kouan.basis import Text
from kouan.monitoring.timing import parameters
from kouan.monitoring.timing.definitions import NATURES, OWNERS, Definitions, Whole, shipped
from kouan.monitoring.timing.events import SUBJECT_OF_KIND

MODES = {"sea": Text("海运", "sea"), "river": Text("内河", "river"), "air": Text("航空", "air"), "rail": Text("铁路", "rail"),
         "road": Text("公路", "road")}  # fmt: skip
DIRECTIONS = {"inbound": Text("进境", "inbound"), "outbound": Text("出境", "outbound"), "transit": Text("过境", "transit")}
SUBJECTS = {"goods": Text("货物", "goods"), "conveyances": Text("运输工具", "conveyances"), "vehicles": Text("车辆", "vehicles"),
            "persons": Text("人员", "persons")}  # fmt: skip


def page(definitions: Definitions | None = None) -> str:
    """The whole page in Markdown."""
    known = definitions or shipped()
    return "\n".join(_lines(known)) + "\n"


def _lines(known: Definitions) -> Iterator[str]:
    yield from (
        "# Milestones, wholes and segments 节点、全程与分段", "",
        "> **中文摘要。** 由程序从 `monitoring/timing/data` 生成：节点代码表、各流程的通常顺序、不可能的顺序、各全程及其分段、有日期的数值。",
        "> 计算方法见[作业时间](operation-times.md)。", "",
        "Written by `kouan times definitions --out docs/times-definitions.md`.",
        "How figures come from them: [operation times](operation-times.md).", "",
        f"Code list: edition {known.edition}, from {known.in_force_from}; {known.citation}.", "",
        "## Milestones 节点", "",
        "| code | 中文 | English | 通常由 by | 重复时 repeated | GS1 bizStep |", "|---|---|---|---|---|---|",
    )  # fmt: skip
    for each in known.milestones.values():
        zh, en = each.name.zh, each.name.en
        if each.outbound:
            zh, en = f"{zh}（出境：{each.outbound.zh}）", f"{en} (outbound: {each.outbound.en})"
        stands = "取首次 first" if each.repeat == "first" else "取末次 last"
        yield f"| `{each.code}` | {zh} | {en} | {each.who.zh} {each.who.en} | {stands} | {f'`{each.cbv}`' if each.cbv else '—'} |"
    kinds = {subject: "、".join(f"`{kind}`" for kind, of in SUBJECT_OF_KIND.items() if of == subject) for subject in SUBJECTS}
    yield from ("", "## Flows 通常顺序", "", "| 对象 subject | 方向 direction | 运输方式 modes | 顺序 order |", "|---|---|---|---|")
    for flow in known.flows:
        subject = f"{SUBJECTS[flow.subject].zh} {flow.subject}（{kinds[flow.subject]}）"
        yield f"| {subject} | {_both(DIRECTIONS[flow.direction])} | {_modes(flow.modes)} | {' → '.join(f'`{code}`' for code in flow.order)} |"
    yield from ("", "What cannot be otherwise 不可能的顺序 (error: a contradiction; warning: a breach of procedure):", "")
    for pair in known.impossible:
        yield f"- `{pair.then}` before `{pair.first}`: {pair.severity.value}"
    yield from ("", "## Wholes 全程", "")
    for key in dict.fromkeys(whole.key for whole in known.wholes):
        yield from _whole([whole for whole in known.wholes if whole.key == key])
    yield from (
        "## Parts 分段", "",
        "A part is named by the milestone that ends it. Optional: not every case takes it.", "",
        "| code | 中文 | English | 止于 ends with | 责任方 owner | 性质 nature | |", "|---|---|---|---|---|---|---|",
    )  # fmt: skip
    for part in known.parts.values():
        notes = [word for is_so, word in ((part.is_optional, "可选 optional"), (part.only_after_start, "仅在起点之后 only after the start"),
                                          (part.expects is not None, f"随后 then `{part.expects}`")) if is_so]  # fmt: skip
        yield (f"| `{part.code}` | {part.name.zh} | {part.name.en} | `{part.to}` | {_both(OWNERS[part.owner])} | "
               f"{_both(NATURES[part.nature])} | {'；'.join(notes)} |")  # fmt: skip
    yield from ("", "## Stages side by side 并行作业", "")
    yield from ("| code | 中文 | English | 起于 from | 止于 to | 责任方 owner |", "|---|---|---|---|---|---|")
    for stage in known.stages.values():
        starts = " / ".join(f"`{code}`" for code in stage.starts)
        yield f"| `{stage.code}` | {stage.name.zh} | {stage.name.en} | {starts} | `{stage.ends}` | {_both(OWNERS[stage.owner])} |"
    yield from ("", "## Dated numbers 有日期的数值", "", "| | 自 from | 数值 | 出处 rests on | 说明 note |", "|---|---|---|---|---|")
    for values in parameters.shipped().values():
        for value in values:
            numbers = "，".join(f"{_word(name)}{number:f}" for name, number in value.numbers.items())
            note = f"{value.note.zh} {value.note.en}" if value.note else ""
            yield (f"| {value.label.zh} {value.label.en}（{value.unit.zh} {value.unit.en}） | {value.in_force_from} | {numbers} | "
                   f"{value.citation or '建议值 our proposal'} | {note} |")  # fmt: skip


def _whole(chains: list[Whole]) -> Iterator[str]:
    first = chains[0]
    yield from (
        f"### {first.name.zh} {first.name.en} `{first.key}`", "",
        f"自 {first.in_force_from} 起。{first.reading.zh} {first.reading.en}", "", f"Rests on: {first.citation}.", "",
        "| 对象 | 方向 | 运输方式 | 起点 start | 终点 end | 分段 parts |", "|---|---|---|---|---|---|",
    )  # fmt: skip
    for chain in chains:
        ends = [" / ".join(f"`{code}`" for code in codes) for codes in (chain.start, chain.end)]
        yield (f"| {SUBJECTS[chain.subject].zh} | {DIRECTIONS[chain.direction].zh} | {_modes(chain.modes)} | {ends[0]} | {ends[1]} | "
               f"{', '.join(f'`{part.code}`' for part in chain.parts)} |")  # fmt: skip
    yield ""


def _both(text: Text) -> str:
    return f"{text.zh} {text.en}"


def _modes(modes: tuple[str, ...]) -> str:
    return "、".join(MODES[mode].zh for mode in modes)


def _word(name: str) -> str:
    return {"inbound": "进口 import ", "outbound": "出口 export "}.get(name, "")
