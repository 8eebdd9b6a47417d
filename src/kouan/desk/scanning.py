"""The hook for a virus scanner: a command of the operator's that reads a file on standard input.

``KOUAN_SCAN_COMMAND`` names it (``clamdscan --no-summary -``). Its exit status is its answer: 0 clean, 1 infected,
anything else not scanned; a file that was not scanned is not kept either, for a scanner that fails must not open
the door. Without the setting nothing is scanned.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from django.conf import settings

from kouan.basis import Place, Refused

# Below the thirty seconds that another writer waits for an embedded database.
LONGEST_SECONDS = 25


def refuse_infected(place: Path, name: str) -> None:
    """Show a file to the scanner, if there is one. Raises Refused (``infected`` or ``not_scanned``)."""
    command = list(settings.KOUAN_SCAN_COMMAND)
    if not command:
        return
    try:
        with place.open("rb") as file:
            status = subprocess.run(  # noqa: S603 - the operator's own command
                command, stdin=file, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=LONGEST_SECONDS, check=False).returncode
        why = f"exit status {status}"
    except subprocess.TimeoutExpired:
        status, why = -1, f"> {LONGEST_SECONDS} s"
    except OSError as error:
        status, why = -1, str(error.strerror or type(error).__name__)
    if status == 0:
        return
    if status == 1:
        raise Refused.because(
            "infected", f"病毒扫描程序报告“{name}”带有恶意内容，文件未接收。",
            f"The virus scanner reports harmful content in “{name}”; it was not taken in.", where=Place(file=name),
            remedy=("请在本机查杀后重新取得干净的文件，并告知本单位信息安全人员。",
                    "Clean your machine, get the file anew, and tell those in charge of information security."))
    raise Refused.because(
        "not_scanned", f"病毒扫描程序没有给出结论，“{name}”未接收。", f"The virus scanner gave no verdict; “{name}” was not taken in.",
        where=Place(file=name), measured=why, required="0",
        remedy=("请稍后重试；仍不成功时请联系系统管理员检查扫描程序。", "Try again later; else ask your administrator to look at the scanner."))
