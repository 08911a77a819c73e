"""One view of a photo, as another camera, distance, light and compression would have given it."""

from __future__ import annotations

import io
import math
import random

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from fruits.training.pixels import Pixels
from fruits.training.sources import Box

Region = tuple[float, float, float, float]


def view(pixels: Pixels, size: int, dice: random.Random, boxes: tuple[Box, ...] = (), zoom: float = 0.3) -> Pixels:
    """A random view uint8 [size, size, 3] of pixels uint8 [H, W, 3].

    boxes: where the fruit is; half of the views then look at one of them. zoom: the least share of the area kept.
    """
    picture = Image.fromarray(pixels)
    region = _around(dice.choice(boxes), picture, dice) if boxes and dice.random() < 0.5 else None
    region = _crop(picture, zoom, dice) if region is None else region
    picture = picture.resize((size, size), Image.Resampling.BICUBIC, box=region, reducing_gap=2.0)
    if dice.random() < 0.5:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    turned = dice.random()
    if turned < 0.1:
        picture = picture.transpose(dice.choice([Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270]))
    elif turned < 0.3:
        picture = _rotated(picture, dice.uniform(-25, 25))
    if dice.random() < 0.15:
        picture = picture.filter(ImageFilter.GaussianBlur(dice.uniform(0.3, 1.5)))
    values: NDArray[np.floating] = np.asarray(picture, np.float32)
    if dice.random() < 0.8:
        values = _recoloured(values, dice)
    if dice.random() < 0.15:
        _hide(values, dice)
    viewed = np.clip(values, 0, 255).astype(np.uint8)
    return _compressed(viewed, dice.randint(25, 80)) if dice.random() < 0.2 else viewed


def _crop(picture: Image.Image, zoom: float, dice: random.Random) -> Region:
    """A part of the picture: an area of ``zoom`` to all, as it is or stretched by up to 3:2 either way."""
    area = dice.uniform(zoom, 1)
    stretch = math.exp(dice.uniform(-0.4, 0.4))
    width = min(1.0, math.sqrt(area * stretch)) * picture.width
    height = min(1.0, math.sqrt(area / stretch)) * picture.height
    x, y = dice.uniform(0, picture.width - width), dice.uniform(0, picture.height - height)
    return x, y, x + width, y + height


def _around(box: Box, picture: Image.Image, dice: random.Random) -> Region | None:
    """A square-like part around one fruit, with something of its surroundings; None if it would be tiny."""
    x, y, w, h = box[0] * picture.width, box[1] * picture.height, box[2] * picture.width, box[3] * picture.height
    side = max(w, h) * dice.uniform(1.0, 2.2)
    if side < 48:
        return None
    centre_x, centre_y = x + w * dice.uniform(0.35, 0.65), y + h * dice.uniform(0.35, 0.65)
    left, top = max(0.0, centre_x - side / 2), max(0.0, centre_y - side / 2)
    right, bottom = min(float(picture.width), centre_x + side / 2), min(float(picture.height), centre_y + side / 2)
    return (left, top, right, bottom) if right - left > 32 and bottom - top > 32 else None


def _rotated(picture: Image.Image, degrees: float) -> Image.Image:
    """Turned, and enlarged until no empty corner shows."""
    angle = math.radians(abs(degrees))
    scale = math.cos(angle) + math.sin(angle)
    size = math.ceil(picture.width * scale)
    turned = picture.resize((size, size), Image.Resampling.BICUBIC).rotate(degrees, Image.Resampling.BICUBIC)
    start = (size - picture.width) // 2
    return turned.crop((start, start, start + picture.width, start + picture.height))


def _recoloured(values: NDArray[np.floating], dice: random.Random) -> NDArray[np.floating]:
    grey = values.mean(2, keepdims=True)
    values = grey + (values - grey) * dice.uniform(0.6, 1.5)
    values = values * dice.uniform(0.65, 1.35) * np.array([dice.uniform(0.88, 1.12) for _ in range(3)], np.float32)
    mean = float(values.mean())
    values = mean + (values - mean) * dice.uniform(0.7, 1.35)
    if dice.random() < 0.3:
        return np.asarray(255 * (np.clip(values, 0, 255) / 255) ** dice.uniform(0.6, 1.6))
    return np.asarray(values)


def _hide(values: NDArray[np.floating], dice: random.Random) -> None:
    side = values.shape[0]
    height, width = dice.randint(side // 8, side // 3), dice.randint(side // 8, side // 3)
    y, x = dice.randint(0, side - height), dice.randint(0, side - width)
    values[y : y + height, x : x + width] = [dice.uniform(0, 255) for _ in range(3)]


def _compressed(pixels: Pixels, quality: int) -> Pixels:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=quality)
    return np.array(Image.open(stream))


def blank(size: int, seed: str) -> Pixels:
    """A picture of nothing, uint8 [size, size, 3]: one colour, a gradient, a few patches, or noise."""
    dice = random.Random(seed)
    noise = np.random.default_rng(dice.getrandbits(32))
    cells = dice.choice([1, 2, 3, 6])
    values = noise.uniform(0, 255, (cells, cells, 3))
    if dice.random() < 0.5:
        values = values.mean() + (values - values.mean()) * dice.uniform(0, 0.3)
    filters = [Image.Resampling.NEAREST, Image.Resampling.BICUBIC]
    patches = Image.fromarray(values.astype(np.uint8)).resize((size, size), dice.choice(filters))
    grain = noise.standard_normal((size, size, dice.choice([1, 3]))) * dice.choice([0, 2, 10, 60])
    return np.clip(np.asarray(patches, np.float32) + grain, 0, 255).astype(np.uint8)
