"""Bytes of an image file become safe, upright RGB pixels.

Every photo of the product comes through :func:`decode`: the chain, the engine and the web app see the same pixels for
the same file. It runs in many threads at once and changes nothing global; Pillow's plugins are built directly, not
through ``Image.open``, because that one warns (process-wide) about large pictures and tries plugins we do not want.

Opened: JPEG (with the first picture of an MPO, as phones write it), PNG, WebP, BMP, TIFF and GIF; of an animation or
a file of several pages the first. HEIC is not: the wheels of pillow-heif carry x265, which is GPL, so a product that
installs them by default would be bound by it; such a file is refused with a sentence that says to convert it.

Colours: an embedded ICC profile is not applied (cameras and phones write sRGB or something near it, and a network does
not see the difference); alpha lies on white, the ground of Fruits-360.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from fruits.vision.colour import UPRIGHT, orientation_of, to_rgb
from fruits.vision.errors import VisionError

IMAGE_EXTENSIONS = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"}
)
"""What counts as an image when a folder or bucket is listed, lower case."""

# Antialiases when it shrinks. Measured with EfficientNet-Lite0's own ImageNet head on 384 photos of fruit: 82.0 % right
# with bicubic, 78.4 % with bilinear; 0.51 ms and 0.34 ms for 100x100 -> 224x224.
_FILTER = Image.Resampling.BICUBIC
# The JPEG decoder may shrink by 2, 4 or 8 as long as this many times the wanted size is left for the filter.
_DRAFT_MARGIN = 2
# Pillow's documentation: from 3.0 on the result "is almost indistinguishable from fair resampling".
_REDUCING_GAP = 3.0

# No picture of any of these formats is shorter, in bytes.
_SMALLEST = 26
# Modes in which resampling and conversion to RGB may change places: fewer pixels are left to convert.
_RESIZED_FIRST = frozenset({"RGB", "L", "CMYK", "YCbCr"})


@dataclass(frozen=True)
class Limits:
    """What a file may ask of us; held before a pixel is decoded.

    ``max_pixels`` is the number at which Pillow itself begins to warn of a decompression bomb: a quarter of a GiB of
    RGB. It can be raised for JPEG, PNG and BMP; for GIF, TIFF and WebP Pillow's own threshold stays the upper bound.
    """

    max_bytes: int = 50 * 2**20
    max_pixels: int = 89_478_485


@dataclass(frozen=True, eq=False)
class Photo:
    """Pixels and what the file said of itself.

    ``pixels`` is uint8 [H, W, 3], upright RGB, writable and C-contiguous. ``width`` and ``height`` are those of the
    original picture, upright, in pixels, whatever size was asked for. ``format`` is one of ``JPEG``, ``PNG``,
    ``WEBP``, ``BMP``, ``TIFF``, ``GIF``.
    """

    pixels: NDArray[np.uint8]
    width: int
    height: int
    format: str


class DecodeError(VisionError):
    """A file that does not become a picture.

    ``reason`` is stable and short, for tables: ``empty``, ``too-many-bytes``, ``too-many-pixels``, ``not-an-image``,
    ``unsupported``, ``truncated`` or ``corrupt``. The message is for people.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason

    def __reduce__(self) -> tuple[type[DecodeError], tuple[str, str]]:
        """Survive the way from a worker process to the driver."""
        return type(self), (self.reason, str(self))


def decode(data: bytes, size: int | None = None, limits: Limits = Limits()) -> Photo:
    """Decode an image file.

    With ``size`` the whole picture is stretched to ``size`` x ``size`` pixels, antialiased; a large JPEG is then
    decoded at a fraction of its resolution, never below twice ``size``. Without it every pixel is returned.
    EXIF orientation is applied; a corrupt EXIF block is ignored.

    Raises :class:`DecodeError`, and nothing else, for any bytes at all.
    """
    if size is not None and size < 1:
        raise ValueError(f"size must be at least 1 pixel, not {size}")
    _check_length(data, limits)
    name = _recognise(data)
    try:
        return _decode(data, name, size, limits)
    except DecodeError:
        raise
    except Exception as error:  # hostile bytes make the plugins raise nearly anything
        raise _explain(error, data, name) from error


def _decode(data: bytes, name: str, size: int | None, limits: Limits) -> Photo:
    declared = _DECLARED_SIZE.get(name)
    if declared is not None:
        _check_pixels(declared(data), name, limits)
    picture = _PLUGINS[name](io.BytesIO(data))
    width, height = picture.size
    _check_pixels((width, height), name, limits)
    box = _draft(picture, size)
    picture.load()
    # Pillow turns a TIFF upright while it loads it, and its size is upright before.
    orientation = 1 if name == "TIFF" else orientation_of(picture.info.get("exif"))
    if orientation >= 5:
        width, height = height, width
    upright = _render(picture, size, box)
    if orientation in UPRIGHT:
        upright = upright.transpose(UPRIGHT[orientation])
    return Photo(np.array(upright), width, height, name)


