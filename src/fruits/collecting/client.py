"""One polite HTTP client: one request at a time, no faster than a source allows, patient when asked to wait."""

from __future__ import annotations

import http.client
import json
import platform
import re
import time
import urllib.error
import urllib.parse
import urllib.request
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import IO, TypeVar

from fruits import __version__
from fruits.collecting.candidates import Json
from fruits.collecting.errors import SourceError, TransferError, WrongCallError

PHOTO_INTERVAL = 0.5
"""Seconds between two photos of one host: at 300 KB each 2 GB an hour; iNaturalist asks to stay below 5."""

_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
_BUSY = frozenset({429, 503})
_CHUNK = 1 << 16
_MOST_JSON = 32 * 2**20
_CONTACT = re.compile(r"[!-'*-~][ -'*-~]{2,199}")

T = TypeVar("T")


@dataclass(frozen=True)
class Manners:
    """How a client behaves; all times in seconds.

    ``timeout`` is for one silence, ``deadline`` for one whole answer. A failure that may pass is tried again up to
    ``attempts`` times in all, after ``pause``, doubled each time, or after what Retry-After says; a server that wants
    more than ``patience``, or stays busy, is not asked again. ``pace`` multiplies every interval; below 1 only for
    servers of one's own.
    """

    timeout: float = 30.0
    deadline: float = 180.0
    attempts: int = 5
    pause: float = 1.0
    patience: float = 120.0
    pace: float = 1.0


def user_agent(contact: str) -> str:
    """``fruits-collect-bot/VERSION (CONTACT) Python-urllib/X.Y``, the form that Wikimedia's User-Agent policy asks for.

    ``contact`` is an address or a page where the one who runs this can be reached; it may be empty. Raises
    ``WrongCallError`` when it cannot stand in a header.
    Source: https://foundation.wikimedia.org/wiki/Policy:Wikimedia_Foundation_User-Agent_Policy
    """
    if contact and not _CONTACT.fullmatch(contact):
        raise WrongCallError(f"{contact!r} is not a contact: give a mail address or the address of a page.")
    library = f"Python-urllib/{platform.python_version().rpartition('.')[0]}"
    return f"fruits-collect-bot/{__version__} {f'({contact}) ' if contact else ''}{library}"


class _PassingError(Exception):
    """A failure that may pass, and after how many seconds the server says so."""

    def __init__(self, message: str, *, busy: bool = False, wait: float | None = None) -> None:
        super().__init__(message)
        self.busy, self.wait = busy, wait


