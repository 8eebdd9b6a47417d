"""``kouan matters`` and ``kouan procedures``: each deed of the page from the command line, refusals and all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.desk.matters import People, a_paper, begun, consulting, submitted, the_sample
from tests.ports.factories import a_port

from kouan.audit.models import AuditEntry
from kouan.basis import clock
from kouan.desk.matters.models import HolidayTable, MatterOpinion, MatterStep, ProcedureSetting, Task
from kouan.desk.models import Document

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    with the_sample(tmp_path), clock.travel_to("2024-03-04"):
        found = People()
        found.settle()
        for name in ("national", "colleague", "shandong", "guangdong", "customs"):
            user = getattr(found, name)
            user.username = name
            user.save()
        yield found


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    place = tmp_path / "关于临时启用的请示.pdf"
    place.write_bytes(b"%PDF-1.4 scan")
    return place


class TestReading:
    def test_list_and_search_within_scope(self, people: People, kouan: Any) -> None:
        matter, other = submitted(people), begun(people, title="另一件")
        paper = Document.objects.get(reference=matter.steps.get(number=2).documents["application"])
        Document.objects.filter(pk=paper.pk).update(document_number="鲁政字〔2024〕7号")
        ids = [each["id"] for each in kouan("matters", "list", "--json").json]
        assert ids == [other.pk, matter.pk]
        assert [each["id"] for each in kouan("matters", "list", "--search", "鲁政字〔2024〕7号", "--json").json] == [matter.pk]
        assert kouan("matters", "list", "--as", "guangdong", "--json").json == []
        assert kouan("matters", "list", "--ended", "--json").json == []
        assert "董家口临时启用" in kouan("matters", "list", "--state", "submitted").out
        assert kouan("matters", "list", "--as", "nobody").status == 1

    def test_show_says_what_is_next_and_what_it_lacks(self, people: People, kouan: Any) -> None:
        matter = consulting(people)
        held = kouan("matters", "show", str(matter.pk), "--as", "national", "--json").json
        assert held["state"] == "consulting" and {each["code"] for each in held["next_steps"] if each["is_yours"]} >= {"allow", "refuse"}
        said = kouan("matters", "show", str(matter.pk)).out
        assert "尚有未答复的单位" in said and "待答复" in said and "申请文件" not in said
        english = kouan("-l", "en", "matters", "show", str(matter.pk)).out
        assert "Waiting for" in english and "awaited" in english and "Allow" in english

    def test_somebody_elses_is_not_there_and_the_asking_is_kept(self, people: People, kouan: Any) -> None:
        matter = submitted(people)
        ran = kouan("matters", "show", str(matter.pk), "--as", "guangdong", "--json")
        assert ran.status == 1 and ran.codes == ["unknown_matter"]
        assert kouan("matters", "step", str(matter.pk), "admit", "--as", "guangdong", "--json").codes == ["unknown_matter"]
        assert AuditEntry.objects.filter(note="out_of_scope", actor_id=people.guangdong.pk).count() == 2
        assert kouan("matters", "show", "99999", "--json").codes == ["unknown_matter"]

    def test_the_inbox_of_somebody(self, people: People, kouan: Any) -> None:
        matter = submitted(people)
        assert [each["matter"] for each in kouan("matters", "inbox", "--as", "national", "--json").json] == [matter.pk]
        assert kouan("matters", "inbox", "--as", "shandong", "--json").json == []
        assert "2024-04-01" in kouan("matters", "inbox", "--as", "national").out
        assert kouan("matters", "inbox").status == 2 and kouan("matters", "inbox", "--as", "").status == 2


class TestDeeds:
    def test_from_begin_to_the_end(self, people: People, kouan: Any, scan: Path) -> None:
        a_port("qingdao-water", "water", name_zh="青岛水运口岸", province_code="37")
        made = kouan("matters", "begin", "wharf_use", "董家口临时启用", "--port", "青岛水运口岸",
                     "--named", f"customs={people.customs.organisation.code}", "--fact", "depth_metres=12.5", "--as", "shandong", "--json")
        assert made.status == 0 and made.json["subject"] == "port:qingdao-water"
        number = str(made.json["id"])
        done = kouan("matters", "step", number, "submit", "--paper", f"application={scan}", "--number", "鲁政字1号", "--dated", "2024-03-01",
                     "--version", "1", "--as", "shandong")
        assert done.status == 0 and "待受理" in done.out
        paper = Document.objects.get(reference=f"matter-{number}-application-1")
        assert (paper.title, paper.document_number, str(paper.issued_on)) == ("关于临时启用的请示", "鲁政字1号", "2024-03-01")
        assert kouan("matters", "step", number, "admit", "--fact", "has_berth=yes", "--as", "national", "--json").json["state"] == "consulting"
        assert kouan("matters", "answer", number, "--consultation", "views", "--party", "customs", "--agrees", "--as", "customs").status == 0
        assert kouan("matters", "answer", number, "--consultation", "views", "--party", "military", "--agrees", "--reference", "军函1号",
                     "--as", "national").status == 0
        letter = a_paper(people.national)
        ended = kouan("matters", "step", number, "allow", "--document", f"letter={letter.reference}", "--as", "national", "--json")
        assert ended.json["state"] == "in_use"

    def test_what_is_unmet_is_listed_with_its_remedy(self, people: People, kouan: Any) -> None:
        matter = submitted(people)
        ran = kouan("matters", "step", str(matter.pk), "admit", "--fact", "has_berth=yes", "--fact", "depth_metres=8", "--as", "national")
        assert ran.status == 1 and "水深不足10米" in ran.err and "办法：请疏浚" in ran.err
        asked = kouan("matters", "step", str(matter.pk), "admit", "--as", "national", "--json")
        assert asked.codes == ["fact_unknown", "fact_unknown"] and MatterStep.objects.filter(matter=matter).count() == 2

    def test_a_condition_is_passed_with_reason_and_paper(self, people: People, kouan: Any, scan: Path) -> None:
        matter = submitted(people)
        words = ("matters", "step", str(matter.pk), "admit", "--fact", "has_berth=是", "--fact", "depth_metres=8", "--as", "national", "--json")
        assert "override_incomplete" in kouan(*words, "--override", "应急").codes
        assert kouan(*words, "--override", "应急", "--paper", f"override={scan}").json["state"] == "consulting"
        step = MatterStep.objects.get(matter=matter, transition="admit")
        assert step.override_reason == "应急" and step.documents == {"override": f"matter-{matter.pk}-override-1"}

    def test_the_slower_of_two_is_told(self, people: People, kouan: Any) -> None:
        matter = consulting(people)
        late = kouan("matters", "step", str(matter.pk), "consult_again", "--version", "2", "--as", "colleague", "--json")
        assert late.status == 1 and late.codes == ["matter_changed"]
        late = kouan("matters", "answer", str(matter.pk), "--consultation", "views", "--party", "customs", "--agrees", "--version", "2",
                     "--as", "customs", "--json")
        assert late.codes == ["matter_changed"] and not MatterOpinion.objects.exists()

    @pytest.mark.parametrize("words", [
        ("--fact", "depth_metres"), ("--paper", "application=/no/such/file.pdf"), ("--paper", "a=", "--dated", "gestern"),
        ("--field", "x=1", "--field", "x=2"),
    ])
    def test_arguments_that_cannot_be_used_end_with_two(self, people: People, kouan: Any, words: tuple[str, ...]) -> None:
        matter = submitted(people)
        assert kouan("matters", "step", str(matter.pk), "admit", "--as", "national", *words).status == 2

    def test_facts_that_are_not_asked_or_not_readable(self, people: People, kouan: Any) -> None:
        matter = submitted(people)
        words = ("matters", "step", str(matter.pk), "admit", "--as", "national", "--json")
        assert kouan(*words, "--fact", "depth=1").codes == ["unknown_fact"]
        assert kouan(*words, "--fact", "depth_metres=深").codes == ["wrong_kind_of_fact"]

    def test_a_file_that_is_not_what_it_says(self, people: People, kouan: Any, tmp_path: Path) -> None:
        matter = begun(people)
        place = tmp_path / "请示.pdf"
        place.write_bytes(b"MZ not a paper")
        ran = kouan("matters", "step", str(matter.pk), "submit", "--paper", f"application={place}", "--as", "shandong", "--json")
        assert ran.codes == ["file_is_not_that"] and not Document.objects.filter(reference__startswith="matter").exists()

    def test_handing_over_a_task_and_back(self, people: People, kouan: Any) -> None:
        task = Task.objects.open().get(matter=submitted(people))
        assert kouan("matters", "reassign", str(task.pk), "--to", "colleague", "--as", "national").status == 0
        assert Task.objects.get(pk=task.pk).assignee == people.colleague
        assert kouan("matters", "reassign", str(task.pk), "--as", "national", "--json").json["assignee"] is None
        assert kouan("matters", "reassign", str(task.pk), "--to", "shandong", "--as", "national", "--json").codes == ["cannot_take_it"]
        assert kouan("matters", "reassign", str(task.pk), "--as", "guangdong", "--json").codes == ["unknown_matter"]

    def test_the_clocks_run_once(self, people: People, kouan: Any) -> None:
        submitted(people)
        assert kouan("matters", "clocks", "--on", "2024-04-10", "--json").json["notices"] >= 2
        ran = kouan("matters", "clocks", "--on", "2024-04-11")
        assert ran.status == 0 and "通知" in ran.out and kouan("matters", "clocks", "--on", "2024-04-11", "--json").json["notices"] == 0


class TestProcedures:
    def test_list_and_show(self, people: People, kouan: Any) -> None:
        assert "wharf_use" in {each["code"] for each in kouan("procedures", "list", "--json").json}
        assert "码头临时启用" in kouan("procedures", "list").out
        held = kouan("procedures", "show", "wharf_use", "--json").json
        assert held["settings"][0]["count"] == 6 and "受理并征求意见" in kouan("procedures", "show", "wharf_use").out
        assert kouan("procedures", "show", "wharf_uses", "--json").codes == ["unknown_procedure"]

    def test_a_period_is_set_by_the_national_office(self, people: People, kouan: Any) -> None:
        words = ("procedures", "set", "wharf_use", "longest_stay", "4", "--reason", "国家口岸办函", "--json", "--as")
        assert kouan(*words, "shandong").codes == ["not_allowed"]
        assert kouan(*words, "national").json["count"] == 4 and ProcedureSetting.objects.first().reason == "国家口岸办函"
        words = ("procedures", "set", "wharf_use", "longest_stay", "--reason", "x", "--as", "national", "--json")
        assert kouan(*words, "0").codes == ["count_out_of_range"]
        assert kouan(*words, "4", "--document", "none").codes == ["document_not_found"]

    def test_a_year_of_holidays(self, people: People, kouan: Any) -> None:
        days = ("2025-01-01", "2025-01-28~2025-02-04", "2025-05-01~2025-05-05")
        words = ("procedures", "holidays", "--year", "2025", *[word for day in days for word in ("--off", day)], "--worked", "2025-01-26",
                 "--notice", "国务院办公厅通知", "--number", "国办发明电〔2024〕12号", "--json")
        assert kouan(*words).status == 2 and kouan(*words, "--as", "shandong").codes == ["not_allowed"]
        entered = kouan(*words, "--as", "national").json
        assert len(entered) == 1 and len(entered[0]["holidays"]) == 14 and HolidayTable.objects.get().year == 2025
        assert kouan("procedures", "holidays", "--year", "2025", "--off", "一月", "--as", "national").status == 2
        assert "2024" in kouan("procedures", "holidays").out


