"""What a source offers: one photo with its credits; and reading JSON that may lack anything."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from fruits.collecting.licences import Licence

Json = Mapping[str, Any]

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")
_LONGEST = 300  # characters of an author or a title


@dataclass(frozen=True)
class Candidate:
    """A photo that a source offers. ``licence`` is None when it is not an open one; ``author`` may be empty."""

    source: str
    id: str
    page: str
    image: str
    author: str
    title: str
    licence: Licence | None

    def whole(self) -> bool:
        """Whether it can be fetched, named on disk and found again."""
        return bool(_ID.fullmatch(self.id)) and self.image.startswith(("http://", "https://")) and bool(self.page)


def text(record: object, *keys: str) -> str:
    """The words under a path of keys, on one line and uncut; empty when there are none."""
    value = record
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return " ".join(str(value).split())


def records(answer: object, *keys: str) -> Iterator[Json]:
    """The objects of the list under a path of keys; none when there is no such list."""
    value = answer
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    if isinstance(value, list):
        yield from (entry for entry in value if isinstance(entry, Mapping))


def shortened(words: str) -> str:
    """``words`` on one line, without control characters, at most 300 characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1].rstrip() + "…"


def without_tags(markup: str) -> str:
    """The words of a piece of HTML, as Commons writes its authors."""
    reader = _Words()
    reader.feed(markup)
    reader.close()
    return shortened(html.unescape(" ".join(reader.words)))


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        style = (dict(attrs).get("style") or "").replace(" ", "")
        if tag in ("style", "script") or (self._hidden and tag not in ("br", "img", "wbr")) or "display:none" in style:
            self._hidden += 1

    def handle_endtag(self, tag: str) -> None:
        self._hidden = max(0, self._hidden - 1)

    def handle_data(self, data: str) -> None:
        if not self._hidden and data.strip():
            self.words.append(data.strip())
