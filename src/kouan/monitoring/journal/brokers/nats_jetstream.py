"""NATS JetStream: a durable pull consumer (https://docs.nats.io/nats-concepts/jetstream/consumers).

The client library works in an event loop; it has a thread of its own here. It restores a broken line by itself, without end. The
server tells a message again when it was not confirmed within two minutes.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

from kouan.basis import Place, Refused
from kouan.monitoring.journal.brokers.following import Away, Message, library_missing

T = TypeVar("T")
# Seconds until an unconfirmed message is told again; messages that may wait for their confirmation; seconds for one answer.
TOLD_AGAIN, UNCONFIRMED, PATIENCE = 120, 20_000, 10.0


class JetStream:
    """One durable consumer of a stream. ``credentials``: a .creds file of NATS."""

    def __init__(self, address: str, *, stream: str, subject: str, durable: str, credentials: Path | None) -> None:
        try:
            import nats
        except ImportError as error:
            raise library_missing("nats-py", error) from error
        self.name = f"nats:{stream}/{durable}"
        self._nats, self._address, self._stream, self._subject = nats, address, stream, subject
        self._durable, self._credentials = durable, credentials
        self._line: Any = None
        self._pull: Any = None
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="nats", daemon=True).start()

    def fetch(self, most: int, seconds: float) -> Sequence[Message]:
        """At most so many waiting messages."""
        return self._wait(self._fetch(most, seconds), PATIENCE + seconds)

    def confirm(self, messages: Sequence[Message]) -> None:
        """Confirm them; a confirmation that is lost means that the message is told again."""
        self._wait(self._confirm(messages), PATIENCE)

    def close(self) -> None:
        """Let go of the line."""
        if self._line is not None:
            try:
                self._wait(self._line.close(), PATIENCE)
            except Away:
                pass  # it is gone already
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _connected(self) -> Any:
        if self._line is None or self._line.is_closed:
            options: dict[str, Any] = {"user_credentials": str(self._credentials)} if self._credentials else {}
            # The first line is tried once (the loop outside tries again); a line that breaks is restored for ever.
            self._line = await self._nats.connect(
                self._address, name="kouan", allow_reconnect=True, max_reconnect_attempts=-1, reconnect_time_wait=1, connect_timeout=5,
                error_cb=_quiet, **options)
            self._pull = None
        if not self._line.is_connected:
            raise Away("the line is broken")
        if self._pull is None:
            config = self._nats.js.api.ConsumerConfig(ack_wait=TOLD_AGAIN, max_ack_pending=UNCONFIRMED)
            try:
                self._pull = await self._line.jetstream().pull_subscribe(self._subject, durable=self._durable, stream=self._stream, config=config)
            except self._nats.js.errors.NotFoundError as error:
                raise Refused.because(
                    "no_stream", f"消息队列里没有流“{self._stream}”。", f"The broker has no stream “{self._stream}”.",
                    where=Place(field="stream"),
                    remedy=("核对 --stream，或请消息队列的管理员建立。", "Check --stream, or have the stream made.")) from error
        return self._pull

    async def _fetch(self, most: int, seconds: float) -> list[Message]:
        pull = await self._connected()
        try:
            return [Message(each.data, each) for each in await pull.fetch(most, timeout=seconds)]
        except (self._nats.errors.TimeoutError, TimeoutError):
            return []

    async def _confirm(self, messages: Sequence[Message]) -> None:
        for each in messages:
            await each.token.ack()
        await self._line.flush(timeout=5)

    def _wait(self, work: Coroutine[Any, Any, T], seconds: float) -> T:
        asked = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return asked.result(seconds)
        except (self._nats.errors.Error, OSError, TimeoutError) as error:
            asked.cancel()
            raise Away(f"{type(error).__name__}: {error}") from error


async def _quiet(error: Exception) -> None:
    """Every fault shows where it matters: in the call that it breaks."""