def _draft(picture: ImageFile.ImageFile, size: int | None) -> tuple[float, float, float, float] | None:
    """Let the JPEG decoder skip detail that the resize would throw away; the box is the picture without padding."""
    if size is None or not isinstance(picture, JpegImagePlugin.JpegImageFile):
        return None
    target = _DRAFT_MARGIN * size
    if min(picture.size) < 2 * target:
        return None
    drafted = picture.draft(picture.mode, (target, target))
    return None if drafted is None else drafted[1]


def _render(picture: Image.Image, size: int | None, box: tuple[float, float, float, float] | None) -> Image.Image:
    if size is None or picture.size == (size, size):
        return to_rgb(picture)
    if picture.mode not in _RESIZED_FIRST or "transparency" in picture.info:
        picture = to_rgb(picture)
    return to_rgb(picture.resize((size, size), _FILTER, box=box, reducing_gap=_REDUCING_GAP))


# --- limits and formats ----------------------------------------------------------------------------------------------


def _check_length(data: bytes, limits: Limits) -> None:
    if not data:
        raise DecodeError("empty", "the file is empty")
    if len(data) > limits.max_bytes:
        raise DecodeError("too-many-bytes", f"the file has {len(data):,} bytes, above {limits.max_bytes:,}")


def _check_pixels(size: tuple[int, int], name: str, limits: Limits) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise DecodeError("corrupt", f"the file claims a picture of {width} x {height} pixels")
    allowed = limits.max_pixels
    if name in _CHECKED_BY_PILLOW and Image.MAX_IMAGE_PIXELS is not None:
        allowed = min(allowed, Image.MAX_IMAGE_PIXELS)
    if width * height > allowed:
        raise DecodeError("too-many-pixels", f"the picture has {width} x {height} pixels, above {allowed:,} in all")


def _recognise(data: bytes) -> str:
    """Name the format from the first bytes; the name of the file is never believed."""
    for name, starts in _SIGNATURES.items():
        if data.startswith(starts):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":
        kind = data[8:12].decode("ascii", "replace").strip()
        raise DecodeError("unsupported", f"HEIC, AVIF or a film ('{kind}'): convert it to JPEG or PNG first")
    for kind, starts in _UNSUPPORTED.items():
        if data.startswith(starts):
            raise DecodeError("unsupported", f"{kind} is not opened here: convert it to JPEG or PNG first")
    head = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in head:
        raise DecodeError("unsupported", "SVG is not opened here: convert it to JPEG or PNG first")
    if head.startswith((b"<!doctype html", b"<html")):
        raise DecodeError("not-an-image", "not an image but an HTML page, perhaps an error page saved as a photo")
    raise DecodeError("not-an-image", f"not an image: it begins with {data[:8]!r}")


def _explain(error: Exception, data: bytes, name: str) -> DecodeError:
    said = " ".join(str(error).split())[:200] or type(error).__name__
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return DecodeError("too-many-pixels", f"the {name} picture is too large: {said}")
    if isinstance(error, MemoryError):
        return DecodeError("corrupt", f"the {name} file asks for more memory than there is")
    if "truncat" in said.lower() or isinstance(error, EOFError | struct.error) or _ends_early(data, name):
        return DecodeError("truncated", f"the {name} file ends too early: {said}")
    return DecodeError("corrupt", f"the {name} file is damaged: {said}")


def _ends_early(data: bytes, name: str) -> bool:
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
    end = {"JPEG": b"\xff\xd9", "PNG": b"IEND", "GIF": b";"}.get(name)
    return end is not None and end not in data[-64:]


def _webp_size(data: bytes) -> tuple[int, int]:
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


def _gif_size(data: bytes) -> tuple[int, int]:
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


_SIGNATURES: dict[str, tuple[bytes, ...]] = {
    "JPEG": (b"\xff\xd8\xff",),
    "PNG": (b"\x89PNG\r\n\x1a\n",),
    "GIF": (b"GIF87a", b"GIF89a"),
    "TIFF": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    "BMP": (b"BM",),
}
_UNSUPPORTED: dict[str, tuple[bytes, ...]] = {
    "JPEG 2000": (b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51"),
    "JPEG XL": (b"\0\0\0\x0cJXL ", b"\xff\x0a"),
    "Photoshop": (b"8BPS",),
    "PDF": (b"%PDF",),
    "PostScript": (b"%!PS",),
    "an icon": (b"\0\0\1\0", b"\0\0\2\0"),
}
_PLUGINS: dict[str, Callable[[io.BytesIO], ImageFile.ImageFile]] = {
    "JPEG": JpegImagePlugin.JpegImageFile,
    "PNG": PngImagePlugin.PngImageFile,
    "GIF": GifImagePlugin.GifImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
}
# These plugins hold Pillow's own limit too, with a warning that must not get out.
_CHECKED_BY_PILLOW = frozenset({"GIF", "TIFF", "WEBP"})
_DECLARED_SIZE: dict[str, Callable[[bytes], tuple[int, int]]] = {"WEBP": _webp_size, "GIF": _gif_size}
