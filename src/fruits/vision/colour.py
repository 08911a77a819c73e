"""What a decoded picture needs before it is upright RGB: its EXIF orientation and its colours."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""How a picture of EXIF orientation 2 to 8 is turned upright."""

_ORIENTATION_TAG = 0x0112


def orientation_of(exif: object) -> int:
    """Orientation 1 to 8 from an EXIF block (CIPA DC-008, tag 0x0112 of the first IFD); 1 for whatever is not one."""
    if not isinstance(exif, bytes) or len(exif) < 14:
        return 1
    block = exif.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(order + "I", block, 4)
        (count,) = struct.unpack_from(order + "H", block, start)
        for entry in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind = struct.unpack_from(order + "HH", block, entry)
            if tag == _ORIENTATION_TAG and kind in (3, 4):
                (value,) = struct.unpack_from(order + ("H" if kind == 3 else "I"), block, entry + 8)
                return value if 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1


def to_rgb(picture: Image.Image) -> Image.Image:
    """Turn a loaded picture of any mode of Pillow's into mode RGB; alpha lies on white, 16 and 32 bits are scaled."""
    mode = picture.mode
    if mode.startswith("I;16"):
        return _grey(np.asarray(picture), 65535.0)
    if mode in ("I", "F"):
        return _grey(np.asarray(picture), None)
    if mode == "LAB":
        return _lab_to_rgb(picture)
    if mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in picture.info:
        return _over_white(picture)
    return picture if mode == "RGB" else picture.convert("RGB")


def _over_white(picture: Image.Image) -> Image.Image:
    if picture.mode == "La":
        picture = picture.convert("LA")
    if picture.mode != "RGBA":
        picture = picture.convert("RGBA")
    ground = Image.new("RGB", picture.size, (255, 255, 255))
    ground.paste(picture, mask=picture)
    return ground


def _grey(values: NDArray[Any], white: float | None) -> Image.Image:
    """Grey of more than 8 bits to RGB.

    ``white`` is the value shown as 255. A 32-bit integer or float picture does not say it; the smallest of 1 (float
    only), 255 and 65,535 that holds every value is taken, and a picture beyond them is stretched from its least to its
    greatest value. What is not finite is black.
    """
    whites = [1.0, 255.0, 65535.0] if values.dtype.kind == "f" else [255.0, 65535.0]
    values = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    black = 0.0
    if white is None:
        least, greatest = float(values.min()), float(values.max())
        white = next((w for w in whites if least >= 0 and greatest <= w), greatest)
        black = 0.0 if least >= 0 and greatest <= 65535 else least
    scaled = (values - black) * (255.0 / max(white - black, 1e-30))
    return Image.fromarray(np.clip(np.rint(scaled), 0, 255).astype(np.uint8)).convert("RGB")


def _lab_to_rgb(picture: Image.Image) -> Image.Image:
    from PIL import ImageCms  # noqa: PLC0415  (rare, and loads littleCMS)

    transform = ImageCms.buildTransform(ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB")
    converted = ImageCms.applyTransform(picture, transform)
    if converted is None:  # only with inPlace
        raise ValueError("littleCMS returned no picture")
    return converted
