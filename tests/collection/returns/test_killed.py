"""A filing killed at any of its writes leaves nothing half done; sent again it is there once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import Installation

SCRIPT = Path(__file__).with_name("a_killed_filing.py")
ASK = """
import django, json; django.setup()
from kouan.accounts.action import acting_system
from kouan.accounts.models import User
from kouan.collection.returns import actions
from kouan.collection.returns.models import Return, ReturnVersion
from kouan.desk.matters.models import Matter
from kouan.desk.models import DocumentVersion
actor = User.objects.get(username="luohu-bianjian")
held = actions.owed(actor=actor, form="KA-02", port="luohu-rail", period="2023-12")
print(json.dumps([held.pk, held.state, held.version, ReturnVersion.objects.count(), Matter.objects.filter(procedure="return_review").count(),
                  DocumentVersion.objects.filter(document__reference__startswith="return:").count()]))
"""


def asked(installation: Installation) -> list[Any]:
    done = subprocess.run([sys.executable, "-c", ASK], env=installation.environment | {"DJANGO_SETTINGS_MODULE": "kouan.settings"},
                          cwd=installation.home, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


@pytest.mark.long
def test_a_filing_killed_at_any_write_is_whole_or_absent(prepared: Installation) -> None:
    number, *before = asked(prepared)
    environment = prepared.environment | {"DJANGO_SETTINGS_MODULE": "kouan.settings"}

    def file(at: int) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, str(SCRIPT), str(number), str(at)], env=environment, cwd=prepared.home, capture_output=True, text=True,
                              check=False)

    for at in range(1, 60, 4):  # about 24 writes
        done = file(at)
        if done.returncode == 0:
            break
        assert done.returncode == -9, done.stderr
        assert asked(prepared)[1:] == before, f"killed at write {at}"
    else:
        pytest.fail("the filing never came to its end")
    assert at > 8, "a filing of so few writes proves nothing"
    assert done.stdout.split()[1] == "1"
    assert asked(prepared)[3:] == [1, 1, 1]
    assert file(0).returncode == 0 and asked(prepared)[3:] == [1, 1, 1]
    verified = prepared.kouan("audit", "verify", "--json")
    assert verified.returncode == 0, verified.stderr
