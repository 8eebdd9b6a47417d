"""Pages of 审计: for auditors of the national office only; entries, rows, blocks, verification, anchors."""

from __future__ import annotations

import json

import pytest
from django.db import connection

from accounts.factories import a_port_reporter, a_user, an_auditor, an_enterprise_user
from kouan.accounts.actions import set_language
from kouan.accounts.models import Organisation, OrganisationKind, Role
from kouan.audit.models import AuditBlock, AuditEntry
from kouan.audit.sealer import seal
from kouan.console.trail_words import value_html
from kouan.desk.jobs import run
from kouan.desk.models import Job, JobState
from kouan.ports.models import Port

ADDRESSES = (
    "/audit", "/audit?format=csv", "/audit?format=xlsx", "/audit?format=json", "/audit/entries/1", "/audit/rows/ports_port/1",
    "/audit/blocks", "/audit/blocks?format=json", "/audit/blocks/1", "/audit/verification",
)


@pytest.fixture
def auditor(db):
    """Of the national office."""
    return an_auditor()


@pytest.fixture
def client_of_auditor(open_as, auditor, ports):
    """A browser in which the auditor is signed in."""
    return open_as(auditor)


def entry_of(table: str, kind: str = "I") -> AuditEntry:
    return AuditEntry.objects.filter(table_name=table, kind=kind).order_by("-pk")[0]


# ---- who comes in ------------------------------------------------------------------------------------------


def a_provincial_auditor():
    office, _ = Organisation.objects.get_or_create(
        code="p44-audit", defaults={"kind": OrganisationKind.PROVINCIAL_OFFICE, "name_zh": "广东省口岸办", "province_code": "44"},
    )
    return a_user(Role.AUDITOR, office)


@pytest.mark.parametrize("who", ["officer", "guangdong", "administrator", "reporter", "enterprise", "provincial auditor"])
def test_nobody_but_auditors_of_the_nation_comes_in_and_each_attempt_is_recorded(request, open_as, ports, who):
    made = {"enterprise": an_enterprise_user, "provincial auditor": a_provincial_auditor, "reporter": lambda: a_port_reporter("luohu-rail")}
    client = open_as(made[who]() if who in made else request.getfixturevalue(who))
    for address in ADDRESSES:
        before = AuditEntry.objects.filter(kind="E", note="refused").count()
        assert client.get(address).status_code == 403, address
        assert AuditEntry.objects.filter(kind="E", note="refused").count() == before + 1, address
    for address in ("/audit/verification", "/audit/anchor.json"):
        assert client.post(address).status_code == 403
    assert not Job.objects.exists()


def test_visitors_are_sent_to_sign_in(client, db):
    assert all(client.get(address)["Location"].startswith("/sign-in") for address in ADDRESSES)


# ---- entries -----------------------------------------------------------------------------------------------


def test_the_list_is_narrowed_by_table_row_actor_kind_event_and_time(client_of_auditor, auditor):
    port = Port.objects.get(code="luohu-rail")
    port.name_en = "Luohu"
    port.save(update_fields=["name_en"])

    def ids(query):
        view = client_of_auditor.get(f"/audit?{query}").context["table"]
        return set(view.rows.values_list("pk", flat=True))

    def asked(**known):
        return set(AuditEntry.objects.filter(**known).values_list("pk", flat=True))

    assert ids("table=ports_port") == asked(table_name="ports_port") != set()
    assert ids(f"table=ports_port&row={port.pk}&kind=U") == asked(table_name="ports_port", row_pk=str(port.pk), kind="U") != set()
    assert ids("event=sign_in") == asked(kind="E", note="sign_in") != set()
    assert ids(f"actor={auditor.username}") == asked(actor_id=auditor.pk) == ids(f"actor={auditor.pk}")
    assert ids("actor=nobody-of-this-name") == set()
    assert ids("direct=yes") == asked(actor_id=None, proof="") - asked(kind="E")
    assert ids("until=2001") == set() and ids("since=2001") == asked() and ids("since=no+day") == set()


