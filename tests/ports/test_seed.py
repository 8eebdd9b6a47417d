"""The bundled register against the plan's own tables: counts, links, and what must not be said."""

from __future__ import annotations

import csv
import hashlib
import re
from collections import Counter
from datetime import date

import pytest
from django.db import connection
from tests.ports.factories import a_document

from kouan.accounts.action import acting_system
from kouan.basis import codes
from kouan.ports import seed as seeds
from kouan.ports.actions import change_port, load_register
from kouan.ports.models import (
    Approval,
    BenchmarkPort,
    CounterpartPoint,
    LayoutEntry,
    Port,
    PortChange,
    PortCode,
    PortStatus,
    Project,
    RegisterLoad,
    Relation,
    TransportClass,
)
from kouan.ports.names import pinyin_of
from kouan.ports.seed import FOLDER, read_seed

LOWER_YANGTZE = {"nanjing", "zhenjiang", "nantong", "suzhou", "zhangjiagang", "changshu", "taicang"}

pytestmark = pytest.mark.usefixtures("register")


def rows(name):
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_file_is_what_its_readme_says():
    said = dict(re.findall(r"^\| `([^`]+)` \|.*`([0-9a-f]{64})` \|$", (FOLDER / "README.md").read_text("utf-8"), re.M))
    there = {place.name for place in FOLDER.iterdir() if place.name != "README.md"}
    assert set(said) == there
    assert {name: hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() for name in said} == said
    assert set(seeds.FILES) == there - {"baseline.csv"}


def test_layout_has_the_rows_of_the_three_boxes():
    assert LayoutEntry.objects.filter(box="专栏2").count() == 41
    border = LayoutEntry.objects.filter(box="专栏3")
    assert border.count() == 65
    assert border.filter(mode="road").count() == 46
    assert border.filter(mode="rail", is_planned=False).count() == 13
    assert border.filter(mode="rail", is_planned=True).count() == 6
    assert LayoutEntry.objects.filter(is_planned=True).count() == 6
    air = Counter(LayoutEntry.objects.filter(box="专栏4").values_list("hub_tier", flat=True))
    assert air == {"international_hub": 10, "regional_hub": 29}


def test_suzhou_counts_once_in_the_layout_and_its_members_are_ports():
    sea = LayoutEntry.objects.filter(box="专栏2", parent=None)
    assert Counter(sea.values_list("role", flat=True)) == {"main": 19, "regional": 19}
    group = LayoutEntry.objects.get(box="专栏2", name_zh="苏州")
    assert group.is_group
    assert {entry.name_zh for entry in group.members.all()} == {"张家港", "常熟", "太仓"}
    port = Port.objects.get(code="suzhou-water")
    assert port.is_group
    assert set(port.members.values_list("code", flat=True)) == {"zhangjiagang-water", "changshu-water", "taicang-water"}
    assert not Port.objects.counted().filter(code="suzhou-water").exists()


def test_every_row_of_the_layout_has_its_ports():
    without = LayoutEntry.objects.filter(ports=None)
    assert list(without) == []
    two = {entry.name_zh: entry.ports.count() for entry in LayoutEntry.objects.filter(box="专栏4")}
    assert {name for name, number in two.items() if number == 2} == {"北京", "上海", "成都"}
    assert set(two.values()) == {1, 2}
    for entry in LayoutEntry.objects.prefetch_related("ports"):
        for port in entry.ports.all():
            assert port.mode == entry.mode
            assert port.province_code == entry.province_code
            assert port.name_zh.startswith(entry.name_zh)


def test_rows_of_the_greater_bay_area_are_cities():
    bay = LayoutEntry.objects.filter(region_zh="粤港澳大湾区")
    assert bay.count() == 8
    assert set(bay.filter(names_city=True).values_list("name_zh", flat=True)) == {
        "广州", "深圳", "珠海", "汕头", "汕尾", "惠州", "茂名"}
    assert all("各口岸批复待分别登记" in link.basis for entry in bay.filter(names_city=True) for link in entry.links.all())


def test_ports_by_mode_and_approval():
    assert Port.objects.counted().count() == 184
    assert Counter(Port.objects.values_list("mode", flat=True)) == {"road": 74, "water": 46, "air": 43, "rail": 22}
    assert Counter(Port.objects.values_list("approval", flat=True)) == {
        Approval.PLAN_LISTED: 148, Approval.UNVERIFIED: 37}
    listed = Port.objects.filter(approval=Approval.PLAN_LISTED)
    assert set(listed) == set(Port.objects.exclude(layout_entries=None))


