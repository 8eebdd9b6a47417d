"""Every module that reads what comes from outside is fed by some parser of the fuzz, or says here why it needs none."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from tests.fuzz.asked import ASKED
from tests.fuzz.carried import CARRIED
from tests.fuzz.parsers import PARSERS
from tests.fuzz.stored import STORED

SOURCE = Path(__file__).parents[2] / "src/kouan"
READS = re.compile(
    r"""json\.(?:loads?|decode)\( | csv\.(?:reader|DictReader)\( | (?<!def\ )\bload_(?:file|plain|text)\( | yaml\.(?:safe_)?load\( |
    load_workbook\( | CalamineWorkbook\. | fromstring\( | iterparse\( | read_parquet\( | (?<!def\ )\bread_csv\( |
    Image\.open\( | PdfDocument\( | ZipFile\((?!.*"w") | tarfile\.open\(.*"r | gzip\.(?:open|decompress)\(""", re.VERBOSE)

# Module → the parser that is seen to run it when it is fed sound files.
FED: dict[str, str] = {
    "accounts/provisioning.py": "sheet-of-users", "audit/anchor.py": "anchor", "backup.py": "backup-contents",
    "basis/codelists/registry.py": "code-registry", "basis/codelists/sheet.py": "code-list-tsv", "basis/strict_yaml.py": "strict-yaml",
    "cli/event_files.py": "case-events", "cli/law_changes.py": "law-changes",
    "collection/readers/columnar.py": "parquet", "collection/readers/delimited.py": "csv",
    "collection/readers/package.py": "xlsx", "collection/readers/workbook.py": "xlsx", "collection/returns/reading.py": "return-workbook",
    "console/base_map.py": "base-map", "console/views/law_changes.py": "law-changes", "crypto/keyfiles.py": "key-file",
    "desk/matters/paper_files.py": "papers", "desk/papers/drawing.py": "preview-pdf",
    "evaluation/method/index/analysis/kept.py": "index-result", "evaluation/method/index/files.py": "index",
    "evaluation/method/index/recipe.py": "recipe",
    "evaluation/method/index/robustness/design_file.py": "design",
    "evaluation/method/index/robustness/study.py": "study", "evaluation/method/loading.py": "framework",
    "evaluation/method/scheme/scheme.py": "scheme",
    "evaluation/rounds/scheme_files.py": "scheme", "exchange/envelope.py": "exchange-envelope", "exchange/epcis/reading.py": "epcis",
    "exchange/ledger/receiving.py": "exchange-notice", "exchange/ledger/zones.py": "exchange-manifest", "exchange/services.py": "exchange-container",
    "grading/case_trial.py": "case-facts", "grading/facts_file.py": "volume-facts", "grading/submitted.py": "submitted", "law/rulings.py": "rulings",
    "monitoring/detection/replay.py": "replayed-passengers", "monitoring/detection/thresholds.py": "thresholds",
    "monitoring/eventlog/dialect.py": "log-csv", "monitoring/journal/files.py": "events-csv", "monitoring/live/replay/hourly.py": "hourly-waits",
    "monitoring/timing/clocks.py": "hours", "monitoring/timing/norms.py": "norms", "procedure/reading.py": "procedure",
    "procedure/working_days.py": "holidays", "trade/packs/pack.py": "partner-message", "trade/packs/store.py": "partner-pack",
}
# Doors that hand what they are given to a reader that is fed: the code of their own is that of pages and commands.
DOORS = {"cli/law_changes.py", "console/views/law_changes.py"}
SHIPPED = {
    "accounts/offices.py", "basis/codes.py", "basis/measures.py", "basis/units.py", "casework/bottlenecks/routing.py",
    "casework/execution/targets.py", "casework/execution/thresholds.py", "casework/oversight/plan_tasks.py", "collection/checks/declared.py",
    "collection/returns/forms.py", "collection/sources/description.py", "desk/watch/detectors.py",
    "evaluation/method/scheme/english.py", "grading/airports/__init__.py",
    "grading/named_lists.py", "law/library.py", "law/pages.py", "monitoring/baseline.py", "monitoring/counterpart.py",
    "monitoring/emergencies/codes.py", "monitoring/imagery/actions.py", "monitoring/timing/definitions.py", "monitoring/timing/parameters.py",
    "monitoring/warnings/routing.py", "ports/seed.py", "publication/definitions.py",
}
# Columns and files that the system wrote itself, kept by the database, the trail or a digest.
OWN = {
    "accounts/personal/keys.py", "api/idempotency.py", "audit/batches.py", "audit/canonical.py", "audit/install.py", "audit/queries.py",
    "audit/state.py", "audit/verify.py", "casework/gathering.py", "console/trail_words.py", "desk/progress.py", "desk/watch/reading.py",
    "evaluation/rounds/clearing.py",
    "evaluation/rounds/models.py", "evaluation/rounds/notices.py", "evaluation/rounds/queries.py", "evaluation/rounds/scheme_actions.py",
    "exchange/ledger/sending.py", "exchange/ledger/verify.py", "exercise/returns.py", "grading/list_actions.py", "grading/list_replay.py",
    "grading/replay.py", "monitoring/eventlog/layout.py", "monitoring/journal/compaction.py", "monitoring/journal/reading.py",
    "monitoring/live/replay/added.py", "monitoring/studies/frozen.py", "ports/meanwhile.py", "publication/cuts.py",
}
# Run by a process or thread of its own, which a look at this thread does not see.
APART = {"desk/papers/drawing.py", "monitoring/eventlog/dialect.py"}


def readers() -> set[str]:
    """Modules with a call that reads a file format."""
    return {path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*.py") if READS.search(path.read_text(encoding="utf-8"))}


def test_every_reader_is_fed_or_excused() -> None:
    found = readers()
    known = {*FED, *SHIPPED, *OWN}
    assert not found - known, "these modules read a format: add a parser to tests/fuzz, or say in SHIPPED or OWN why it needs none"
    assert not known - found, "these modules read no format any more"
    assert not SHIPPED & OWN and not (SHIPPED | OWN) & set(FED)
    assert set(FED.values()) <= {each.name for each in (*PARSERS, *CARRIED, *STORED, *ASKED)}


PURE = sorted({name for name in FED.values() if name in {each.name for each in (*PARSERS, *CARRIED)}})


@pytest.mark.long
@pytest.mark.parametrize("name", PURE)
def test_a_parser_runs_the_modules_that_it_is_said_to_feed(name: str) -> None:
    from kouan.basis import Refused

    parser = next(each for each in (*PARSERS, *CARRIED) if each.name == name)
    wanted = {module for module, by in FED.items() if by == name} - DOORS - APART
    ran: set[str] = set()

    def look(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(str(SOURCE)) and frame.f_code.co_name != "<module>":
            ran.add(frame.f_code.co_filename.removeprefix(f"{SOURCE}/"))

    seeds = parser.seeds()
    sys.setprofile(look)
    try:
        for seed in seeds[:8]:
            try:
                parser.parse(seed)
            except Refused:
                continue
    finally:
        sys.setprofile(None)
    assert wanted <= ran
