"""The generated SQL: one text for DuckDB and for Apache Spark, made from a ``Plan``.

Each function answers one SELECT. Together they say what is computed:

``cases``     one row per leg (case_id and flow): its events in order, and the instant that stands for each milestone
``wholes``    one row per leg and whole: status, begin, end, port
``parts``     one row per leg and part: its stage pair and its time
``pairs``     one row per two events that directly follow each other
``statistics``  n, mean, median, p75, p90, p95 of the times of some groups

Everything is whole numbers: instants in microseconds since 1970 UTC, results in ten-thousandths of an hour, rounded half up
from exact fractions (``RESULT``). So two engines agree in every cell or one of them is wrong. A quantile is that of
linear interpolation (type 7): at (n - 1) q of the sorted values, as NumPy, R and ``quantile_cont`` have it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from kouan.monitoring.eventlog.dialect import Dialect
from kouan.monitoring.eventlog.plan import STATUSES, Chain, Plan

RESULT = 360_000  # microseconds in a ten-thousandth of an hour
QUANTILES = (50, 75, 90, 95)  # hundredths
PACK = 256  # milestones that fit beside an instant in one whole number
PART = 1 << 50  # a stage pair beside a time of up to 35 years
STATISTICS = ("n", "mean", "median", "p75", "p90", "p95")


def is_packed(plan: Plan) -> bool:
    """Whether an event of a path is one whole number (instant × 256 + milestone) or a record."""
    return not plan.is_foreign and plan.codes <= PACK


def kinds_of(plan: Plan) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """The kinds, modes and directions of a log, each sorted: a flow is coded (kind × modes + mode) × directions + direction."""
    return (
        tuple(sorted({flow.case_kind for flow in plan.flows})), tuple(sorted({flow.mode for flow in plan.flows})),
        tuple(sorted({flow.direction for flow in plan.flows})),
    )  # fmt: skip


def flow_codes(plan: Plan) -> list[int]:
    """The code of each flow of the plan."""
    kinds, modes, directions = kinds_of(plan)
    return [
        (kinds.index(flow.case_kind) * len(modes) + modes.index(flow.mode)) * len(directions) + directions.index(flow.direction)
        for flow in plan.flows
    ]


def coded(plan: Plan, events: str, d: Dialect) -> str:
    """Events with their texts as positions: case_id, f (flow), m (milestone), port, t, and o (order of input) if foreign."""
    kinds, modes, directions = kinds_of(plan)
    flow = (
        f"CAST(({d.position(kinds, 'case_kind')} - 1) * {len(modes) * len(directions)} + ({d.position(modes, 'mode')} - 1) "
        f"* {len(directions)} + {d.position(directions, 'direction')} - 1 AS INT)"
    )
    ordinal = ", ordinal AS o" if plan.is_foreign else ""
    return (
        f"SELECT case_id, {flow} AS f, CAST({d.position(plan.milestones, 'milestone')} - 1 AS INT) AS m, "
        f"CAST({d.position(plan.ports, 'port')} - 1 AS INT) AS port, t{ordinal} FROM ({events}) events"
    )


def cases(plan: Plan, events: str, d: Dialect) -> str:
    """One row per leg: path l (sorted events, each once), m3 the instant that stands for milestone 3, port3 its port."""
    if is_packed(plan):
        item, differ = f"t * {PACK} + m", "item <> $y"
    elif plan.is_foreign:
        item, differ = d.struct(t="t", o="o", m="m", port="port"), ""
    else:
        item, differ = d.struct(t="t", m="m"), "item <> $y"
    used, starts = codes_used(plan)
    standing = "".join(f", {'max' if plan.takes_last[m] else 'min'}(CASE WHEN m = {m} THEN t END) AS m{m}" for m in used)
    ports = "".join(f", {(d.of_most if plan.takes_last[m] else d.of_least)('port', 't', f'm = {m}')} AS port{m}" for m in starts)
    grouped = f"SELECT case_id, f, {d.gather(item)} AS told{standing}{ports} FROM ({coded(plan, events, d)}) coded GROUP BY case_id, f"
    names = "".join(f", m{m}" for m in used) + "".join(f", port{m}" for m in starts)
    path = d.without_repeats("told", differ) if differ else "told"
    return f"SELECT case_id, f, {path} AS l{names} FROM ({grouped}) grouped"


def codes_used(plan: Plan) -> tuple[list[int], list[int]]:
    """Milestones that some chain asks for, and those at which some whole starts."""
    chains = [chain for flow in plan.flows for chain in flow.chains]
    starts = {m for chain in chains for m in chain.start}
    used = starts | {m for chain in chains for m in (*chain.ends, *chain.after, *(step.to for step in chain.steps))}
    return sorted(used), sorted(starts)


def chains_of(plan: Plan) -> list[tuple[Chain, list[int]]]:
    """Each different chain with the codes of the flows that it measures."""
    rows = [(repr(chain), chain, code) for flow, code in zip(plan.flows, flow_codes(plan), strict=True) for chain in flow.chains]
    rows.sort(key=lambda row: (row[0], row[2]))
    return [
        (group[0][1], [code for _, _, code in group]) for group in (list(each) for _, each in groupby(rows, key=lambda row: row[0]))
    ]


def _coalesce(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else f"coalesce({', '.join(items)})"


def wholes(plan: Plan, table: str, d: Dialect) -> str:
    """One row per leg and whole: f, w (whole), status, port, month, b and e (begin and end), early (1: the end lay before)."""
    branches = []
    for chain, flows in chains_of(plan):
        start, end = _coalesce([f"m{m}" for m in chain.start]), _coalesce([f"m{m}" for m in chain.ends])
        port = "CASE " + " ".join(f"WHEN m{m} IS NOT NULL THEN port{m}" for m in chain.start) + " END"
        impossible = " OR ".join(
            f"({_is_first(s, chain.start)} AND {_is_first(e, chain.ends)})" for s, e in sorted(chain.impossible)
        ) or "false"  # fmt: skip
        proof = " OR ".join(f"coalesce(m{m} >= {start}, false)" for m in chain.after) or "false"
        status = (
            f"CASE WHEN {start} IS NOT NULL AND {end} IS NOT NULL THEN CASE WHEN {end} < {start} AND ({impossible}) THEN 5 ELSE 0 END "
            f"WHEN {end} IS NOT NULL THEN 3 WHEN {start} IS NULL THEN 2 WHEN {proof} THEN 4 ELSE 1 END"
        )
        month = "e" if plan.cohort == "end" else "b"
        branches.append(
            f"SELECT f, {plan.wholes.index(chain.whole)} AS w, status, port, CASE WHEN status = 0 THEN "
            f"{d.year_month(f'{month} + {plan.offset_minutes * 60_000_000}')} END AS month, b, e, early FROM "
            f"(SELECT f, {status} AS status, {port} AS port, {start} AS b, greatest({start}, {end}) AS e, "
            f"CASE WHEN {end} < {start} THEN 1 ELSE 0 END AS early FROM {table} WHERE f IN ({', '.join(map(str, flows))})) legs"
        )
    return " UNION ALL ".join(branches)


def _is_first(code: int, choices: Sequence[int]) -> str:
    """SQL: this one of some choices is the one that counts, the better ones being absent."""
    better = choices[: choices.index(code)]
    return " AND ".join([*(f"m{m} IS NULL" for m in better), f"m{code} IS NOT NULL"])


def parts(plan: Plan, table: str, d: Dialect) -> str:
    """One row per leg and part of the wholes that are told in parts: f, port, month, pair (stage pair), dur."""
    branches = []
    for chain, flows in chains_of(plan):
        if not chain.has_segments:
            continue
        start, end = _coalesce([f"m{m}" for m in chain.start]), _coalesce([f"m{m}" for m in chain.ends])
        port = "CASE " + " ".join(f"WHEN m{m} IS NOT NULL THEN port{m}" for m in chain.start) + " END"
        impossible = " OR ".join(f"({_is_first(s, chain.start)} AND {_is_first(e, chain.ends)})" for s, e in sorted(chain.impossible))
        measured = f"{start} IS NOT NULL AND {end} IS NOT NULL" + (f" AND NOT ({end} < {start} AND ({impossible}))" if impossible else "")
        month = "e" if plan.cohort == "end" else "b"
        items = ", ".join(_part(plan, chain, place) for place in range(len(chain.steps)))
        names = ", ".join(f"m{m}" for m in sorted({*chain.start, *chain.ends, *(step.to for step in chain.steps)}))
        legs = (
            f"SELECT f, {port} AS port, {start} AS b, greatest({start}, {end}) AS e, {names} FROM {table} "
            f"WHERE f IN ({', '.join(map(str, flows))}) AND {measured}"
        )
        branches.append(
            f"SELECT f, port, {d.year_month(f'{month} + {plan.offset_minutes * 60_000_000}')} AS month, "
            f"{d.explode(d.array([items]))} AS x FROM ({legs}) legs"
        )
    told = " UNION ALL ".join(branches)
    return f"SELECT f, port, month, CAST({d.div('x', str(PART))} AS INT) AS pair, x % {PART} AS dur FROM ({told}) told WHERE x IS NOT NULL"


def _part(plan: Plan, chain: Chain, place: int) -> str:
    """SQL of one part of a leg: stage pair × PART + time, NULL where the leg has no such part. See ``timing.definitions``, 3–5."""
    step = chain.steps[place]
    here = _takes_part(chain, place)
    before = chain.steps[:place]
    cut_before = f"least(greatest({', '.join(['b', *(f'm{each.to}' for each in before)])}), e)" if before else "b"
    cut_own = f"least(greatest({', '.join(['b', *(f'm{each.to}' for each in (*before, step))])}), e)"
    cut = f"CASE WHEN {_is_first(step.to, chain.ends)} THEN e ELSE {cut_own} END" if step.to in chain.ends else cut_own
    since = "CASE "
    for earlier in range(place - 1, -1, -1):
        since += f"WHEN {_takes_part(chain, earlier)} THEN {plan.pair(chain, chain.steps[earlier].to, place)} "
    begins = [m for m in chain.start if m != step.to]
    since += " ".join(f"WHEN {_is_first(m, chain.start)} THEN {plan.pair(chain, m, place)}" for m in begins) + " END"
    return f"CASE WHEN {here} THEN CAST({since} AS BIGINT) * {PART} + ({cut} - {cut_before}) END"


def _takes_part(chain: Chain, place: int) -> str:
    """SQL: the leg has the part that a step ends."""
    step = chain.steps[place]
    says = [f"m{step.to} IS NOT NULL"]
    if step.only_after_start:
        says.append(f"m{step.to} > b")
    for end in chain.ends:  # what comes behind the end that counts is no part of the whole
        if chain.place_of(end) < place:
            says.append(f"NOT ({_is_first(end, chain.ends)})")
    return " AND ".join(says)


def pairs(plan: Plan, table: str, d: Dialect) -> str:
    """One row per two events that directly follow each other: f, a, b (milestones), dur, and of a foreign log port and month."""
    x, y = d.at("l", "i"), d.at("l", "i + 1")
    count = d.size("l")
    stepped = f"SELECT f, l, {d.explode(d.places('1', count + ' - 1'))} AS i FROM {table} WHERE {count} > 1"
    both = f"SELECT f, {x} AS x, {y} AS y FROM ({stepped}) stepped"
    more = ""
    if plan.is_foreign:
        when = f"{_instant(plan, 'y', d)} + {plan.offset_minutes * 60_000_000}"
        more = f", y.port AS port, {d.year_month(when)} AS month"
    return (
        f"SELECT f, {_milestone(plan, 'x')} AS a, {_milestone(plan, 'y')} AS b, "
        f"{_instant(plan, 'y', d)} - {_instant(plan, 'x', d)} AS dur{more} FROM ({both}) both_ends"
    )


def _milestone(plan: Plan, item: str) -> str:
    # % of a negative number is negative in both engines: before 1970 the instant must be brought up first.
    return f"CAST((({item} % {PACK}) + {PACK}) % {PACK} AS INT)" if is_packed(plan) else f"{item}.m"


def _instant(plan: Plan, item: str, d: Dialect) -> str:
    if not is_packed(plan):
        return f"{item}.t"
    return f"CAST(({item} - ((({item} % {PACK}) + {PACK}) % {PACK})) / {PACK} AS BIGINT)" if d.name == "spark" else f"({item} >> 8)"


def legs(plan: Plan, table: str, d: Dialect) -> str:
    """One row per leg: f, path (milestones in order), first and last milestone, dur from first to last event, the case."""
    first, last = d.at("l", "1"), d.at("l", d.size("l"))
    port = ", y.port AS port" if plan.is_foreign else ""
    ends = f"SELECT case_id, f, l, {first} AS x, {last} AS y FROM {table}"
    month = f"{_instant(plan, 'y' if plan.cohort == 'end' else 'x', d)} + {plan.offset_minutes * 60_000_000}"
    return (
        f"SELECT case_id, f, {d.mapped('l', _milestone(plan, 'item'))} AS path, {_milestone(plan, 'x')} AS a, {_milestone(plan, 'y')} AS b, "
        f"{_instant(plan, 'y', d)} - {_instant(plan, 'x', d)} AS dur, {_instant(plan, 'x', d)} AS begun, {d.year_month(month)} AS month{port} "
        f"FROM ({ends}) ends"
    )


def group_columns(plan: Plan, by: Iterable[str]) -> list[tuple[str, str]]:
    """(name, SQL) of the columns to group by, out of f, port and month."""
    _kinds, modes, directions = kinds_of(plan)
    said = {
        "port": "port", "month": "month", "direction": f"f % {len(directions)}",
        "mode": f"CAST(floor(f / {len(directions)}) AS INT) % {len(modes)}",
        "case_kind": f"CAST(floor(f / {len(modes) * len(directions)}) AS INT)",
    }  # fmt: skip
    return [(name, said[name]) for name in by]


def statistics(relation: str, keys: Sequence[tuple[str, str]], d: Dialect, more: Sequence[tuple[str, str]] = (), value: str = "dur") -> str:
    """n, mean, median, p75, p90, p95 of ``value`` (whole numbers ≥ 0) for each group; ``more``: further aggregates."""
    named = ", ".join(f"{expression} AS {name}" for name, expression in keys)
    names = ", ".join(name for name, _ in keys)
    extra = "".join(f", {expression} AS {name}" for name, expression in more)
    inner = (
        f"SELECT {names}, CAST(count(*) AS BIGINT) AS n, {d.total(value)} AS s, {d.gather(value)} AS v{extra} "
        f"FROM (SELECT {named}, {value}{''.join(f', {c}' for c in _needed(more))} FROM ({relation}) rows_) named_ GROUP BY {names}"
    )
    mean = d.whole(d.div(f"2 * s + n * {RESULT}", f"2 * n * {RESULT}"))
    shown = ", ".join(f"{_quantile(q, d)} AS {name}" for q, name in zip(QUANTILES, STATISTICS[2:], strict=True))
    return f"SELECT {names}, n, {mean} AS mean, {shown}{''.join(f', {name}' for name, _ in more)} FROM ({inner}) inner_"


def _needed(more: Sequence[tuple[str, str]]) -> list[str]:
    """Columns that further aggregates read."""
    return [name for name in ("early", "case_id", "begun") if any(name in expression for _, expression in more)]


def _quantile(q: int, d: Dialect) -> str:
    place = f"((n - 1) * {q})"
    low, share = d.div(place, "100"), f"({place} % 100)"
    below, above = d.at("v", f"{low} + 1"), d.at("v", f"least({low} + 2, n)")
    return d.whole(d.div(f"{below} * 100 + ({above} - {below}) * {share} + {50 * RESULT}", str(100 * RESULT)))


def statements(plan: Plan, table: str, d: Dialect) -> dict[str, str]:
    """The tables of a report, each as one SELECT over the table of legs."""
    by = group_columns(plan, plan.by)
    f, example = ("f", "f"), ("example", f"min({d.struct(t='begun', c='case_id')})")
    # An example is the case that began first, of two at the same instant the smaller id.
    made = {
        "dfg": statistics(pairs(plan, table, d), [f, ("a", "a"), ("b", "b")], d),
        "ends": f"SELECT f, a, b, CAST(count(*) AS BIGINT) AS n FROM ({legs(plan, table, d)}) legs GROUP BY f, a, b",
        "variants": statistics(legs(plan, table, d), [f, ("path", "path")], d, [example]),
    }
    if plan.is_foreign:
        made["segments"] = statistics(pairs(plan, table, d), [*by, ("a", "a"), ("b", "b")], d)
        made["overall"] = statistics(legs(plan, table, d), [*by, ("w", "0")], d)
        return made
    made["segments"] = statistics(parts(plan, table, d), [*by, ("pair", "pair")], d)
    measured = f"SELECT f, w, port, month, e - b AS dur, early FROM ({wholes(plan, table, d)}) w WHERE status = 0"
    made["overall"] = statistics(measured, [*by, ("w", "w")], d, [("early", "CAST(sum(early) AS BIGINT)")])
    made["status"] = f"SELECT f, w, status, CAST(count(*) AS BIGINT) AS n FROM ({wholes(plan, table, d)}) w GROUP BY f, w, status"
    return made


assert len(STATUSES) == 6  # noqa: S101  # the numbers 0 to 5 above
