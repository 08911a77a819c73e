"""What can go wrong in the web room, each with a stable code that a client can act on."""

from __future__ import annotations

from fruits.errors import FruitsError


class WebError(FruitsError):
    """The base of the web room's errors."""


class ConfigurationError(WebError):
    """A setting that keeps the server from starting; the message names it and says what to set."""

    exit_code = 2


class ApiError(WebError):
    """An answer of 4xx or 5xx: the sentence for ``code`` is looked up in the language of the request.

    ``limit`` is the number that was passed, ``retry_after`` seconds to wait, ``fields`` sentences by field.
    """

    def __init__(
        self,
        status: int,
        code: str,
        *,
        limit: int | None = None,
        retry_after: int | None = None,
        fields: dict[str, list[str]] | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.limit = limit
        self.retry_after = retry_after
        self.fields = fields
