"""Point-in-time recovery, really: a cluster lost, its base and archive brought back to a moment, the trail verified."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "rehearse-recovery"


@pytest.mark.long
@pytest.mark.postgres
def test_a_lost_cluster_comes_back_to_the_moment_with_its_trail() -> None:
    done = subprocess.run([sys.executable, str(SCRIPT), "--json"], capture_output=True, text=True, timeout=900, check=False)
    seen = json.loads(done.stdout)
    assert (seen["before"], seen["after"]) == (200, 0), seen
    assert seen["verify"] == 0, seen["verify_said"]
    assert seen["verify_against_the_later_anchor"] == 1 and "tail of the chain was cut off" in seen["later_anchor_said"]
    assert seen["later"] == 5 and seen["verify_after_further_writes"] == 0
    assert done.returncode == 0
