"""Made photos: fruit cut out of white frames, heaped, lit and laid on real backgrounds.

A species of which there are only studio frames would otherwise be learnt as "that which lies on white". The pieces are
turned, scaled, relit and tinted together, throw a soft shadow, and may be partly hidden by each other or by the edge.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from fruits.training.pixels import Pixels

SIDE = 184
"""Composites are squares of this many pixels, a little more than the network's input, so that they can be cropped."""

# A pixel belongs to the white ground if its darkest channel is above _WHITE, its channels are within _GREY of each
# other, and it is joined to the border by such pixels.
_WHITE, _GREY = 232, 18
_LEAST_PIXELS = 150


@dataclass(frozen=True)
class _Scene:
    """How the pieces lie: how many, how large and how far from each other, as fractions of the side."""

    pieces: tuple[int, int]
    size: tuple[float, float]
    spread: float
    everywhere: bool = False


_SCENES = (
    _Scene((1, 1), (0.5, 0.95), 0.07),
    _Scene((2, 5), (0.35, 0.6), 0.17),
    _Scene((6, 16), (0.2, 0.36), 0.24),
    _Scene((20, 45), (0.16, 0.3), 0.0, everywhere=True),
)


def cut_out(frame: Pixels) -> Pixels | None:
    """RGBA uint8 [h, w, 4] of the fruit on a white frame uint8 [H, W, 3]; None if hardly anything is left."""
    from scipy import ndimage  # noqa: PLC0415 - an extra of training

    channels = frame.astype(np.int16)
    light = (channels.min(2) > _WHITE) & (np.ptp(channels, axis=2) < _GREY)
    areas, _ = ndimage.label(light)
    border = np.unique(np.concatenate([areas[0], areas[-1], areas[:, 0], areas[:, -1]]))
    fruit = ndimage.binary_fill_holes(ndimage.binary_erosion(~np.isin(areas, border[border > 0])))
    pieces, count = ndimage.label(fruit)
    if count > 1:
        fruit = pieces == 1 + int(np.argmax(ndimage.sum(fruit, pieces, range(1, count + 1))))
    if fruit.sum() < _LEAST_PIXELS:
        return None
    rows, columns = np.flatnonzero(fruit.any(1)), np.flatnonzero(fruit.any(0))
    alpha = (ndimage.gaussian_filter(fruit.astype(np.float32), 0.6) * 255).astype(np.uint8)
    part = np.dstack([frame, alpha])
    top, left = max(0, rows[0] - 2), max(0, columns[0] - 2)
    return np.ascontiguousarray(part[top : rows[-1] + 3, left : columns[-1] + 3])


