"""Bytes of an image file become safe, upright RGB pixels.

Every photo of the product comes through :func:`decode`: the chain, the engine and the web app see the same pixels for
the same file. It runs in many threads at once and changes nothing global; Pillow's plugins are built directly, not
through ``Image.open``, because that one warns (process-wide) about large pictures and tries plugins we do not want.

Opened: JPEG (with the first picture of an MPO, as phones write it), PNG, WebP, AVIF, BMP, TIFF and GIF; of an animation
or a file of several pages the first. HEIC, as iPhones write it, is opened where `pi-heif` is installed (an extra): its
wheels carry libheif and libde265, both LGPL, and not x265, the GPL encoder in those of pillow-heif. Without it such a
file is refused with a sentence that says what to do.

Colours: an embedded ICC profile is not applied (cameras and phones write sRGB or something near it, and a network does
not see the difference); alpha lies on white, the ground of Fruits-360.
"""

from __future__ import annotations

import importlib.util
import io
import struct
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import (
    AvifImagePlugin,
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
from fruits.vision.headers import brands, ends_early, gif_size, heif_size, jpeg_is_progressive, webp_size

IMAGE_EXTENSIONS = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".webp", ".avif", ".bmp", ".tif", ".tiff", ".gif"}
)
"""What counts as an image when a folder or bucket is listed, lower case."""

# Antialiases when it shrinks. Measured with EfficientNet-Lite0's own ImageNet head on 384 photos of fruit: 82.0 % right
# with bicubic, 78.4 % with bilinear; 0.51 ms and 0.34 ms for 100x100 -> 224x224.
_FILTER = Image.Resampling.BICUBIC
# The JPEG decoder may shrink by 2, 4 or 8 as long as this many times the wanted size is left for the filter.
_DRAFT_MARGIN = 2
# Pillow's documentation: from 3.0 on the result "is almost indistinguishable from fair resampling".
_REDUCING_GAP = 3.0
# A progressive JPEG costs a pass over the whole picture for every scan; cameras and editors write at most a dozen.
_MOST_SCANS = 200

# Modes in which resampling and conversion to RGB may change places: fewer pixels are left to convert.
_RESIZED_FIRST = frozenset({"RGB", "L", "CMYK", "YCbCr"})


@dataclass(frozen=True)
class Limits:
    """What a file may ask of us; held before a pixel is decoded.

    ``max_pixels`` is the number at which Pillow itself begins to warn of a decompression bomb: a quarter of a GiB of
    RGB. It can be raised for all but GIF, TIFF and WebP, where Pillow's own threshold stays the upper bound.
    ``max_jpeg_pixels``, when given, holds instead for a JPEG that is decoded at a fraction of its size; not for a
    progressive one, of which the decoder keeps every coefficient. ``formats``, when given, are the only ones opened.
    """

    max_bytes: int = 50 * 2**20
    max_pixels: int = 89_478_485
    max_jpeg_pixels: int | None = None
    formats: frozenset[str] | None = None


@dataclass(frozen=True, eq=False)
class Photo:
    """Pixels and what the file said of itself.

    ``pixels`` is uint8 [H, W, 3], upright RGB, writable and C-contiguous. ``width`` and ``height`` are those of the
    original picture, upright, in pixels, whatever size was asked for. ``format`` is one of ``JPEG``, ``PNG``,
    ``WEBP``, ``AVIF``, ``HEIC``, ``BMP``, ``TIFF``, ``GIF``.
    """

    pixels: NDArray[np.uint8]
    width: int
    height: int
    format: str


