"""Notices by mail: what somebody has been told since the last mail comes as one mail, not as one for each.

Mails go when the transaction that told is safely done, and outside of any, at the end of the day's run or (``send_soon``)
by the worker: a mail server that hangs keeps nobody
waiting, one that refuses stops nothing. Each attempt leaves a row. What did not go is tried again with the next
notices or the next day's run, for three days; the notice itself stands in the application all the time. A run that is
killed between sending and noting sends that mail twice rather than never.
"""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db.models import Q

from kouan.accounts.action import acting_system, action
from kouan.accounts.models import Role, User
from kouan.basis import clock
from kouan.desk.jobs import job_kind, submit
from kouan.desk.matters.models import MatterNotice, NoticeMail
from kouan.desk.progress import Report

MAILS = "notices.mail"
TRIED_FOR = timedelta(days=3)
MOST_LINES = 100


def waiting() -> dict[User, list[MatterNotice]]:
    """The notices that no mail has told of yet, by recipient, oldest first; of people who have an address."""
    rows = (
        MatterNotice.objects.filter(Q(mail__isnull=True) | ~Q(mail__failure=""), created_at__gte=clock.now() - TRIED_FOR,
                                    recipient__is_active=True, read_at__isnull=True)
        .exclude(recipient__email="").select_related("recipient").order_by("id")
    )
    found: dict[User, list[MatterNotice]] = {}
    for each in rows:
        found.setdefault(each.recipient, []).append(each)
    return found


def send_due() -> dict[str, int]:
    """Send one mail to everybody who has been told something; answer how many went and how many did not."""
    counts = {"sent": 0, "failed": 0}
    held = waiting()
    if not held:
        return counts
    connection, dead = get_connection(), ""
    try:
        connection.open()
    except (OSError, smtplib.SMTPException) as error:
        dead = reason_of(error)
    try:
        for person, notices in held.items():
            failure = dead or _sent(connection, person, notices)
            with acting_system("mails") as system:
                note_mail(actor=system, recipient=person, notices=notices, failure=failure)
            counts["failed" if failure else "sent"] += 1
    finally:
        if not dead:
            connection.close()
    return counts


@job_kind(MAILS, is_repeatable=True)
def run_mails(*, owner: Any, report: Report) -> dict[str, Any]:
    """Send what waits; answer how many mails went and how many did not."""
    return dict(send_due())


def send_soon() -> None:
    """Let the worker send what the running transaction tells, once it is done: who took the step waits for no mail server."""
    submit(MAILS, owner=None)


def _sent(connection: Any, person: User, notices: Sequence[MatterNotice]) -> str:
    """Try to send; why it did not go, or nothing."""
    many = len(notices)
    subject = f"口岸综合管理系统：{notices[0].text_zh[:60]}" if many == 1 else f"口岸综合管理系统：{many} 条办件提醒"
    lines = [f"· {each.text_zh}\n  {each.text_en}" for each in notices[:MOST_LINES]]
    if many > MOST_LINES:
        lines.append(f"· 另有 {many - MOST_LINES} 条，请登录系统查看。\n  {many - MOST_LINES} more; sign in to see them.")
    # An enterprise has no desk: what it is told of, it sees where it reported it.
    where = ("请登录系统，在“堵点难点”中查看。\nSign in and go to “Bottlenecks”." if person.role == Role.ENTERPRISE_USER
             else "请登录系统，在“待办”中办理。\nSign in and go to “To do”.")
    body = "\n\n".join([*lines, where])
    try:
        EmailMessage(subject, body + "\n", settings.DEFAULT_FROM_EMAIL, [person.email], connection=connection).send()
    except (OSError, smtplib.SMTPException, ValueError) as error:
        return reason_of(error)
    return ""


def reason_of(error: Exception) -> str:
    """Why a mail did not go: the kind of error and the server's code, without address or text of the mail.

    >>> reason_of(smtplib.SMTPRecipientsRefused({"x@example.cn": (550, b"no such user")}))
    'SMTPRecipientsRefused 550'
    """
    code = getattr(error, "smtp_code", None)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = next((said[0] for said in error.recipients.values()), None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__


@action("matters.act")
def note_mail(*, actor: Any, recipient: User, notices: Sequence[MatterNotice], failure: str) -> NoticeMail:
    """Keep that a mail went, or why it did not."""
    kept = NoticeMail.objects.create(recipient=recipient, notices_count=len(notices), failure=failure[:80])
    MatterNotice.objects.filter(pk__in=[each.pk for each in notices]).update(mail=kept)
    return kept


def last_failure(user: Any) -> NoticeMail | None:
    """The last mail to a user where it did not go; None once a later one went."""
    last = NoticeMail.objects.filter(recipient_id=user.pk).order_by("-pk").first()
    return last if last is not None and last.failure else None
