"""``kouan evaluation``: a scheme, a round and its replay from the command line, with the refusals."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.accounts.factories import an_enterprise_user
from tests.evaluation.rounds.round_office import FEW, RoundOffice

from kouan.accounts.action import acting_system
from kouan.basis import clock
from kouan.desk import jobs
from kouan.desk.matters.actions import run_clocks
from kouan.evaluation import schemes
from kouan.evaluation.method.exercise import ports as exercise_ports
from kouan.evaluation.rounds.models import Scoring

pytestmark = pytest.mark.django_db
SHIPPED = Path(schemes.__file__).parent / "national-first"


@pytest.fixture
def office(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[RoundOffice]:
    settings.IS_EXERCISE = True
    monkeypatch.setattr(exercise_ports, "NATIONAL", FEW)
    with clock.travel_to("2026-02-02"):
        found = RoundOffice(scheme=False)
        for name in ("officer", "leader", "guangdong", "hubei", "customs"):
            user = getattr(found, name)
            user.username = name
            user.save()
        yield found


def test_from_a_scheme_to_a_replay(office: RoundOffice, kouan: Any, tmp_path: Path) -> None:
    propose = ("evaluation", "scheme", "propose", "2025", "--reason", "首版方案", "--as")
    assert kouan(*propose, "guangdong", "--json").codes == ["not_allowed"]
    assert kouan(*propose, "officer", "--folder", str(tmp_path), "--json").codes == ["unreadable_file"]
    (tmp_path / "scheme.yaml").write_bytes((SHIPPED / "scheme.yaml").read_bytes())
    assert kouan(*propose, "officer", "--folder", str(tmp_path), "--json").codes == ["scheme_unreadable"]
    made = kouan(*propose, "officer", "--folder", str(SHIPPED), "--json").json
    assert (made["version"], made["state"], made["digest"]) == (1, "draft", schemes.get("national-first").digest)
    assert kouan("evaluation", "scheme", "list", "--as", "hubei", "--json").json == []
    assert kouan("evaluation", "round", "open", "2025", "--as", "officer", "--json").codes == ["unknown_scheme"]
    publish = ("evaluation", "scheme", "publish", "2025", "1", "--opinion", "同意", "--as")
    assert kouan(*publish, "officer", "--json").codes == ["four_eyes"]
    assert "已发布" in kouan(*publish, "leader").out and "已发布" in kouan("evaluation", "scheme", "list", "--as", "hubei").out
    opened = kouan("evaluation", "round", "open", "2025", "--as", "officer", "--json").json
    assert (opened["stage"], len(opened["returns"]), opened["results"]) == ("collecting", 2, [])
    assert kouan("evaluation", "round", "freeze", "2025", "--as", "officer").status == 1
    for user, verifier in ((office.guangdong, office.customs), (office.hubei, office.officer)):
        office.file(user)
        office.verify(user, verifier)
    office.step("close_collection")
    assert kouan("evaluation", "replay", "2025", "--json").codes == ["not_scored"]
    frozen = kouan("evaluation", "round", "freeze", "2025", "--as", "officer")
    assert "11 个口岸" in frozen.out and "生成" in frozen.err
    scored = kouan("evaluation", "round", "score", "2025", "--as", "officer", "--json").json
    assert scored["is_new"] and scored["ports"] == 11 and scored["is_exercise"]
    assert "已有得分" in kouan("evaluation", "round", "score", "2025", "--as", "officer").out and Scoring.objects.count() == 1
    again = kouan("evaluation", "replay", "2025", "--json").json
    assert again["result_digest"] == scored["result_digest"] and "重算一致" in kouan("evaluation", "replay", "2025").out
    assert kouan("evaluation", "replay", "2025", "--as", "guangdong", "--json").codes == ["not_allowed"]
    # How firm the places are: by the national office, once for the same runs and seed; nothing is public yet.
    study = ("evaluation", "study", "2025", "--runs", "8", "--as")
    assert kouan(*study, "guangdong", "--json").codes == ["not_allowed"] and kouan(*study, "officer", "--runs", "1", "--json").codes == [
        "runs_out_of_range"]
    studied = kouan(*study, "officer", "--json").json
    assert studied["is_new"] and studied["runs"] == 8 and len(studied["ports"]) == 11 and not kouan(*study, "officer", "--json").json["is_new"]
    assert "已有分析" in kouan(*study, "officer").out and kouan(*study, "officer", "--seed", "7", "--json").json["digest"] != studied["digest"]
    assert kouan("evaluation", "public", "--json").json == [] and kouan("evaluation", "public", "2025", "--json").codes == ["nothing_public"]


def test_what_is_shown_follows_the_scope(office: RoundOffice, kouan: Any) -> None:
    kouan("evaluation", "scheme", "propose", "2025", "--reason", "首版方案", "--as", "officer")
    kouan("evaluation", "scheme", "publish", "2025", "1", "--opinion", "同意", "--as", "leader")
    office.collected()
    for step in ("freeze", "score"):
        job = kouan("evaluation", "round", step, "2025", "--later", "--as", "officer", "--json").json["job"]
        done = jobs.run(job)
        assert done is not None and done.result["ports"] == 11
    show = ("evaluation", "round", "show", "2025")
    nation = kouan(*show, "--json").json
    assert len(nation["results"]) == 11 and nation["scoring"]["number"] == 1 and all(each["rank"] for each in nation["results"])
    assert "演练" in kouan(*show).out and "建议稿" in kouan(*show).out
    own = kouan(*show, "--as", "guangdong", "--json").json
    assert own["results"] == [] and "scoring" not in own and len(own["returns"]) == 1
    assert kouan(*show, "--port", "luohu-road", "--as", "guangdong", "--json").codes == ["unknown_result"]
    office.step("open_peer_view")
    (shown,) = kouan(*show, "--as", "guangdong", "--json").json["results"]
    assert shown["port"] == "luohu-road" and shown["band"] and "total" not in shown
    assert kouan(*show, "--port", "luohu-road", "--as", "hubei", "--json").codes == ["unknown_result"]
    card = ("evaluation", "round", "port", "2025", "luohu-road")
    assert "同类中位数" in kouan(*card).out and "比上年" in kouan(*card).out and kouan(*card, "--json").json["rank"]
    trace = kouan(*card, "--indicator", "I-0301")
    assert "进出境货运量 ÷ 查验人员在岗数" in trace.out and "生成" in trace.out
    assert "同类中位数" not in kouan(*card, "--as", "guangdong").out and "按数据计分" in kouan(*card, "--as", "guangdong").out
    assert "total" not in kouan(*card, "--as", "guangdong", "--json").json
    assert kouan(*card, "--as", "hubei", "--json").codes == ["unknown_result"]
    assert kouan(*card, "--indicator", "I-9999", "--json").codes == ["unknown_indicator"]
    against = ("evaluation", "round", "object", "2025", "luohu-road", "--grounds", "数据有误", "--as")
    assert kouan(*against, "guangdong", "--json").codes == ["not_the_time"]
    with clock.travel_to("2026-02-14"), acting_system("run_clocks") as system:
        run_clocks(actor=system)
    with clock.travel_to("2026-02-16"):
        assert kouan(*against, "hubei", "--json").codes == ["unknown_result"]
        assert kouan(*against, "guangdong", "--json").json["result_version"] == 1
    an_enterprise_user(username="qiye")
    assert kouan(*show, "--as", "qiye", "--json").codes == ["unknown_round"]
    assert kouan("evaluation", "round", "show", "1999").status == 2
