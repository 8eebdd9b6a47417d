"""``kouan conferences`` and ``kouan bottlenecks``: each deed of the page from the command line, refusals and all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.casework.issues import DAY, NAME, Offices, state
from tests.desk.files import a_pdf

from kouan.basis import clock
from kouan.casework.bottlenecks.models import Issue
from kouan.casework.conference.models import AgendaItem, Conference

pytestmark = pytest.mark.django_db


@pytest.fixture
def offices() -> Iterator[Offices]:
    with clock.travel_to(DAY.isoformat()):
        found = Offices()
        for name in ("national", "second", "province", "city", "agency", "enterprise", "rival", "neighbour"):
            user = getattr(found, name)
            user.username = name
            user.save()
        yield found


def test_an_issue_from_the_command_line(offices: Offices, kouan: Any, tmp_path: Path) -> None:
    photo = tmp_path / "照片.pdf"
    photo.write_bytes(a_pdf())
    said = ("bottlenecks", "submit", "--port", "罗湖铁路口岸", "--stage", "inspection", "--facts", "查验等候三天，未告知原因", "--about",
            offices.agency.organisation.code, "--anonymous", "--evidence", str(photo))
    made = kouan(*said, "--kind", "time", "--as", "enterprise", "--json")
    issue = Issue.objects.get()
    assert (made.status, made.json["handler"]) == (0, offices.agency.organisation.name_zh)
    refused = kouan(*said, "--kind", "nothing", "--as", "enterprise", "--json")
    assert (refused.status, refused.codes) == (1, ["value_required"]) and Issue.objects.count() == 1
    assert kouan("bottlenecks", "list", "--as", "rival", "--json").json == []
    assert kouan("bottlenecks", "show", str(issue.pk), "--as", "rival", "--json").codes == ["unknown_issue"]
    assert NAME not in kouan("bottlenecks", "show", str(issue.pk), "--as", "agency", "--json").out
    assert kouan("bottlenecks", "show", str(issue.pk), "--json").json["enterprise"] == NAME, "the operator reads what the nation reads"
    offices.answered(issue)
    assert kouan("bottlenecks", "object", str(issue.pk), "没有说明原因", "--as", "enterprise").status == 0
    offices.take(issue, "uphold", offices.province, review_words="答复适当")
    assert kouan("bottlenecks", "rate", str(issue.pk), "不满意", "--as", "enterprise").status == 0 and state(issue) == "closed"
    assert kouan("bottlenecks", "statistics", "--public", "--json").json == []
    assert "1" in kouan("bottlenecks", "statistics").out


def test_a_weak_indicator_from_the_command_line(offices: Offices, kouan: Any) -> None:
    said = ("bottlenecks", "weak", "--indicator", "I-0101", "--port", "luohu-rail", "--score", "42", "--facts", "查验场地面积不足", "--as",
        "national")
    assert kouan(*said, "--evidence", "7").status == 2
    assert kouan(*said, "--evidence", "kouan:evaluation/score/7@2").status == 0
    assert kouan(*said, "--evidence", "kouan:evaluation/score/7@2", "--json").codes == ["already_open"]


def test_a_conference_from_the_command_line(offices: Offices, kouan: Any, tmp_path: Path) -> None:
    issue = offices.submitted()
    called = kouan("conferences", "call", "部际联席会议", "--on", "2024-03-05", "--place", "北京", "--chair", "某主任", "--member", "某部",
                   "--member", offices.province.organisation.code, "--as", "national", "--json")
    held = Conference.objects.get()
    assert (called.status, called.json["id"]) == (0, held.pk)
    number = str(held.pk)
    assert kouan("conferences", "add", number, "--as", "national").status == 2
    assert kouan("conferences", "add", number, "--case", str(issue.matter_id), "--as", "national", "--json").codes == ["reason_needed"]
    assert kouan("conferences", "add", number, "--case", str(issue.matter_id), "--note", "多地反映", "--as", "national").status == 0
    assert kouan("conferences", "suggest", "--as", "national", "--json").json == []
    assert kouan("matters", "step", str(held.matter_id), "send_agenda", "--as", "national").status == 0
    assert kouan("conferences", "list", "--as", "neighbour", "--json").json == []
    item = AgendaItem.objects.get()
    with clock.travel_to("2024-03-05"):
        assert kouan("matters", "step", str(held.matter_id), "hold", "--field", "held_on=2024-03-05", "--as", "national").status == 0
        assert kouan("conferences", "minutes", number, str(item.pk), "--decision", "同意", "--action", "不成样子", "--as", "national").status == 2
        assert kouan("conferences", "minutes", number, str(item.pk), "--decision", "同意", "--action",
                     f"完成整改；{offices.province.organisation.code}；2024-06-28", "--as", "national").status == 0
    place = tmp_path / "纪要.docx"
    assert kouan("conferences", "paper", number, "minutes", "--to", str(place), "--as", "province").status == 2
    assert kouan("conferences", "paper", number, "minutes", "--to", str(place)).status == 0 and place.read_bytes()[:2] == b"PK"
    assert "同意" in kouan("conferences", "show", number).out
    assert kouan("conferences", "show", number, "--as", "province", "--json").json["items"][0]["decision"] is None
