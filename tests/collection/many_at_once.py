"""Eight provinces that submit at once to a running server while the national office reads: shared by a proof and a measurement.

``people(installation)`` makes them; ``submit_and_read`` does it by HTTP and tells what was answered. Each province sends the same
cells again and again with new figures, so that a lost update would be a missing revision.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROVINCES, FILES, MONTHS = 8, 6, 12
PAGES = ("/", "/ports", "/intake", "/flows")
_MAKE = """
import json, django
django.setup()
from datetime import timedelta
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from kouan.accounts.models import ApiToken, Organisation, Role, User
from kouan.accounts.tokens import digest_of, new_secret
from kouan.basis import clock
from kouan.ports.models import Port
found, taken = [], set()
for port in Port.objects.order_by("code"):
    if port.province_code in taken or len(found) == 8:
        continue
    taken.add(port.province_code)
    home = Organisation.objects.create(code=f"many-{port.province_code}", kind="provincial_office", name_zh=f"省口岸办{port.province_code}",
                                       province_code=port.province_code)
    user = User.objects.create_user(f"many{port.province_code}", "correct-horse-battery", display_name="甲",
                                    role=Role.PROVINCIAL_OFFICER, organisation=home)
    secret = new_secret()
    ApiToken.objects.create(user=user, name="many", secret_digest=digest_of(secret), expires_at=clock.now() + timedelta(days=1))
    found.append([port.code, secret])
reader = User.objects.get(username="guojia")
session = SessionStore()
session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(reader.pk), "kouan.accounts.backends.SignInBackend"
session[HASH_SESSION_KEY] = reader.get_session_auth_hash()
session.create()
print(json.dumps({"provinces": found, "cookie": f"{settings.SESSION_COOKIE_NAME}={session.session_key}"}))
"""


def people(environment: dict[str, str]) -> dict[str, Any]:
    """Make eight provincial officers with keys and one national officer with a session."""
    done = subprocess.run([sys.executable, "-c", _MAKE], env=environment | {"DJANGO_SETTINGS_MODULE": "kouan.settings"},
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(done.stderr[-3000:])
    made: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return made


@contextmanager
def served(command: Sequence[str], environment: dict[str, str], tcp_port: int, log: Path) -> Iterator[str]:
    """A server as ``kouan serve`` runs it; its address."""
    with log.open("wb") as said:
        server = subprocess.Popen([*command, "serve", "--port", str(tcp_port), "--no-worker"], env=environment, stdin=subprocess.DEVNULL,
                                  stdout=said, stderr=subprocess.STDOUT)
        try:
            address = f"http://127.0.0.1:{tcp_port}"
            for _ in range(600):
                if server.poll() is not None:
                    raise AssertionError(log.read_text(encoding="utf-8")[-3000:])
                if ask(address + "/accounts/sign-in")[0]:
                    break
                time.sleep(0.1)
            yield address
        finally:
            server.terminate()
            server.wait(30)


def ask(address: str, headers: dict[str, str] | None = None, body: bytes | None = None) -> tuple[int, bytes]:
    """(status, body) of a request; (0, why) where nobody answers."""
    request = urllib.request.Request(address, data=body, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError as error:
        return 0, str(error).encode()


def a_file(port: str, edition: int) -> bytes:
    """A year of two measures; every figure differs from edition to edition."""
    rows = ["口岸,指标,时期,方向,数值,单位"]
    for month in range(1, MONTHS + 1):
        rows += [f"{port},person_crossings,2023-{month:02d},{way},{1_000 * edition + month},人次" for way in ("入境", "出境")]
        rows.append(f"{port},cargo_tonnes,2023-{month:02d},入境,{100 * edition + month},吨")
    return "\n".join(rows).encode()


def send(address: str, secret: str, content: bytes, name: str, key: str) -> tuple[int, dict[str, Any]]:
    """Submit a file through the API."""
    mark = "----kouan"
    body = (f'--{mark}\r\nContent-Disposition: form-data; name="source"\r\n\r\nport-return\r\n--{mark}\r\nContent-Disposition: form-data; '
            f'name="file"; filename="{name}"\r\nContent-Type: text/csv\r\n\r\n').encode() + content + f"\r\n--{mark}--\r\n".encode()
    status, said = ask(f"{address}/api/v1/batches", {"Authorization": f"Bearer {secret}", "Idempotency-Key": key,
                                                     "Content-Type": f"multipart/form-data; boundary={mark}"}, body)
    try:
        return status, json.loads(said)
    except ValueError:
        return status, {"said": said.decode("utf-8", "replace")[:500]}


@dataclass
class Told:
    """What the server answered. ``pages``: (seconds, status, path)."""

    acknowledged: list[dict[str, Any]] = field(default_factory=list)
    refused: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    pages: list[tuple[float, int, str]] = field(default_factory=list)
    submissions: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def page_percentile(self, share: float) -> float:
        """Seconds within which so many of the pages came."""
        held = sorted(each[0] for each in self.pages)
        return held[min(len(held) - 1, int(len(held) * share))] if held else 0.0


def submit_and_read(address: str, made: dict[str, Any], files: int = FILES) -> Told:
    """Eight at once, each its files one after another and each file twice with the same key; one reader all the while."""
    told, ended, lock = Told(), threading.Event(), threading.Lock()
    gate = threading.Barrier(len(made["provinces"]) + 1)

    def province(port: str, secret: str) -> None:
        gate.wait()
        for edition in range(1, files + 1):
            for _ in range(2):
                began = time.perf_counter()
                status, said = send(address, secret, a_file(port, edition), f"{port}-{edition}.csv", f"{port}-{edition}")
                with lock:
                    told.submissions.append(time.perf_counter() - began)
                    if status == 200:
                        told.acknowledged.append(said)
                    else:
                        told.refused.append((status, said))

    def reader() -> None:
        gate.wait()
        while not ended.is_set():
            for path in PAGES:
                began = time.perf_counter()
                status, _ = ask(address + path, {"Cookie": made["cookie"]})
                told.pages.append((time.perf_counter() - began, status, path))

    began = time.perf_counter()
    watching = threading.Thread(target=reader)
    working = [threading.Thread(target=province, args=each) for each in made["provinces"]]
    for each in (watching, *working):
        each.start()
    for each in working:
        each.join()
    ended.set()
    watching.join()
    told.seconds = time.perf_counter() - began
    return told


def tcp_port() -> int:
    """A free one."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


