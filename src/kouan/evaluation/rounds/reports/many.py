"""The reports of all ports that somebody may read, in one go: what they say is made here, their form is set in two processes beside.

The processes hold no database and no settings: a report goes in as plain data, a file comes out. Each keeps one compiler, so typefaces are
read once. A few reports are in flight at a time, so that memory does not grow with the number of ports.
"""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any

from kouan.audit import record_event
from kouan.basis import Finding, NotFound, Place
from kouan.desk.papers.report_pdf import report_pdf
from kouan.desk.papers.report_word import report_docx
from kouan.desk.progress import Report as Progress
from kouan.evaluation.rounds.queries import get_round, results
from kouan.evaluation.rounds.replaying import in_memory
from kouan.evaluation.rounds.reports.making import Drawn, check_form, named, of_round
from kouan.evaluation.rounds.reports.port import port_report
from kouan.evaluation.rounds.reports.workbook import port_workbook
from kouan.evaluation.rounds.scorecard import scorecard

PROCESSES = 2
_IN_FLIGHT = 8
STEP = "生成报告 drawing reports"


def port_files(user: Any, year: int, form: str = "pdf", report: Progress | None = None) -> Iterator[Drawn]:
    """One file a port, by class, grade and code; ports whose workbook is not open yet are left out of workbooks.

    NotFound where there is nothing that they may read; the trail gets one entry for all.
    """
    check_form(form)
    held = get_round(user, year)
    codes = [each.code for each in results(user, held)]
    if not codes:
        raise NotFound(Finding.error(
            "unknown_result", f"没有可供查看的 {year} 年度评估结果。", f"There are no results of {year} that you may read.",
            where=Place(field="year"), remedy=("结果在同类比较和通报后按范围开放。", "Results open by scope with the comparison and the notice.")))
    of = of_round(held)
    ports = {each.code: each for each in of.freeze.ports.filter(code__in=codes).defer("figures")}
    record_event("export", actor_id=getattr(user, "pk", None), payload={
        "report": "all_ports", "year": year, "format": form, "ports": len(codes), "result_version": of.scoring.number})
    waiting: deque[tuple[str, str, Future[bytes]]] = deque()
    done = 0

    def next_one() -> Drawn:
        nonlocal done
        code, name, work = waiting.popleft()
        done += 1
        if report is not None:
            report(done, len(codes), STEP)
        return named(held, form, work.result(), f"{code}-{name}")

    with ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("spawn")) as pool:
        for code in codes:
            card = scorecard(user, held, code)
            name = card.result.name.zh
            if form == "xlsx":
                if card.shows_decimals:
                    work: Future[bytes] = Future()
                    work.set_result(port_workbook(of, card, in_memory(held)))
                    waiting.append((code, name, work))
            else:
                waiting.append((code, name, pool.submit(report_docx if form == "docx" else report_pdf, port_report(of, card, ports[code]))))
            while len(waiting) > _IN_FLIGHT or (waiting and waiting[0][2].done()):
                yield next_one()
        while waiting:
            yield next_one()