def test_no_port_stands_twice():
    assert Port.objects.values("name_zh").distinct().count() == Port.objects.count()
    places = Counter(Port.objects.values_list("short_name_zh", "mode"))
    assert [place for place, number in places.items() if number > 1] == []
    assert not Port.objects.filter(name_zh__contains="琿").exists()
    # Names from the list without a mode meet the ports of that place and make no further ones.
    assert set(Port.objects.filter(short_name_zh__in=["同江", "黑河"]).values_list("code", flat=True)) == {
        "tongjiang-rail", "heihe-road"}
    assert not Port.objects.filter(short_name_zh__in=["猴桥", "清水河"]).exists()
    assert not Port.objects.filter(name_zh="上海港").exists()


def test_codes_are_the_pinyin_of_the_name_and_the_mode():
    odd = {
        "beijing-capital-air", "beijing-daxing-air", "shanghai-pudong-air", "shanghai-hongqiao-air",
        "chengdu-shuangliu-air", "chengdu-tianfu-air", "gangzhuao-daqiao-zhuhai-road", "xijiulong-rail",
        "shengang-hezuoqu-road",
    }
    for port in Port.objects.all():
        assert (port.pinyin, port.initials) == pinyin_of(port.short_name_zh)
        if port.code not in odd:
            assert port.code == f"{port.pinyin}-{port.mode}"
        assert port.name_zh.endswith("口岸")
        assert port.name_en


def test_every_port_has_a_source_and_a_document_for_each_fact():
    assert not Port.objects.filter(source_note="").exists()
    for port in Port.objects.all():
        recorded = set(port.changes.values_list("attribute", flat=True))
        assert {"name_zh", "status", "approval", "source_note"} <= recorded
        assert port.latitude is None or port.position_source
    assert PortChange.objects.filter(document=None).count() == 0
    assert PortChange.objects.filter(from_seed=False).count() == 0


def test_transport_class_and_border():
    open_question = Port.objects.filter(transport_class=None)
    assert {port.pinyin for port in open_question} == LOWER_YANGTZE | {"shiwei", "heishantou", "fuyuan"}
    assert all(port.class_needs_review for port in open_question)
    for port in Port.objects.exclude(transport_class=None):
        assert port.class_basis
        if port.mode in ("rail", "road"):
            assert port.transport_class == port.mode
    air = Port.objects.filter(mode="air")
    assert all(port.class_basis.startswith("建议值，") and "A-09" in port.class_basis for port in air)
    review = set(air.filter(class_needs_review=True).values_list("short_name_zh", flat=True))
    flagged = {row["port_zh"] for row in rows("layout_air.csv") if row["air_class_needs_review"] == "yes"}
    assert review == flagged
    assert set(air.values_list("transport_class", flat=True)) == {TransportClass.AIR_COASTAL, TransportClass.AIR_OTHER}
    for port in Port.objects.filter(is_border=True):
        assert port.neighbour_code not in ("", "HK", "MO", "TW")
    assert set(Port.objects.filter(neighbour_code__in=("HK", "MO")).values_list("is_border", flat=True)) == {False}


def test_the_hub_tier_stays_with_the_layout():
    assert not {field.name for field in Port._meta.get_fields()} & {"hub_tier", "grade"}


def test_planned_ports_and_ports_shown_to_run():
    planned = set(Port.objects.filter(status=PortStatus.PLANNED).values_list("code", flat=True))
    bracketed = {port.code for entry in LayoutEntry.objects.filter(is_planned=True) for port in entry.ports.all()}
    assert len(bracketed) == 6
    assert planned == bracketed | {"xinhengqin-road", "shengang-hezuoqu-road", "ezhou-air"}
    shown = {row["port"] for row in rows("operating_evidence.csv")}
    assert set(Port.objects.filter(status=PortStatus.OPEN).values_list("code", flat=True)) == shown
    assert set(PortChange.objects.filter(value="open").values_list("document__kind", flat=True)) == {"data"}
    # Listed without brackets proves nothing.
    assert set(Port.objects.filter(code__in=["heixiazidao-road", "lizi-road"]).values_list("status", flat=True)) == {
        PortStatus.UNKNOWN}
    assert not Port.objects.exclude(accepted_on=None).exists()
    assert not Port.objects.exclude(approved_on=None).exists()


def test_counterpart_points_face_their_ports():
    points = CounterpartPoint.objects.all()
    assert points.count() == 16
    assert set(points.values_list("region_code", flat=True)) == {"HK"}
    facing = dict(points.exclude(port=None).values_list("name_en", "port__name_zh"))
    assert len(facing) == 9
    assert facing["Lo Wu"] == "罗湖铁路口岸"
    assert facing["Heung Yuen Wai"] == "莲塘公路口岸"
    assert points.get(code="hong-kong-zhuhai-macao-bridge").relation == Relation.PARTIAL
    assert all(point.coverage_note_zh and point.coverage_note_en for point in points)
    for point in points.exclude(port=None):
        assert point.port.neighbour_code == "HK"
        assert point.port.mode == point.mode
        assert point.port.province_code == "44"


