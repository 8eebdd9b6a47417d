"""The loop between a broker and the journal."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from django.db import InterfaceError, OperationalError, close_old_connections

from kouan.basis import Refused
from kouan.monitoring.journal import shape
from kouan.monitoring.journal.actions import Answer, take_in_events
from kouan.monitoring.journal.models import Channel

log = logging.getLogger("kouan.events")
# Seconds: how long a look waits for messages; pauses after a fault, the last one over and over.
LOOK, PAUSES = 0.2, (1.0, 2.0, 5.0, 15.0, 30.0)


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its bytes (an event, an array of events, or one event a line) and what its broker needs to confirm it."""

    data: bytes
    token: Any


class Away(Exception):
    """The broker cannot be reached at the moment; it will be asked again."""


class Broker(Protocol):
    """What an adapter does. Each may raise ``Away``; nothing else than ``confirm`` tells the broker that a message was taken."""

    name: str

    def fetch(self, most: int, seconds: float) -> Sequence[Message]:
        """At most so many waiting messages, waiting so long for the first."""

    def confirm(self, messages: Sequence[Message]) -> None:
        """Say that these have been taken."""

    def close(self) -> None:
        """Let go of the line."""


@dataclass(slots=True)
class Followed:
    """What a follower has taken so far."""

    messages: int = 0
    received: int = 0
    accepted: int = 0
    repeated: int = 0
    held: int = 0
    broken: int = 0  # how often broker or database was away

    def add(self, messages: int, answer: Answer) -> None:
        """Count one commit."""
        said = answer.as_dict(0)
        self.messages += messages
        for name in ("received", "accepted", "repeated", "held"):
            setattr(self, name, getattr(self, name) + said[name])

    def as_dict(self) -> dict[str, int]:
        """JSON-ready."""
        return {name: getattr(self, name) for name in self.__slots__}


def follow(
    broker: Broker, *, actor: Any, source: str, stop: threading.Event, until_empty: bool = False,
    progress: Callable[[Followed], None] = lambda done: None,
) -> Followed:
    """Take in what the broker brings until ``stop`` is set; with ``until_empty`` until nothing has been waiting for a look.

    The source named is the one that speaks, whatever source an event names. NotFound or NotAllowed as at the door.
    """
    done, faults = Followed(), 0
    while not stop.is_set():
        try:
            waiting = broker.fetch(shape.MOST, LOOK)
            if not waiting and until_empty:
                break
            for messages, read in chunks(waiting, source):
                _take_in(messages, read, broker, actor, source, done, stop)
            faults = 0
        except Away as fault:
            done.broken += 1
            log.warning("%s is away, trying again: %s", broker.name, fault)
            stop.wait(PAUSES[min(faults, len(PAUSES) - 1)])
            faults += 1
        progress(done)
    return done


def _take_in(
    messages: Sequence[Message], read: shape.Read, broker: Broker, actor: Any, source: str, done: Followed, stop: threading.Event,
) -> None:
    """One commit, tried until it holds; only then is the broker told."""
    for tried in range(1_000_000_000):
        if stop.is_set():
            return  # not confirmed: the broker tells it again
        try:
            answer = take_in_events(actor=actor, read=read, channel=Channel.STREAM, source=source, file=(broker.name[-255:], ""))
        except (OperationalError, InterfaceError) as fault:
            done.broken += 1
            log.warning("the database is away, the messages wait: %s", fault)
            stop.wait(PAUSES[min(tried, len(PAUSES) - 1)])
            close_old_connections()
            continue
        done.add(len(messages), answer)
        broker.confirm(messages)
        return


def chunks(messages: Sequence[Message], source: str) -> Iterator[tuple[list[Message], shape.Read]]:
    """Whole messages put together to at most a thousand events each time. A message that is no event is held with its reason."""
    taken: list[Message] = []
    together = shape.Read()
    for message in messages:
        read = _events_of(message, source)
        if taken and together.count + read.count > shape.MOST:
            yield taken, together
            taken, together = [], shape.Read()
        first = together.count
        taken.append(message)
        together.events += read.events
        together.numbers += [first + number for number in read.numbers]
        together.misfits += [(first + number, raw, finding) for number, raw, finding in read.misfits]
    if taken:
        yield taken, together


def _events_of(message: Message, source: str) -> shape.Read:
    try:
        read = shape.read(message.data)
    except Refused as refused:
        return shape.Read(misfits=[(1, message.data.decode("utf-8", "replace").replace("\x00", "�")[:10_000], refused.findings[0])])
    for event in read.events:
        event.source = source
        event.origin = "" if event.origin == "official" else event.origin  # what is official follows from the source
    for _, raw, _ in read.misfits:
        if isinstance(raw, dict):
            raw["source"] = source
    return read


def broker_of(address: str, *, stream: str, subject: str, durable: str, credentials: Path | None) -> Broker:
    """The adapter for an address: ``nats://`` or ``tls://`` (JetStream), ``kafka://HOST:PORT/TOPIC``."""
    scheme = urlsplit(address).scheme
    if scheme in ("nats", "tls"):
        from kouan.monitoring.journal.brokers.nats_jetstream import JetStream

        return JetStream(address, stream=stream, subject=subject, durable=durable, credentials=credentials)
    if scheme == "kafka":
        from kouan.monitoring.journal.brokers.kafka import Kafka

        return Kafka(address, group=durable, settings=credentials)
    raise Refused.because(
        "unknown_broker", "不认识的消息队列地址。", "The address names no broker that is known.", measured=address[:80],
        remedy=("写作 nats://主机:4222、tls://主机:4222 或 kafka://主机:9092/主题。",
                "Write nats://HOST:4222, tls://HOST:4222 or kafka://HOST:9092/TOPIC."))


def library_missing(name: str, error: ImportError) -> Refused:
    """The refusal where an optional library is not installed."""
    return Refused.because(
        "library_missing", f"没有安装 {name}，不能连接这种消息队列。", f"{name} is not installed; this broker cannot be reached.",
        measured=str(error), remedy=("运行 scripts/bootstrap brokers。", "Run scripts/bootstrap brokers."))
