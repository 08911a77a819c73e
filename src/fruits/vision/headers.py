"""What the first bytes of an image file say before anything is allocated: sizes, brands, kinds of compression."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Literal

# Boxes of ISO/IEC 14496-12 that hold other boxes on the way to the size of a picture, and what stands before those.
_CONTAINERS = {b"meta": 4, b"iprp": 0, b"ipco": 0}
_MOST_BOXES = 10_000
# No picture of any of these formats is shorter, in bytes.
_SMALLEST = 26


def webp_size(data: bytes) -> tuple[int, int]:
    """Canvas of a WebP (RFC 9649, sections 2.5 to 2.7): its decoder allocates that much when it is made."""
    kind = data[12:16]
    if kind == b"VP8 ":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
        return width, height
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    raise ValueError(f"unknown block {kind!r} where the picture should begin")


def gif_size(data: bytes) -> tuple[int, int]:
    """Logical screen of a GIF (GIF89a, section 18), widened to its first frame as Pillow widens it."""
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    while data[at : at + 1] not in (b",", b";", b""):
        at += 1
        if data[at - 1] != ord("!"):
            continue
        at += 1
        while at < len(data) and data[at]:
            at += data[at] + 1
        at += 1
    if len(data) < at + 9:
        return width, height
    left, top, across, down = struct.unpack_from("<HHHH", data, at + 1)
    return max(width, left + across), max(height, top + down)


def jpeg_is_progressive(data: bytes) -> bool:
    """Whether the first frame of a JPEG (ITU-T T.81, annex B) is progressive; false where none is found."""
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            at += 1
            continue
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return marker in (0xC2, 0xC6, 0xCA, 0xCE)
        if marker in (0xFF, 0x00, 0x01) or 0xD0 <= marker <= 0xD8:
            at += 1 if marker == 0xFF else 2
            continue
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return False


def brands(data: bytes) -> frozenset[bytes]:
    """The brands of an ISO base media file (ISO/IEC 14496-12, 4.3), the major one among them."""
    end = min(int.from_bytes(data[:4], "big"), len(data), 1024)
    return frozenset({data[8:12], *(data[at : at + 4] for at in range(16, end - 3, 4))})


def heif_size(data: bytes) -> tuple[int, int]:
    """The largest picture that a HEIF or AVIF file declares (``ispe``, ISO/IEC 23008-12, 6.5.3)."""
    sizes = [
        struct.unpack_from(">II", data, start + 4)
        for kind, start, end in _boxes(data)
        if kind == b"ispe" and end - start >= 12
    ]
    if not sizes:
        raise ValueError("no box says how large the picture is")
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    return width, height


def box_end(data: bytes) -> int:
    """Where the last box of an ISO base media file says it ends, in bytes."""
    at = 0
    while at + 8 <= len(data):
        size, _ = _box(data, at)
        at = len(data) if size == 0 else at + max(size, 8)
    return at


def ends_early(data: bytes, name: str) -> bool:
    """Whether a file that failed lacks the end its format prescribes."""
    if len(data) < _SMALLEST:
        return True
    if name == "TIFF":
        order: Literal["little", "big"] = "little" if data[:2] == b"II" else "big"
        return len(data) < int.from_bytes(data[4:8], order)
    if name == "WEBP":
        return len(data) < 8 + int.from_bytes(data[4:8], "little")
    if name == "BMP":
        return len(data) < int.from_bytes(data[2:6], "little")
    if name in ("AVIF", "HEIC"):
        return box_end(data) > len(data)
    end = {"JPEG": b"\xff\xd9", "PNG": b"IEND", "GIF": b";"}.get(name)
    return end is not None and end not in data[-64:]


def _boxes(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end of the content of every box from the top, and of those inside the containers."""
    waiting = [(0, len(data))]
    for _ in range(_MOST_BOXES):
        if not waiting:
            return
        at, end = waiting.pop()
        if at + 8 > end:
            continue
        size, start = _box(data, at)
        last = min(at + size, end) if size else end
        if last <= at:
            continue
        waiting.append((last, end))
        kind = data[at + 4 : at + 8]
        if kind in _CONTAINERS:
            waiting.append((start + _CONTAINERS[kind], last))
        yield kind, start, last
    raise ValueError(f"more than {_MOST_BOXES:,} boxes")


def _box(data: bytes, at: int) -> tuple[int, int]:
    """Size of a box, 0 for "to the end", and where its content starts."""
    size = int.from_bytes(data[at : at + 4], "big")
    if size == 1:
        return int.from_bytes(data[at + 8 : at + 16], "big"), at + 16
    return size, at + 8
