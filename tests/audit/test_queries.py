"""Reading the trail."""

from __future__ import annotations

from typing import Any

from kouan.audit import acting, queries, record_event, sealer


def test_filters_narrow_newest_first(trial: Any) -> None:
    with acting(7, "berths.open"):
        one = trial.Berth.objects.create(name="一")
        trial.Berth.objects.filter(pk=one.pk).update(tonnes=3)
    with acting(8, "berths.close"):
        trial.Berth.objects.create(name="二")
    trial.Berth.objects.filter(pk=one.pk).update(tonnes=4)
    record_event("export", actor_id=8, payload={"rows": 1})

    def kinds(**filters: Any) -> str:
        return "".join(entry.kind for entry in queries.entries(**filters).exclude(note__startswith="audit."))

    assert kinds() == "EUIUI"
    assert kinds(table="trial_berth", row=str(one.pk)) == "UUI"
    assert kinds(actor_ids=[8]) == "EI" and kinds(actor_ids=[]) == ""
    assert kinds(kinds="EI") == "EII" and kinds(note="berths.") == "IUI" and kinds(direct=True) == "U"
    newest = queries.entries().first()
    assert newest is not None
    assert kinds(before_id=newest.pk) == "UIUI"
    assert kinds(since=newest.at[:10], until=newest.at[:10]) == "EUIUI" and kinds(since="2999") == ""
    assert kinds(until="2001") == ""


def test_the_history_of_a_row_tells_each_change(trial: Any) -> None:
    with acting(7, "verb"):
        one = trial.Berth.objects.create(name="一")
        trial.Berth.objects.filter(pk=one.pk).update(name="二", tonnes=3)
        key = one.pk
        trial.Berth.objects.all().delete()
    born, changed, gone = queries.history_of("trial_berth", key)
    assert {(change.column, change.before, change.after) for change in queries.changes_of(changed)} == {
        ("name", "一", "二"), ("tonnes", None, 3),
    }
    assert {change.column for change in queries.changes_of(born)} >= {"id", "name", "facts"}
    assert all(change.after is None for change in queries.changes_of(gone))
    record_event("export", payload=["a", "b"])
    assert queries.changes_of(queries.entries().get(note="export"))[0].after == ["a", "b"]


def test_blocks_and_standing(trial: Any) -> None:
    sealer.seal()
    with acting(7, "verb"):
        trial.Berth.objects.create(name="一")
    standing = queries.standing()
    assert standing["unsealed"] == 1 and standing["head"] == queries.blocks().first()
    sealer.seal()
    head = queries.blocks().first()
    assert head is not None
    assert [entry.note for entry in queries.entries_of_block(head.number)] == ["verb"]
    assert list(queries.entries_of_block(9999)) == []
    assert queries.standing()["unsealed"] == 0 and "trial_berth" in queries.tables()