def test_benchmarks_are_no_ports():
    assert BenchmarkPort.objects.count() == 117
    assert BenchmarkPort.objects.filter(code="0101").exists()
    assert BenchmarkPort.objects.filter(name="Eastport").count() == 2
    assert "transport_class" not in {field.name for field in BenchmarkPort._meta.get_fields()}


def test_projects_and_the_ports_they_name():
    assert Counter(project.project_id.split("-")[0] for project in Project.objects.all()) == {
        "P7": 57, "P8": 25, "P9": 14, "P10": 51}
    assert not Project.objects.filter(project_id__startswith="P9", ports__isnull=False).exists()
    every = Project.objects.filter(object_zh="全部对外开放口岸")
    assert every.count() == 2
    assert not every.filter(ports__isnull=False).exists()
    assert not Project.objects.filter(project_id__regex="^P[78]-", ports=None).exclude(mode="all").exists()
    for project in Project.objects.prefetch_related("ports"):
        for port in project.ports.all():
            bare = port.short_name_zh.removesuffix("站")
            assert bare in project.object_zh or project.object_zh in port.short_name_zh
            assert project.mode in ("", port.mode)
        assert (project.kind == "") == (project.kind_en == "")
        assert (project.note == "") == (project.note_en == "")


def test_codes_of_others_stand_the_checks_of_the_ground_floor():
    faults = []
    for row in PortCode.objects.filter(scheme__in=("unlocode", "iata", "customs_2018")):
        scheme = "customs_port" if row.scheme == "customs_2018" else row.scheme
        finding = codes.check(scheme, row.code)
        if finding and finding.is_error:
            faults.append((row.port.code, row.code, finding.code))
    assert faults == []
    assert PortCode.objects.get(scheme="iata", code="PKX").port.code == "beijing-daxing-air"
    assert set(PortCode.objects.filter(code="CNMLX").values_list("port__code", flat=True)) == {
        "manzhouli-rail", "manzhouli-road"}


def test_provinces_and_positions_lie_in_china():
    known = {province.code for province in codes.provinces}
    assert set(Port.objects.values_list("province_code", flat=True)) <= known
    for port in Port.objects.exclude(latitude=None):
        assert 15 < port.latitude < 54 and 73 < port.longitude < 136, port.code
        assert port.city_code[:2] in ("", port.province_code)


def test_loading_twice_changes_nothing(django_assert_max_num_queries):
    before = PortChange.objects.count(), Port.objects.filter(version=1).count()
    with acting_system("tests") as system, django_assert_max_num_queries(12):
        assert load_register(actor=system).changed == 0
    RegisterLoad.objects.all().delete()  # as after a release with other files of equal content
    with acting_system("tests") as system:
        assert load_register(actor=system).counts == {}
    assert (PortChange.objects.count(), Port.objects.filter(version=1).count()) == before


def test_what_somebody_changed_is_kept_when_a_release_says_otherwise(monkeypatch):
    with acting_system("tests") as system:
        change_port(actor=system, code="luohu-rail", values={"city_name": "深圳市罗湖区"}, document=a_document())
    RegisterLoad.objects.all().delete()
    old = read_seed()
    altered = tuple(
        seeds.SeedPort(port.code, port.mode, tuple(
            seeds.Fact(fact.attribute, "别处", fact.document, fact.valid_from) if fact.attribute == "city_name" else fact
            for fact in port.facts
        )) if port.code in ("luohu-rail", "futian-rail") else port
        for port in old.ports
    )
    monkeypatch.setattr("kouan.ports.actions.read_seed", lambda: seeds.Seed(**{
        name: getattr(old, name) for name in seeds.Seed.__slots__ if name not in ("ports", "digest")
    }, ports=altered, digest="f" * 64))
    with acting_system("tests") as system:
        loaded = load_register(actor=system)
    assert Port.objects.get(code="luohu-rail").city_name == "深圳市罗湖区"
    assert Port.objects.get(code="futian-rail").city_name == "别处"
    assert [finding.code for finding in loaded.kept] == ["register_value_kept"]


def test_the_database_itself_holds_one_port_for_a_port_level_code():
    port = Port.objects.get(code="beijing-capital-air")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ports_portcode WHERE scheme = 'iata' AND code = 'PEK' AND valid_to IS NULL")
        assert cursor.fetchone()[0] == 1
    assert port.codes.get(scheme="iata").document.reference == "data-ourairports-2022"
    assert date(2021, 9, 16) == port.changes.get(attribute="name_zh").document.issued_on