def test_refusals_and_guessed_numbers_show_at_once(client_of_auditor, open_as, guangdong):
    stranger = open_as(guangdong)
    stranger.get("/audit")
    stranger.get("/ports/manzhouli-road")
    page = client_of_auditor.get("/audit?event=refusals").content.decode()
    assert "拒绝的操作" in page and "访问范围外的记录" in page and guangdong.username in page and "/ports/manzhouli-road" in page


def test_a_write_past_the_system_is_marked(client_of_auditor):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ports_port SET city_name = '某市' WHERE code = 'luohu-rail'")
    page = client_of_auditor.get("/audit?direct=yes").content.decode()
    assert "直接写入" in page and "口岸" in page
    found = entry_of("ports_port", "U")
    page = client_of_auditor.get(f"/audit/entries/{found.pk}").content.decode()
    assert "直接写入" in page and "某市" in page and "所在市县" in page


def test_an_entry_shows_before_and_after_and_hides_personal_fields(client_of_auditor, auditor):
    page = client_of_auditor.get(f"/audit/entries/{entry_of('accounts_user').pk}").content.decode()
    assert "个人信息，只留摘要" in page and auditor.display_name not in page.split('class="facts"', 1)[1] and "pbkdf2" not in page
    port = Port.objects.get(code="luohu-rail")
    port.name_en = "Luohu <b>"
    port.save(update_fields=["name_en"])
    page = client_of_auditor.get(f"/audit/entries/{entry_of('ports_port', 'U').pk}").content.decode()
    assert "Luohu &lt;b&gt;" in page and "变更前" in page and "待封存" in page


def test_the_history_of_a_row_stands_oldest_first(client_of_auditor):
    port = Port.objects.get(code="luohu-rail")
    for name in ("One", "Two"):
        port.name_en = name
        port.save(update_fields=["name_en"])
    view = client_of_auditor.get(f"/audit/rows/ports_port/{port.pk}").context["table"]
    kinds, numbers = [row.kind for row in view.page_rows], [row.pk for row in view.page_rows]
    assert kinds[0] == "I" and kinds[-2:] == ["U", "U"] and numbers == sorted(numbers)
    assert client_of_auditor.get("/audit/rows/ports_port/999999").status_code == 404
    assert client_of_auditor.get("/audit/rows/auth_group/1").status_code == 404
    assert client_of_auditor.get("/audit/entries/99999999").status_code == 404


@pytest.mark.parametrize("kind", ["csv", "json", "xlsx"])
def test_exports_hold_the_whole_entry_and_are_themselves_recorded(client_of_auditor, kind):
    answer = client_of_auditor.get(f"/audit?table=ports_port&format={kind}")
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    assert answer.status_code == 200 and len(content) > 400
    if kind == "json":
        assert all(row["table_name"] for row in json.loads(content)["rows"])
    assert AuditEntry.objects.filter(kind="E", note="export").exists()


def test_the_pages_of_a_long_trail_are_bounded(client_of_auditor, monkeypatch):
    from kouan.console import long_tables

    monkeypatch.setattr(long_tables, "BOUND", 3)
    view = client_of_auditor.get("/audit").context["table"]
    assert view.total == 3 and "只列前 3 条" in view.notes[0].zh


