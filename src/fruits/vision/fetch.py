"""Downloads one file whose length and sha256 are known: resumed when it breaks, renamed only when it is whole."""

from __future__ import annotations

import errno
import hashlib
import http.client
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from fruits.vision.errors import VisionError

Progress = Callable[[int, int], None]

CHUNK = 1 << 18
ATTEMPTS = 5
RETRIED_STATUS = {408, 425, 429, 500, 502, 503, 504}


class FetchError(VisionError):
    """A download that did not give the file."""


class NotThereError(FetchError):
    """The server does not have the file at this address."""


class _BrokenTransferError(Exception):
    """A failure that may pass: worth another attempt."""


@dataclass(frozen=True)
class Pin:
    """What the file must be: its length in bytes and its sha256 in lower-case hex."""

    size: int
    sha256: str


def fetch(
    url: str,
    target: Path,
    pin: Pin,
    *,
    progress: Progress | None = None,
    attempts: int = ATTEMPTS,
    pause: float = 1.0,
    timeout: float = 30.0,
) -> None:
    """Download ``url`` (http or https) to ``target``, through ``target`` + ".part".

    A part left by an earlier try is continued. progress(bytes so far, bytes in all) is called as bytes arrive. The try
    is repeated after a pause (seconds, doubled each time) until ``attempts`` in a row brought nothing new; timeout is
    for one silence, in seconds. ``target`` is never there unless it is what the pin says. Raises ``FetchError``.
    """
    if not url.startswith(("http://", "https://")):
        raise FetchError(f"{url} cannot be downloaded: only http and https addresses can.")
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _download(url, part, pin.size, progress, attempts, pause, timeout)
        if sha256_of(part) != pin.sha256:
            part.unlink()
            raise FetchError(
                f"{url} is not the file that was expected (its sha256 differs), so it was deleted: try again, "
                "or give a file that you trust."
            )
        part.replace(target)
    except OSError as cause:
        raise FetchError(_sentence_of_disk(cause, target, pin.size)) from cause


def sha256_of(path: Path) -> str:
    """The sha256 of a file in lower-case hex; raises OSError."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _download(
    url: str, part: Path, size: int, progress: Progress | None, attempts: int, pause: float, timeout: float
) -> None:
    """Bring the part to its full length, in as many tries as bring something new."""
    failures = 0
    while (done := _length(part, size)) < size:
        try:
            _transfer(url, part, done, size, progress, timeout)
        except _BrokenTransferError as cause:
            failures = 0 if _length(part, size) > done else failures + 1
            if failures >= attempts:
                raise FetchError(f"{url} could not be downloaded: {cause}. What came is kept; try again.") from cause
            time.sleep(min(pause * 2 ** max(failures - 1, 0), 30.0))


def _length(part: Path, size: int) -> int:
    """Bytes of the part that can be built upon; one that is too long is none."""
    if not part.exists():
        return 0
    length = part.stat().st_size
    return length if length <= size else 0


def _transfer(url: str, part: Path, done: int, size: int, progress: Progress | None, timeout: float) -> None:
    """One request: append what the server gives from byte ``done`` on, or from 0 if it will not resume."""
    with _open(url, part, done, timeout) as response:
        resumed = response.status == 206 and _range_start(response) == done
        start = done if resumed else 0
        _check_length(url, response, start, size)
        with part.open("ab" if resumed else "wb", buffering=0) as stream:
            _copy(response, stream, start, size, progress)


def _open(url: str, part: Path, done: int, timeout: float) -> http.client.HTTPResponse:
    headers = {"User-Agent": "fruits", "Accept-Encoding": "identity"}
    if done:
        headers["Range"] = f"bytes={done}-"
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - the scheme was checked
    try:
        response: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=timeout)  # noqa: S310
    except urllib.error.HTTPError as cause:
        cause.close()
        raise _refusal(url, cause, part) from cause
    except urllib.error.URLError as cause:
        if isinstance(cause.reason, ssl.SSLCertVerificationError):
            raise FetchError(
                f"{url} has a certificate that cannot be trusted: {cause.reason.verify_message}."
            ) from cause
        raise _BrokenTransferError(f"the server cannot be reached ({_words(cause.reason)})") from cause
    except (http.client.HTTPException, OSError) as cause:
        raise _BrokenTransferError(f"the server gave no answer ({_words(cause)})") from cause
    return response


def _copy(
    response: http.client.HTTPResponse, stream: BinaryIO, start: int, size: int, progress: Progress | None
) -> None:
    """Write what arrives, up to ``size`` bytes in all and never more."""
    done = start
    while chunk := _read(response, min(CHUNK, size - done + 1)):
        if done + len(chunk) > size:
            raise FetchError(f"The server sends more than the {size:,} bytes that were expected: this is another file.")
        stream.write(chunk)
        done += len(chunk)
        if progress is not None:
            progress(done, size)
    if done < size:
        raise _BrokenTransferError(f"the connection broke after {done:,} of {size:,} bytes")


def _read(response: http.client.HTTPResponse, count: int) -> bytes:
    # read1 gives what has come, so that a break loses nothing and progress moves on a slow line.
    try:
        return response.read1(count)
    except (http.client.HTTPException, OSError) as cause:
        raise _BrokenTransferError(f"the connection broke ({_words(cause)})") from cause


def _check_length(url: str, response: http.client.HTTPResponse, start: int, size: int) -> None:
    announced = response.headers.get("Content-Length")
    if announced is not None and announced.isdigit() and start + int(announced) != size:
        total = start + int(announced)
        raise FetchError(f"{url} has {total:,} bytes where {size:,} were expected: this is another file.")


def _range_start(response: http.client.HTTPResponse) -> int | None:
    """The first byte of ``Content-Range: bytes START-END/TOTAL``, None where there is no such thing."""
    unit, _, rest = (response.headers.get("Content-Range") or "").partition(" ")
    first = rest.partition("-")[0]
    return int(first) if unit == "bytes" and first.isdigit() else None


def _refusal(url: str, answer: urllib.error.HTTPError, part: Path) -> Exception:
    """The error that an HTTP status of 400 and above deserves."""
    if answer.code in {404, 410}:
        return NotThereError(f"{url} is not there (HTTP {answer.code}).")
    if answer.code == 416:
        part.unlink(missing_ok=True)
        return _BrokenTransferError("the server would not continue the file")
    if answer.code in RETRIED_STATUS:
        return _BrokenTransferError(f"the server answers HTTP {answer.code}")
    return FetchError(f"{url} was refused by the server (HTTP {answer.code} {answer.reason}).")


def _sentence_of_disk(cause: OSError, target: Path, size: int) -> str:
    if cause.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"The disk of {target.parent} is full: {size / 1e6:.0f} MB are needed there."
    return f"{target} cannot be written: {_words(cause)}."


def _words(cause: object) -> str:
    """What the system says of an error, without its number."""
    return getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
