"""Kafka, **untested**: written to the documented behaviour of confluent-kafka; nobody has run it against a broker here.

Positions are committed by hand, after the journal's own commit (``enable.auto.commit`` off); a partition that is taken away before
is read again by its next reader, and what is told again is repeated, not doubled.
https://docs.confluent.io/platform/current/clients/confluent-kafka-python/html/index.html
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kouan.basis import Place, Refused
from kouan.monitoring.journal.brokers.following import Away, Message, library_missing


class Kafka:
    """A reader of one topic in a consumer group. ``settings``: a file of KEY=VALUE lines for security.protocol, sasl.* and the like."""

    def __init__(self, address: str, *, group: str, settings: Path | None) -> None:
        try:
            import confluent_kafka
        except ImportError as error:
            raise library_missing("confluent-kafka", error) from error
        parts = urlsplit(address)
        topic = parts.path.strip("/")
        if not topic:
            raise Refused.because(
                "no_topic", "地址里没有主题。", "The address names no topic.", where=Place(field="address"),
                remedy=("写作 kafka://主机:9092/主题。", "Write kafka://HOST:9092/TOPIC."))
        self._kafka = confluent_kafka
        self.name = f"kafka:{topic}/{group}"
        self._reader: Any = confluent_kafka.Consumer({
            **_settings_of(settings), "bootstrap.servers": parts.netloc, "group.id": group, "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        })
        self._reader.subscribe([topic])

    def fetch(self, most: int, seconds: float) -> Sequence[Message]:
        """At most so many waiting messages."""
        found = []
        try:
            for each in self._reader.consume(most, seconds):
                if (fault := each.error()) is None:
                    found.append(Message(each.value() or b"", each))
                elif fault.code() != self._kafka.KafkaError._PARTITION_EOF:
                    raise Away(str(fault))
        except self._kafka.KafkaException as error:
            raise Away(str(error)) from error
        return found

    def confirm(self, messages: Sequence[Message]) -> None:
        """Move the group's positions behind these messages."""
        last: dict[int, Any] = {each.token.partition(): each.token for each in messages}
        places = [self._kafka.TopicPartition(each.topic(), each.partition(), each.offset() + 1) for each in last.values()]
        try:
            self._reader.commit(offsets=places, asynchronous=False)
        except self._kafka.KafkaException as error:
            raise Away(str(error)) from error

    def close(self) -> None:
        """Leave the group."""
        self._reader.close()


def _settings_of(file: Path | None) -> dict[str, str]:
    if file is None:
        return {}
    lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {key.strip(): value.strip() for key, _, value in pairs}