class Client:
    """Asks for JSON and for photos. Not for several threads: the sources ask for one request at a time."""

    def __init__(
        self,
        contact: str = "",
        manners: Manners = Manners(),
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.agent = user_agent(contact)
        self._manners, self._sleep, self._clock = manners, sleep, clock
        self._last: dict[str, float] = {}
        self._left_alone: dict[str, str] = {}
        self._opener = urllib.request.build_opener(_WebOnly())

    def json(
        self, url: str, parameters: Mapping[str, str], interval: float, busy: Callable[[Json], bool] | None = None
    ) -> Json:
        """The JSON object that ``url`` answers; ``busy`` tells an answer that says "later" from one that is final.

        Raises ``SourceError``.
        """

        def read(response: http.client.HTTPResponse) -> Json:
            answer = _object(self._body(response, _MOST_JSON), response, url)
            if busy is not None and busy(answer):
                raise _PassingError("it says that it is busy", busy=True, wait=_retry_after(response.headers))
            return answer

        address = f"{url}?{urllib.parse.urlencode(parameters)}"
        try:
            return self._persist(address, interval, {"Accept": "application/json", "Accept-Encoding": "gzip"}, read)
        except TransferError as error:
            raise SourceError(str(error)) from error

    def photo(self, url: str, most: int, interval: float = PHOTO_INTERVAL) -> bytes:
        """The bytes under ``url``, at most ``most``; raises ``TransferError``."""
        headers = {"Accept": "image/*", "Accept-Encoding": "identity"}
        return self._persist(url, interval, headers, lambda response: self._body(response, most))

    def _persist(
        self, url: str, interval: float, headers: dict[str, str], read: Callable[[http.client.HTTPResponse], T]
    ) -> T:
        """Ask, and ask again after failures that may pass."""
        if not url.startswith(("http://", "https://")):
            raise TransferError("not-http", f"{_short(url)} is not a web address")
        host = urllib.parse.urlsplit(url).netloc
        if host in self._left_alone:
            raise TransferError("busy", f"{host} is left alone: {self._left_alone[host]}")
        attempt = 1
        while True:
            self._keep_pace(host, interval)
            try:
                with self._open(url, headers) as response:
                    return read(response)
            except _PassingError as error:
                wait = self._manners.pause * 2 ** (attempt - 1) if error.wait is None else error.wait
                reason = "busy" if error.busy else "unreachable"
                if error.busy and (wait > self._manners.patience or attempt >= self._manners.attempts):
                    self._left_alone[host] = str(error)
                if wait > self._manners.patience:
                    raise TransferError(
                        reason,
                        f"{_short(url)}: {error}, and asks to wait for {wait:,.0f} s: try again after that",
                    ) from error
                if attempt >= self._manners.attempts:
                    raise TransferError(reason, f"{_short(url)}: {error}, {attempt} times") from error
                self._sleep(wait)
                attempt += 1

    def _keep_pace(self, host: str, interval: float) -> None:
        """Wait until the host may be asked again."""
        due = self._last.get(host, float("-inf")) + interval * self._manners.pace
        if (wait := due - self._clock()) > 0:
            self._sleep(wait)
        self._last[host] = self._clock()

    def _open(self, url: str, headers: dict[str, str]) -> http.client.HTTPResponse:
        request = urllib.request.Request(_quoted(url), headers={"User-Agent": self.agent, **headers})  # noqa: S310
        try:
            response: http.client.HTTPResponse = self._opener.open(request, timeout=self._manners.timeout)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code in _RETRIED:
                said, wait = f"it answered {error.code} {error.reason}", _retry_after(error.headers)
                raise _PassingError(said, busy=error.code in _BUSY, wait=wait) from error
            reason = "gone" if error.code in (404, 410) else "redirected" if error.code < 400 else "forbidden"
            raise TransferError(reason, f"{_short(url)} answered {error.code} {error.reason}") from error
        except urllib.error.URLError as error:
            raise _PassingError(f"it cannot be reached ({error.reason})") from error
        except (http.client.HTTPException, OSError, ValueError) as error:
            raise _PassingError(f"it gave no answer ({error or type(error).__name__})") from error
        return response

    def _body(self, response: http.client.HTTPResponse, most: int) -> bytes:
        """All bytes of an answer, within its limits of size and time."""
        announced = response.headers.get("Content-Length") or ""
        if announced.isdigit() and int(announced) > most:
            raise TransferError("too-many-bytes", f"the file has {int(announced):,} bytes, above {most:,}")
        end = self._clock() + self._manners.deadline
        body = bytearray()
        try:
            while chunk := response.read1(_CHUNK):
                body += chunk
                if len(body) > most:
                    raise TransferError("too-many-bytes", f"the file has more than {most:,} bytes")
                if self._clock() > end:
                    raise _PassingError(f"it took more than {self._manners.deadline:.0f} s")
        except (http.client.HTTPException, OSError) as error:
            raise _PassingError(f"the connection broke ({error or type(error).__name__})") from error
        if announced.isdigit() and len(body) < int(announced):
            raise _PassingError(f"the connection broke after {len(body):,} of {int(announced):,} bytes")
        return bytes(body)


class _WebOnly(urllib.request.HTTPRedirectHandler):
    """Follows redirections to web pages only: never to a file or an FTP server."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if not newurl.startswith(("http://", "https://")):
            raise TransferError("redirected", f"{_short(req.full_url)} leads to {_short(newurl)}, no web address")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _object(body: bytes, response: http.client.HTTPResponse, url: str) -> Json:
    """The JSON object of an answer, unpacked where it came packed."""
    try:
        if response.headers.get("Content-Encoding", "").lower() == "gzip":
            unpacker = zlib.decompressobj(wbits=31)
            body = unpacker.decompress(body, _MOST_JSON)
            if unpacker.unconsumed_tail or not unpacker.eof:
                raise ValueError("packed beyond measure, or cut")
        answer = json.loads(body)
    except (ValueError, RecursionError, zlib.error) as error:
        raise SourceError(f"{_short(url)} answered something that is not JSON: {body[:60]!r}") from error
    if not isinstance(answer, dict):
        raise SourceError(f"{_short(url)} answered JSON of another shape: {body[:60]!r}")
    return answer


def _retry_after(headers: Message) -> float | None:
    """Seconds of a Retry-After header, given as seconds or as a date (RFC 9110, section 10.2.3); None without one."""
    value = (headers.get("Retry-After") or "").strip()
    if value.isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _quoted(url: str) -> str:
    """The address with everything quoted that a request line cannot hold; what is quoted already stays."""
    return urllib.parse.quote(url, safe="%/:=&?~#+!$,;'@()*[]")


def _short(url: str) -> str:
    address = url.partition("?")[0]
    return address if len(address) <= 120 else address[:119] + "…"