class Composer:
    """Makes composites; the same frames, backgrounds and random generator make the same pictures."""

    def __init__(
        self,
        frames: Mapping[str, Sequence[Sequence[Pixels]]],
        backgrounds: Sequence[Pixels],
        foliage: Sequence[Pixels],
        side: int = SIDE,
    ) -> None:
        """frames: per species, per label, frames on white uint8 [H, W, 3]. backgrounds, foliage: without produce."""
        self._frames = {species: [list(each) for each in labels] for species, labels in frames.items()}
        self._species = sorted(self._frames)
        self._backgrounds, self._foliage, self._side = list(backgrounds), list(foliage), side
        self._cuts: dict[int, Pixels | None] = {}

    @property
    def species(self) -> list[str]:
        """What can be composed, in alphabetical order."""
        return self._species

    def compose(self, species: str, dice: random.Random) -> Pixels:
        """A made photo of the species, uint8 [side, side, 3]."""
        side = self._side
        canvas = Image.new("RGBA", (2 * side, 2 * side))
        canvas.paste(self.background(dice), (side // 2, side // 2))
        labels = dice.sample(self._frames[species], min(len(self._frames[species]), 1 if dice.random() < 0.75 else 2))
        tint = np.array([dice.uniform(0.85, 1.15) for _ in range(3)]) * dice.uniform(0.75, 1.15)
        scene = dice.choice(_SCENES)
        base, tilt = dice.uniform(*scene.size) * side, dice.choice([25, 180, 180])
        centre = (dice.uniform(0.4, 0.6) * side, dice.uniform(0.4, 0.65) * side)
        shadow = (dice.uniform(-0.06, 0.06) * base, dice.uniform(0, 0.08) * base) if dice.random() < 0.8 else None
        strangers = dice.randint(1, 2) if dice.random() < 0.2 else 0
        for index in range(strangers + dice.randint(*scene.pieces)):
            if index < strangers:
                frame = dice.choice(dice.choice(self._frames[dice.choice(self._species)]))
                x, y = dice.uniform(0, side), dice.uniform(0, 0.4 * side)
            else:
                frame = dice.choice(dice.choice(labels))
                x, y = self._place(scene, centre, dice)
            piece = self._piece(frame, base * dice.uniform(0.85, 1.15), tilt, tint, dice)
            if piece is not None:
                self._lay(canvas, piece, (x, y), base, shadow)
        return self._finish(canvas.crop((side // 2, side // 2, side // 2 + side, side // 2 + side)), dice)

    def background(self, dice: random.Random) -> Image.Image:
        """A background of its own: studio white, a gradient of colour, foliage, or a crop of a photo, often blurred."""
        kind = dice.random()
        if kind < 0.16:
            return self._studio(dice)
        if kind < 0.28 or not (self._backgrounds or self._foliage):
            return self._gradient(dice)
        leaves = (kind < 0.42 and self._foliage) or not self._backgrounds
        source = dice.choice(self._foliage if leaves else self._backgrounds)
        height, width = source.shape[:2]
        part = int(min(height, width) * dice.uniform(0.35, 1))
        x, y = dice.randint(0, width - part), dice.randint(0, height - part)
        size = (self._side, self._side)
        picture = Image.fromarray(source).resize(size, Image.Resampling.BICUBIC, box=(x, y, x + part, y + part))
        if dice.random() < 0.5:
            picture = picture.transpose(dice.choice([*Image.Transpose][:3]))
        if dice.random() < 0.6:
            picture = picture.filter(ImageFilter.GaussianBlur(dice.uniform(0.5, 6)))
        if dice.random() < 0.5:
            values = np.asarray(picture, np.float32) * dice.uniform(0.5, 1.15)
            grey = dice.uniform(0, 0.8)
            values = values * (1 - grey) + values.mean(2, keepdims=True) * grey
            picture = _picture(values + np.array([dice.uniform(-15, 15) for _ in range(3)]))
        return picture

    def _studio(self, dice: random.Random) -> Image.Image:
        ground = dice.uniform(225, 255) + np.array([dice.uniform(-4, 4) for _ in range(3)])
        fall = np.linspace(0, dice.uniform(-25, 10), self._side)[:, None, None]
        return _picture(np.zeros((self._side, self._side, 3)) + ground + fall)

    def _gradient(self, dice: random.Random) -> Image.Image:
        first = np.array([dice.uniform(0, 255) for _ in range(3)])
        last = first + np.array([dice.uniform(-60, 60) for _ in range(3)])
        ramp = np.linspace(0, 1, self._side)[:, None, None] * np.ones((1, self._side, 1))
        ramp = ramp if dice.random() < 0.5 else ramp.transpose(1, 0, 2)
        noise = _noise(dice, (self._side, self._side, 1)) * dice.uniform(0, 6)
        return _picture(first * (1 - ramp) + last * ramp + noise)

    def _place(self, scene: _Scene, centre: tuple[float, float], dice: random.Random) -> tuple[float, float]:
        side = self._side
        if scene.everywhere:
            return dice.uniform(-0.05, 1.05) * side, dice.uniform(-0.05, 1.05) * side
        return dice.gauss(centre[0], scene.spread * side), dice.gauss(centre[1], scene.spread * side)

    def _piece(
        self, frame: Pixels, size: float, tilt: float, tint: NDArray[np.float64], dice: random.Random
    ) -> Image.Image | None:
        key = id(frame)
        if key not in self._cuts:
            self._cuts[key] = cut_out(frame)
        cut = self._cuts[key]
        if cut is None:
            return None
        picture = Image.fromarray(cut)
        scale = size / max(picture.size)
        width, height = (max(4, int(side * scale * dice.uniform(0.9, 1.1))) for side in picture.size)
        picture = picture.resize((width, height), Image.Resampling.BICUBIC)
        if dice.random() < 0.5:
            picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        picture = picture.rotate(dice.uniform(-tilt, tilt), Image.Resampling.BICUBIC, expand=True)
        values = np.asarray(picture).astype(np.float32)
        down, across = np.mgrid[-1 : 1 : values.shape[0] * 1j, -1 : 1 : values.shape[1] * 1j]
        angle = dice.uniform(0, 2 * math.pi)
        light = 1 + dice.uniform(0, 0.35) * (math.cos(angle) * across + math.sin(angle) * down)
        values[..., :3] *= light[..., None] * tint * dice.uniform(0.88, 1.12)
        return _picture(values)

    def _lay(
        self,
        canvas: Image.Image,
        piece: Image.Image,
        at: tuple[float, float],
        base: float,
        shadow: tuple[float, float] | None,
    ) -> None:
        x = int(at[0] - piece.width / 2) + self._side // 2
        y = int(at[1] - piece.height / 2) + self._side // 2
        if min(x, y) < 0 or max(x + piece.width, y + piece.height) > 2 * self._side:
            return
        if shadow is not None:
            alpha = piece.getchannel("A").filter(ImageFilter.GaussianBlur(max(1, base * 0.05)))
            dark = Image.new("RGBA", piece.size)
            dark.putalpha(alpha.point([int(value * 0.45) for value in range(256)]))
            canvas.alpha_composite(dark, (max(0, int(x + shadow[0])), max(0, int(y + shadow[1]))))
        canvas.alpha_composite(piece, (x, y))

    def _finish(self, picture: Image.Image, dice: random.Random) -> Pixels:
        whole = picture.convert("RGB")
        if dice.random() < 0.3:
            whole = whole.filter(ImageFilter.GaussianBlur(dice.uniform(0.3, 1.2)))
        values: NDArray[np.floating] = np.asarray(whole, np.float32)
        if dice.random() < 0.5:
            values = 128 + (values - 128) * dice.uniform(0.7, 1.3)
        if dice.random() < 0.4:
            values = values * np.linspace(dice.uniform(0.7, 1.2), dice.uniform(0.7, 1.2), self._side)[None, :, None]
        if dice.random() < 0.4:
            values = values + _noise(dice, values.shape) * dice.uniform(1, 8)
        return np.array(_picture(values))


def _noise(dice: random.Random, shape: tuple[int, ...]) -> NDArray[np.float32]:
    return np.random.default_rng(dice.getrandbits(32)).standard_normal(shape, np.float32)


def _picture(values: NDArray[np.floating]) -> Image.Image:
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))
