"""Configurations in which nobody may be served, each told as a finding: what is set, why it is dangerous, what to set instead.

``kouan serve`` and the WSGI door ask before they let anybody in. Only what the environment decides is looked at; that
nothing else is wrong with a machine nobody can promise.

>>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0"), is_loopback("10.1.2.3")
(True, True, False, False)
"""

from __future__ import annotations

import ipaddress
import os
import stat
from collections.abc import Iterator

from django.conf import settings

from kouan.basis import Finding, Refused

SHORTEST_KEY = 50


def is_loopback(host: str) -> bool:
    """Whether an address or host name means this machine alone."""
    name = host.strip("[]").lower()
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def dangers(host: str | None = None) -> list[Finding]:
    """Everything dangerous in the settings; with ``host``, in listening on that address too."""
    return [*_of_debug(host), *_of_names(), *_of_plain_http(host), *_of_keys(), *_of_database()]


def refuse_if_dangerous(host: str | None = None) -> None:
    """Raise ``Refused`` with all that is dangerous."""
    if found := dangers(host):
        raise Refused(found)


def _danger(code: str, zh: str, en: str, remedy: tuple[str, str]) -> Finding:
    return Finding.error(f"dangerous_{code}", zh, en, remedy=remedy)


def _of_debug(host: str | None) -> Iterator[Finding]:
    if not settings.DEBUG:
        return
    reached = [each for each in settings.ALLOWED_HOSTS if not is_loopback(each) and each != "testserver"]
    if host is not None and not is_loopback(host):
        reached.append(host)
    if reached:
        yield _danger(
            "debug_reachable", f"KOUAN_DEBUG=1（口令公开的演示账号可以登录）时不得对外服务：{'、'.join(reached)}。",
            f"With KOUAN_DEBUG=1 (demonstration sign-ins with a printed password) nothing may be served beyond this machine: {', '.join(reached)}.",
            ("正式环境请去掉 KOUAN_DEBUG；演示请只监听 127.0.0.1，且不设 KOUAN_HOSTS。",
             "Unset KOUAN_DEBUG on a real installation; for a demonstration listen on 127.0.0.1 and leave KOUAN_HOSTS unset."))
    if settings.KOUAN_HTTPS:
        yield _danger(
            "debug_behind_proxy", "KOUAN_HTTPS=1 表明前面有代理对外服务，不得同时设 KOUAN_DEBUG=1。",
            "KOUAN_HTTPS=1 says that a proxy serves others; KOUAN_DEBUG=1 must not stand beside it.",
            ("请去掉 KOUAN_DEBUG。", "Unset KOUAN_DEBUG."))


def _of_names() -> Iterator[Finding]:
    if any(each in ("*", ".") for each in settings.ALLOWED_HOSTS):
        yield _danger(
            "any_host", "KOUAN_HOSTS 含“*”，任何主机名都会被接受，密码重设链接可被伪造。",
            "KOUAN_HOSTS holds “*”: every host name is accepted, and links of renewed passwords can be forged.",
            ("请逐一写明本系统的域名。", "Write the names of this system, one by one."))


def _of_plain_http(host: str | None) -> Iterator[Finding]:
    if settings.DEBUG or settings.KOUAN_HTTPS or settings.KOUAN_PLAIN_HTTP or host is None or is_loopback(host):
        return
    yield _danger(
        "plain_http", f"在 {host} 上以明文 HTTP 服务，口令和会话可被窃听。",
        f"Serving plain HTTP on {host}: passwords and sessions can be overheard.",
        ("请用 HTTPS 代理并设 KOUAN_HTTPS=1；传输确由其他手段加密的（如 VPN），设 KOUAN_PLAIN_HTTP=1 并记入部署文档。",
         "Put a proxy with HTTPS in front and set KOUAN_HTTPS=1; where something else encrypts (a VPN), set KOUAN_PLAIN_HTTP=1 and write it down."))


def _of_keys() -> Iterator[Finding]:
    if len(settings.SECRET_KEY) < SHORTEST_KEY or len(set(settings.SECRET_KEY)) < 16:
        yield _danger(
            "short_key", "签署会话和密码链接的密钥过短或过于规律。", "The key that signs sessions and password links is too short or too regular.",
            (f"请在 KOUAN_SECRET_KEY 中设 {SHORTEST_KEY} 个以上随机字符，或不设，由系统在主目录生成。",
             f"Set {SHORTEST_KEY} random characters or more in KOUAN_SECRET_KEY, or leave it unset: the home makes one."))
    if os.name != "posix":
        return
    loose = [path.name for path in sorted(settings.HOME.path.glob("*.key")) if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)]
    if loose:
        yield _danger(
            "open_key_files", f"主目录中的密钥文件可被其他用户读写：{'、'.join(loose)}。",
            f"Key files of the home are open to other users: {', '.join(loose)}.",
            ("请运行 chmod 600，并判断密钥是否已经泄露、需要更换。", "Run chmod 600, and judge whether the keys are known and must be changed."))


def _of_database() -> Iterator[Finding]:
    database = settings.DATABASES["default"]
    if settings.DEBUG or not database["ENGINE"].endswith("postgresql"):
        return
    name, password, host = database.get("USER") or "", database.get("PASSWORD") or "", database.get("HOST") or ""
    if password and (password.lower() in {name.lower(), "postgres", "password", "admin", "123456"}):
        yield _danger(
            "database_password", "数据库口令是默认口令或与用户名相同。", "The database's password is a default one, or the user's own name.",
            ("请更换数据库口令，并更新 KOUAN_DATABASE_URL。", "Change it in the database and in KOUAN_DATABASE_URL."))
    if host and not host.startswith("/") and not is_loopback(host) and not password:
        yield _danger(
            "database_open", f"数据库 {host} 不要口令即可连接。", f"The database {host} is reached without a password.",
            ("请为数据库用户设口令并写入 KOUAN_DATABASE_URL。", "Give the database user a password and write it in KOUAN_DATABASE_URL."))