# ---- blocks, verification, anchors -------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_blocks_verification_and_anchor(client_of_auditor, auditor):
    assert "还没有核验过" in client_of_auditor.get("/audit/verification").content.decode()
    seal()
    block = AuditBlock.objects.latest("number")
    assert f"#{block.number}" in client_of_auditor.get("/audit/blocks").content.decode()
    page = client_of_auditor.get(f"/audit/blocks/{block.number}").content.decode()
    assert block.digest in page and block.mac in page
    assert client_of_auditor.get(f"/audit/blocks/{block.number + 9}").status_code == 404
    sealed = AuditEntry.objects.filter(table_name="ports_port")[0]
    assert "区块 #" in client_of_auditor.get(f"/audit/entries/{sealed.pk}").content.decode()

    assert client_of_auditor.post("/audit/verification").status_code == 302
    job = Job.objects.latest("pk")
    client_of_auditor.post("/audit/verification")  # pressed twice: one job
    assert Job.objects.count() == 1 and "progressbar" in client_of_auditor.get("/audit/verification").content.decode()
    assert run(job.pk).state == JobState.DONE
    page = client_of_auditor.get("/audit/verification").content.decode()
    assert "审计记录完好" in page and "progressbar" not in page and auditor.display_name in page

    answer = client_of_auditor.post("/audit/anchor.json")
    document = json.loads(answer.content)
    assert document["number"] == AuditBlock.objects.latest("number").number and document["signature"]
    assert AuditEntry.objects.filter(kind="E", note="audit.anchor", actor_id=auditor.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_a_trail_that_does_not_verify_is_said_in_red_with_the_place(client_of_auditor):
    client_of_auditor.post("/audit/verification")
    port = Port.objects.get(code="luohu-rail")
    # The row changes while its trigger is away: the last entry no longer says what stands there.
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'ports_port'")
            triggers = cursor.fetchall()
            for name, _ in triggers:
                cursor.execute(f'DROP TRIGGER "{name}"')
            cursor.execute("UPDATE ports_port SET city_name = '改过' WHERE id = %s", [port.pk])
            for _, sql in triggers:
                cursor.execute(sql)
        else:
            cursor.execute("ALTER TABLE ports_port DISABLE TRIGGER USER")
            cursor.execute("UPDATE ports_port SET city_name = '改过' WHERE id = %s", [port.pk])
            cursor.execute("ALTER TABLE ports_port ENABLE TRIGGER USER")
    run(Job.objects.get().pk)
    page = client_of_auditor.get("/audit/verification").content.decode()
    assert "审计记录未通过核验" in page and "seal-bad" in page and "ports_port" in page


def test_every_page_speaks_english_too(client_of_auditor):
    client_of_auditor.cookies["kouan_language"] = "en"
    number = entry_of("ports_port").pk
    for address in ("/audit", f"/audit/entries/{number}", "/audit/blocks", "/audit/verification"):
        page = client_of_auditor.get(address).content.decode()
        assert 'lang="en"' in page and "变更" not in page and "封存" not in page, address


def test_deeds_and_tables_stand_in_words_with_their_code_below(client_of_auditor, auditor):
    set_language(actor=auditor, language="en")
    page = client_of_auditor.get("/audit?table=accounts_user").content.decode()
    assert '更改界面语言<span class="subline"><code>accounts.actions.set_language</code></span>' in page
    assert '用户<span class="subline">accounts_user</span>' in page
    assert "更改界面语言" in client_of_auditor.get(f"/audit/entries/{entry_of('accounts_user', 'U').pk}").content.decode()
    assert "操作：" in client_of_auditor.get("/audit?event=refused").content.decode() or not AuditEntry.objects.filter(note="refused").exists()
    client_of_auditor.cookies["kouan_language"] = "en"
    page = client_of_auditor.get("/audit?table=accounts_user").content.decode()
    assert "Change the language of the pages" in page and "Users (accounts_user)" in page


def test_the_parts_of_a_refusal_are_named(client_of_auditor, open_as, guangdong):
    assert open_as(guangdong).get("/audit").status_code == 403
    page = client_of_auditor.get("/audit?event=refused").content.decode()
    assert "权限：audit.read" in page and "permission audit.read" not in page


def test_the_command_that_compares_an_anchor_does_not_break_at_its_dashes(client_of_auditor):
    assert '<span class="text-nowrap">--anchor 文件</span>' in client_of_auditor.get("/audit/verification").content.decode()


def test_a_text_kept_as_json_is_read_as_text():
    assert value_html('"\\u73f2\\u6625"') == "珲春"
