"""Django under ASGI with a bounded pool of threads.

Django's own ASGI handler hops between the event loop and a thread for every synchronous middleware, and makes a thread
for every request. All our views are synchronous (the engine and the database are), so one request is one job of a
pool: fewer hops, as many threads as the machine can use, and a database connection that each thread keeps.
"""

from __future__ import annotations

import asyncio
import contextvars
import io
from collections.abc import AsyncIterator, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.http import FileResponse, HttpResponseBadRequest, HttpResponseBase, StreamingHttpResponse
from django.urls import set_script_prefix

THREADS = 16


class Handler(ASGIHandler):
    """An ASGI application; what comes in has passed the gate, so that bodies are whole and bounded."""

    def __init__(self, threads: int = THREADS) -> None:
        self._pool = ThreadPoolExecutor(threads, "django")
        super().__init__()

    def load_middleware(self, is_async: bool = False) -> None:
        """Build the chain of middleware as for WSGI."""
        super().load_middleware(is_async=False)

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        try:
            body = await self._read(receive)
        except RequestAborted:
            return
        response = await self._run(self._respond, scope, body)
        try:
            if isinstance(response, StreamingHttpResponse) and not response.is_async:
                if isinstance(response, FileResponse):
                    response.block_size = self.chunk_size
                chunks = iter(response)
                response.streaming_content = self._iterate(chunks)
            await self.send_response(response, send)
        except (asyncio.CancelledError, OSError):  # the client has left
            pass
        finally:
            await self._run(response.close)

    async def _read(self, receive: Any) -> io.BytesIO:
        chunks = []
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise RequestAborted
            chunks.append(message.get("body", b""))
            if not message.get("more_body", False):
                # The gate sends one message, and BytesIO shares it without a copy.
                return io.BytesIO(chunks[0] if len(chunks) == 1 else b"".join(chunks))

    def _respond(self, scope: Any, body: io.BytesIO) -> HttpResponseBase:
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        request, refused = self.create_request(scope, body)
        if request is None:
            return refused or HttpResponseBadRequest()
        response: Any = self.get_response(request)
        response._handler_class = self.__class__  # Django's close() names the sender by it
        response._resource_closers.append(request.close)  # as Django's own handlers do
        answer: HttpResponseBase = response
        return answer

    async def _iterate(self, chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
        while True:
            chunk = await self._run(next, chunks, None)
            if chunk is None:
                return
            yield chunk

    async def _run(self, job: Any, *arguments: Any) -> Any:
        context = contextvars.copy_context()
        return await asyncio.get_running_loop().run_in_executor(self._pool, context.run, job, *arguments)
