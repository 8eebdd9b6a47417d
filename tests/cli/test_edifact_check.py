"""``kouan edifact check``: what an operator sees of a file of messages."""

from __future__ import annotations

from pathlib import Path

GOOD = "UNB+UNOA:3+SHIPPER:ZZ+CUSTOMS:ZZ+261127:0800+REF1'UNH+M1+CUSCAR:D:96B:UN'BGM+85+X1'UNT+3+M1'UNZ+1+REF1'"


def test_a_sound_file_is_listed_and_answered(kouan, tmp_path: Path) -> None:
    file = tmp_path / "a.edi"
    file.write_text(GOOD)
    done = kouan("edifact", "check", str(file), "--answer", str(tmp_path / "answers"), "--at", "2026-11-27T08:05")
    assert done.status == 0 and "CUSCAR" in done.out and "可读" in done.out
    assert (tmp_path / "answers" / "a-1-contrl.edi").read_text() == (
        "UNB+UNOA:3+CUSTOMS:ZZ+SHIPPER:ZZ+261127:0805+26112708050001'UNH+1+CONTRL:D:3:UN'UCI+REF1+SHIPPER:ZZ+CUSTOMS:ZZ+7'UNT+3+1'"
        "UNZ+1+26112708050001'")


def test_a_cut_file_says_where_and_what_to_do(kouan, tmp_path: Path) -> None:
    file = tmp_path / "cut.edi"
    file.write_text(GOOD[:-20])
    done = kouan("-l", "en", "edifact", "check", str(file))
    assert done.status == 1 and "cut off" in done.err and "Send it again, whole." in done.err
    told = kouan("edifact", "check", str(file), "--json").json
    assert told["interchanges"][0]["is_sound"] is False and {each["code"] for each in told["findings"]} >= {"edifact_no_trailer"}


def test_a_file_of_something_else_is_said_to_be_none(kouan, tmp_path: Path) -> None:
    file = tmp_path / "b.edi"
    file.write_bytes(b"\x89PNG\r\n\x1a\n")
    done = kouan("edifact", "check", str(file))
    assert done.status == 1 and "没有可读的报文" in done.out and "UNA 或 UNB" in done.err
