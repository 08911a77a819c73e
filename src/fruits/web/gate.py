"""The first thing that a request meets: bodies within their limits and their time, in bounded memory; health at once.

Everything here runs on the event loop and waits for no thread, so that any number of slow clients neither holds a
worker nor keeps ``/healthz`` from answering.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from fruits.catalogue import Language
from fruits.web import metrics
from fruits.web.messages import error_message
from fruits.web.rates import network

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]

_DRAIN_SECONDS = 10.0
_DRAIN_TIMES = 4


@dataclass(frozen=True)
class GateLimits:
    """``photo`` and ``other``: bytes of the body of an upload and of any other request. ``seconds``: for a whole body.

    ``memory``: bytes of all bodies in the process at one time, of which ``share`` from one network address;
    ``waiting``: requests inside at one time.
    """

    photo: int
    other: int
    seconds: float
    memory: int = 160 * 2**20
    share: int = 40 * 2**20
    waiting: int = 256


@dataclass(frozen=True)
class _RefusedError(Exception):
    """A request that goes no further."""

    status: int
    code: str
    limit: int | None = None
    retry_after: int | None = None
    drain: int = 0


class _Body:
    """A body as it comes in; handed over once, so that there is one copy of it."""

    def __init__(self, address: str) -> None:
        self._chunks: list[bytes] = []
        self.address = address
        self.length = 0

    def add(self, chunk: bytes) -> None:
        self._chunks.append(chunk)
        self.length += len(chunk)

    def take(self) -> bytes:
        chunks, self._chunks = self._chunks, []
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)


class Gate:
    """An ASGI application around another; ``start`` runs once before the first request."""

    def __init__(self, app: App, limits: GateLimits, start: Callable[[], object] = lambda: None) -> None:
        self._app = app
        self._limits = limits
        self._start = start
        self._held: Counter[str] = Counter()
        self._inside = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, answer it here, or refuse it."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            if scope["path"] == "/healthz" and scope["method"] in ("GET", "HEAD"):
                await _answer(send, 200, {"status": "ok"}, head=scope["method"] == "HEAD")
            else:
                await self._admit(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await asyncio.to_thread(self._start)
                await send({"type": "lifespan.startup.complete"})
            else:
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = _Body(network((scope.get("client") or ("",))[0]))
        try:
            if self._inside >= self._limits.waiting:
                raise _RefusedError(503, "busy", retry_after=2)
            if not await self._read(scope, receive, body):
                return
            if self._inside >= self._limits.waiting:
                raise _RefusedError(503, "busy", retry_after=2)
            self._inside += 1
            try:
                await self._app(scope, _replay(body.take(), receive), send)
            finally:
                self._inside -= 1
        except _RefusedError as refusal:
            metrics.limited.labels(refusal.code).inc()
            await _refuse(scope, receive, send, refusal)
        finally:
            self._hold(body, -body.length)

    async def _read(self, scope: Scope, receive: Receive, body: _Body) -> bool:
        """Read the whole body; false when the client left. Raises ``_RefusedError``."""
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"0")
        if length == b"0" and b"transfer-encoding" not in headers:
            return True
        limit = self._limits.photo if scope["path"] == "/api/photos" else self._limits.other
        drain = 0 if b"expect" in headers else _DRAIN_TIMES * limit
        if not length.isdigit():
            raise _RefusedError(400, "bad-request")
        if int(length) > limit:
            raise _RefusedError(413, "too-large", limit=limit, drain=drain)
        try:
            async with asyncio.timeout(self._limits.seconds):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return False
                    chunk = message.get("body", b"")
                    if body.length + len(chunk) > limit:
                        raise _RefusedError(413, "too-large", limit=limit, drain=drain)
                    if self._held.total() + len(chunk) > self._limits.memory:
                        raise _RefusedError(503, "busy", retry_after=5)
                    if self._held[body.address] + len(chunk) > self._limits.share:
                        raise _RefusedError(429, "throttled", retry_after=5)
                    body.add(chunk)
                    self._hold(body, len(chunk))
                    if not message.get("more_body", False):
                        return True
        except TimeoutError as error:
            raise _RefusedError(408, "too-slow") from error

    def _hold(self, body: _Body, count: int) -> None:
        self._held[body.address] += count
        if not self._held[body.address]:
            del self._held[body.address]
        metrics.uploading.set(self._held.total())


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body in one message, and afterwards what the server says."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return waiting.pop() if waiting else await receive()

    return next_message


async def _refuse(scope: Scope, receive: Receive, send: Send, refusal: _RefusedError) -> None:
    accepted = dict(scope["headers"]).get(b"accept-language", b"").decode("latin-1")
    numbers = {"limit": refusal.limit, "retry_after": refusal.retry_after}
    message = error_message(refusal.code, preferred_language(accepted), **numbers)
    content: dict[str, Any] = {"code": refusal.code, "message": message}
    content |= {name: value for name, value in numbers.items() if value is not None}
    await _answer(send, refusal.status, content, more=True, retry_after=refusal.retry_after)
    # A browser reads the answer only once it has sent the body, or seen us take it.
    left = refusal.drain
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            while left > 0:
                came = await receive()
                left -= len(came.get("body", b"")) or 1
                if came["type"] == "http.disconnect" or not came.get("more_body", False):
                    break
    except TimeoutError:
        pass
    await send({"type": "http.response.body", "body": b""})


async def _answer(
    send: Send,
    status: int,
    content: dict[str, Any],
    *,
    more: bool = False,
    head: bool = False,
    retry_after: int | None = None,
) -> None:
    body = json.dumps(content, ensure_ascii=False).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"content-security-policy", b"default-src 'none'"),
    ]
    if more:
        headers.append((b"connection", b"close"))
    if retry_after is not None:
        headers.append((b"retry-after", str(math.ceil(retry_after)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else body, "more_body": more})


def preferred_language(accepted: str) -> Language:
    """English or French, whichever an ``Accept-Language`` header wants more; English when it wants neither."""
    wishes: dict[Language, float] = {"en": 0.0, "fr": 0.0}
    for wish in accepted.lower().split(",")[:20]:
        name, _, weight = wish.strip().partition(";q=")
        try:
            value = float(weight) if weight else 1.0
        except ValueError:
            continue
        tag = name.split("-")[0]
        if tag in ("en", "fr"):
            language: Language = "fr" if tag == "fr" else "en"
            wishes[language] = max(wishes[language], value)
    return "fr" if wishes["fr"] > wishes["en"] else "en"