class DecodeError(VisionError):
    """A file that does not become a picture.

    ``reason`` is stable and short, for tables: ``empty``, ``too-many-bytes``, ``too-many-pixels``, ``not-an-image``,
    ``unsupported``, ``truncated`` or ``corrupt``. The message is for people. ``limit`` is the number of bytes or
    pixels that the file passed, for the two reasons that have one.
    """

    def __init__(self, reason: str, message: str, limit: int | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.limit = limit

    def __reduce__(self) -> tuple[type[DecodeError], tuple[str, str, int | None]]:
        """Survive the way from a worker process to the driver."""
        return type(self), (self.reason, str(self), self.limit)


@dataclass(frozen=True)
class _Wanted:
    """The size to render to: a square, or at most so many pixels on the longer side."""

    square: int | None = None
    longest: int | None = None

    def size(self, picture: tuple[int, int]) -> tuple[int, int] | None:
        if self.square is not None:
            return self.square, self.square
        if self.longest is None or max(picture) <= self.longest:
            return None
        scale = self.longest / max(picture)
        return max(1, round(picture[0] * scale)), max(1, round(picture[1] * scale))


def decode(data: bytes, size: int | None = None, limits: Limits = Limits(), *, longest: int | None = None) -> Photo:
    """Decode an image file.

    With ``size`` the whole picture is stretched to ``size`` x ``size`` pixels, antialiased; a large JPEG is then
    decoded at a fraction of its resolution, never below twice ``size``. With ``longest`` instead a larger picture is
    shrunk, its proportions kept, until its longer side has that many pixels. With neither every pixel is returned.
    EXIF orientation is applied; a corrupt EXIF block is ignored.

    Raises :class:`DecodeError`, and nothing else, for any bytes at all.
    """
    for name, value in (("size", size), ("longest", longest)):
        if value is not None and value < 1:
            raise ValueError(f"{name} must be at least 1 pixel, not {value}")
    if size is not None and longest is not None:
        raise ValueError("size and longest exclude each other")
    _check_length(data, limits)
    name = _recognise(data)
    if limits.formats is not None and name not in limits.formats:
        raise DecodeError("unsupported", f"{name} is not opened here: convert it to JPEG or PNG first")
    try:
        return _decode(data, name, _Wanted(size, longest), limits)
    except DecodeError:
        raise
    except Exception as error:  # hostile bytes make the plugins raise nearly anything
        raise _explain(error, data, name) from error


def can_open_heic() -> bool:
    """Whether `pi-heif` is installed."""
    return importlib.util.find_spec("pi_heif") is not None


def _decode(data: bytes, name: str, wanted: _Wanted, limits: Limits) -> Photo:
    allowed = _allowed_pixels(data, name, wanted, limits)
    declared = _DECLARED_SIZE.get(name)
    if declared is not None:
        _check_pixels(declared(data), allowed)
    picture = _PLUGINS[name](io.BytesIO(data))
    width, height = picture.size
    _check_pixels((width, height), allowed)
    target = wanted.size((width, height))
    box = _draft(picture, target, _DRAFT_MARGIN if wanted.square else 1)
    picture.load()
    # Pillow turns a TIFF upright while it loads it, and its size is upright before.
    orientation = 1 if name == "TIFF" else orientation_of(picture.info.get("exif"))
    if orientation >= 5:
        width, height = height, width
    upright = _render(picture, target, box)
    if orientation in UPRIGHT:
        upright = upright.transpose(UPRIGHT[orientation])
    return Photo(np.array(upright), width, height, name)


def _draft(
    picture: ImageFile.ImageFile, target: tuple[int, int] | None, margin: int
) -> tuple[float, float, float, float] | None:
    """Let the JPEG decoder skip detail that the resize would throw away; the box is the picture without padding."""
    if target is None or not isinstance(picture, JpegImagePlugin.JpegImageFile):
        return None
    least = (margin * target[0], margin * target[1])
    if picture.width < 2 * least[0] or picture.height < 2 * least[1]:
        return None
    drafted = picture.draft(picture.mode, least)
    return None if drafted is None else drafted[1]


def _render(
    picture: Image.Image, target: tuple[int, int] | None, box: tuple[float, float, float, float] | None
) -> Image.Image:
    if target is None or picture.size == target:
        return to_rgb(picture)
    if picture.mode not in _RESIZED_FIRST or "transparency" in picture.info:
        picture = to_rgb(picture)
    return to_rgb(picture.resize(target, _FILTER, box=box, reducing_gap=_REDUCING_GAP))


# --- limits and formats ----------------------------------------------------------------------------------------------


def _check_length(data: bytes, limits: Limits) -> None:
    if not data:
        raise DecodeError("empty", "the file is empty")
    if len(data) > limits.max_bytes:
        message = f"the file has {len(data):,} bytes, above {limits.max_bytes:,}"
        raise DecodeError("too-many-bytes", message, limits.max_bytes)


def _allowed_pixels(data: bytes, name: str, wanted: _Wanted, limits: Limits) -> int:
    allowed = limits.max_pixels
    if name in _CHECKED_BY_PILLOW and Image.MAX_IMAGE_PIXELS is not None:
        return min(allowed, Image.MAX_IMAGE_PIXELS)
    if name != "JPEG":
        return allowed
    if data.count(b"\xff\xda") > _MOST_SCANS:  # in compressed data 0xff is followed by zero: these are markers
        raise DecodeError("corrupt", f"the JPEG file has more than {_MOST_SCANS} scans")
    shrunk = wanted.square is not None or wanted.longest is not None
    if limits.max_jpeg_pixels is not None and shrunk and not jpeg_is_progressive(data):
        return limits.max_jpeg_pixels
    return allowed


def _check_pixels(size: tuple[int, int], allowed: int) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise DecodeError("corrupt", f"the file claims a picture of {width} x {height} pixels")
    if width * height > allowed:
        message = f"the picture has {width} x {height} pixels, above {allowed:,} in all"
        raise DecodeError("too-many-pixels", message, allowed)


def _recognise(data: bytes) -> str:
    """Name the format from the first bytes; the name of the file is never believed."""
    for name, starts in _SIGNATURES.items():
        if data.startswith(starts):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":
        return _recognise_heif(data)
    for kind, starts in _UNSUPPORTED.items():
        if data.startswith(starts):
            raise DecodeError("unsupported", f"{kind} is not opened here: convert it to JPEG or PNG first")
    head = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in head:
        raise DecodeError("unsupported", "SVG is not opened here: convert it to JPEG or PNG first")
    if head.startswith((b"<!doctype html", b"<html")):
        raise DecodeError("not-an-image", "not an image but an HTML page, perhaps an error page saved as a photo")
    raise DecodeError("not-an-image", f"not an image: it begins with {data[:8]!r}")


def _recognise_heif(data: bytes) -> str:
    found = brands(data)
    if found & _AVIF_BRANDS and AvifImagePlugin.SUPPORTED:
        return "AVIF"
    if found & _HEIC_BRANDS:
        if can_open_heic():
            return "HEIC"
        message = "HEIC is opened only where pi-heif is installed: install it, or convert the photo to JPEG first"
        raise DecodeError("unsupported", message)
    kind = data[8:12].decode("ascii", "replace").strip()
    raise DecodeError(
        "unsupported", f"a film or an image of a kind not opened here ('{kind}'): convert it to JPEG first"
    )


def _open_heic(file: io.BytesIO) -> ImageFile.ImageFile:
    from pi_heif.as_plugin import HeifImageFile  # noqa: PLC0415  (an extra, and only for iPhones' files)

    picture: ImageFile.ImageFile = HeifImageFile(file)
    return picture


def _explain(error: Exception, data: bytes, name: str) -> DecodeError:
    said = " ".join(str(error).split())[:200] or type(error).__name__
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return DecodeError("too-many-pixels", f"the {name} picture is too large: {said}")
    if isinstance(error, MemoryError):
        return DecodeError("corrupt", f"the {name} file asks for more memory than there is")
    if "truncat" in said.lower() or isinstance(error, EOFError | struct.error) or ends_early(data, name):
        return DecodeError("truncated", f"the {name} file ends too early: {said}")
    return DecodeError("corrupt", f"the {name} file is damaged: {said}")


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
    "AVIF": AvifImagePlugin.AvifImageFile,
    "HEIC": _open_heic,
}
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
# These plugins hold Pillow's own limit too, with a warning that must not get out.
_CHECKED_BY_PILLOW = frozenset({"GIF", "TIFF", "WEBP"})
_DECLARED_SIZE: dict[str, Callable[[bytes], tuple[int, int]]] = {
    "WEBP": webp_size,
    "GIF": gif_size,
    "AVIF": heif_size,
    "HEIC": heif_size,
}
