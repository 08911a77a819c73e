"""The fruits that are drawn: a shape, a skin and a stem for each label, chosen by eye."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fruits.samples.painting import Canvas, Colour, unit
from fruits.samples.render import Body, Floats, Part, Skin
from fruits.samples.solids import Bent, Round, Stem


@dataclass(frozen=True)
class Fruit:
    """What is drawn under one label."""

    label: str
    parts: tuple[Part, ...]


def _stalk(foot: float, length: float, thickness: float, lean: float, colour: Colour, tip: Colour) -> Part:
    """A stem on the axis from height ``foot`` up, leaning to +x."""
    share = np.linspace(1, 0, 8, dtype=np.float32)[:, None, None]
    colours = (unit(tip) * share + unit(colour) * (1 - share)) + np.zeros((8, 4, 3), np.float32)
    skin = Skin.of(colours.astype(np.float32), np.zeros((8, 4), np.float32), 0.1, 8)
    body = Stem((0, foot, 0), (lean, foot + length, 0.3 * lean), thickness)
    return Part(body, skin, (lean / 2, foot + length / 2, 0.15 * lean), length / 2 + abs(lean) / 2 + 2 * thickness)


def _dimpled(top: float, bottom: float, taper: float, height: float = 1.0) -> Callable[[Floats], Floats]:
    """An apple's outline: hollows at stem and end, narrower below by ``taper``."""

    def radius(angle: Floats) -> Floats:
        cosine, sine = np.cos(angle), np.sin(angle)
        outline = 1 / np.sqrt(sine**2 + (cosine / height) ** 2)
        hollows = top * np.exp(-((angle / 0.36) ** 2)) + bottom * np.exp(-(((math.pi - angle) / 0.30) ** 2))
        result: Floats = outline * (1 + taper * cosine) - hollows
        return result

    return radius


def _whole(label: str, body: Body, skin: Skin, *others: Part) -> Fruit:
    return Fruit(label, (Part(body, skin, (0, 0, 0), 1.12), *others))


def _apple_red(label: str, rng: np.random.Generator) -> Fruit:
    canvas = Canvas((196, 148, 70), rng)
    blush = 0.55 + 0.6 * canvas.cloud(1.2)
    canvas.paint((168, 28, 34), blush)
    canvas.paint((206, 120, 74), 0.65 * (canvas.cloud(9, 5) - 0.45) * 2)
    canvas.paint((120, 12, 24), 0.5 * canvas.cloud(7, 4))
    canvas.paint((226, 190, 130), 0.7 * canvas.freckles(0.012))
    canvas.paint((96, 78, 36), canvas.near_stem(0.30))
    canvas.paint((70, 50, 30), canvas.near_end(0.17))
    body = Round.of(_dimpled(0.34, 0.16, 0.09, 1.08), lobes=5, lobe_height=0.012)
    return _whole(label, body, canvas.skin(0.34, 22), _stalk(0.5, 0.62, 0.032, 0.14, (92, 66, 40), (60, 40, 28)))


def _apple_golden(label: str, rng: np.random.Generator) -> Fruit:
    canvas = Canvas((222, 202, 92), rng)
    canvas.paint((198, 196, 78), 0.8 * canvas.cloud(1.5))
    canvas.paint((224, 150, 76), 0.5 * (canvas.noise(1.3) - 0.55) * 3)
    canvas.paint((132, 104, 48), 0.9 * canvas.freckles(0.010))
    canvas.paint((150, 116, 56), 0.5 * (canvas.cloud(7) - 0.66) * 3)
    canvas.paint((140, 112, 50), canvas.near_stem(0.34))
    canvas.paint((90, 70, 40), canvas.near_end(0.17))
    body = Round.of(_dimpled(0.34, 0.2, 0.05, 1.0), lobes=3, lobe_height=0.014)
    return _whole(label, body, canvas.skin(0.22, 16), _stalk(0.48, 0.55, 0.03, -0.12, (110, 82, 50), (70, 48, 30)))


def _apple_green(label: str, rng: np.random.Generator) -> Fruit:
    canvas = Canvas((146, 182, 66), rng)
    canvas.paint((172, 200, 92), 0.8 * canvas.cloud(1.4))
    canvas.paint((214, 226, 160), 0.8 * canvas.freckles(0.016))
    canvas.paint((110, 140, 50), canvas.near_stem(0.34))
    canvas.paint((84, 80, 44), canvas.near_end(0.16))
    body = Round.of(_dimpled(0.32, 0.16, 0.06, 1.06), lobes=5, lobe_height=0.008)
    return _whole(label, body, canvas.skin(0.36, 26), _stalk(0.5, 0.58, 0.028, 0.1, (98, 88, 48), (64, 48, 30)))


def _banana(label: str, rng: np.random.Generator) -> Fruit:
    canvas = Canvas((228, 190, 54), rng)
    canvas.paint((240, 208, 84), 0.7 * canvas.cloud(2))
    canvas.paint((196, 150, 44), 0.5 * (np.cos(5 * canvas.longitude) > 0.93) + 0 * canvas.angle)
    canvas.paint((112, 74, 32), 1.5 * (canvas.cloud(7, 2) - 0.66) * 3)
    canvas.paint((90, 60, 30), 0.8 * canvas.freckles(0.004))
    canvas.paint((150, 164, 62), 1.2 * canvas.near_stem(0.72))
    canvas.paint((58, 44, 30), 1.6 * canvas.near_stem(0.14))
    canvas.paint((48, 36, 26), 1.6 * canvas.near_end(0.15))
    place = np.linspace(-1, 1, 16_384, dtype=np.float32)
    middle = 0.27 * np.sqrt(np.clip(1 - np.abs(place) ** 3.2, 0, 1))
    neck = 0.065 * np.clip((place - 0.55) / 0.1, 0, 1)
    radii = np.maximum(np.maximum(middle * np.clip(1.25 - 0.85 * np.clip(place - 0.3, 0, 1), 0, 1), neck), 0.055)
    body = Bent(radii.astype(np.float32), 0.95, 1.12)
    return Fruit(label, (Part(body, canvas.skin(0.16, 12), (0, 0, 0), 1.2),))


def _cherry(label: str, rng: np.random.Generator) -> Fruit:
    canvas = Canvas((92, 10, 22), rng)
    canvas.paint((138, 22, 30), 0.8 * canvas.cloud(1.2))
    canvas.paint((52, 6, 16), 0.8 * np.exp(-((canvas.longitude / 0.09) ** 2)) + 0 * canvas.angle)
    canvas.paint((60, 20, 18), canvas.near_stem(0.3))
    canvas.relief -= 2.0 * np.exp(-((canvas.longitude / 0.12) ** 2)) * np.sin(canvas.angle)
    body = Round.of(_dimpled(0.28, 0.04, 0.05, 1.0), lobes=2, lobe_height=0.03)
    stalk = _stalk(0.55, 0.62, 0.03, 0.2, (96, 110, 44), (120, 84, 46))
    return _whole(label, body, canvas.skin(0.85, 60), stalk)


def _kiwi(label: str, rng: np.random.Generator) -> Fruit:
    canvas = Canvas((132, 102, 62), rng)
    canvas.paint((100, 74, 42), canvas.cloud(3, 2))
    canvas.paint((168, 138, 92), 0.75 * canvas.noise(34, 2.5) ** 2)
    canvas.paint((78, 56, 32), 0.8 * canvas.freckles(0.03))
    canvas.paint((62, 44, 26), canvas.near_stem(0.17) + canvas.near_end(0.22))
    canvas.relief += 0.9 * canvas.noise(36, 2) + 2 * canvas.near_end(0.12)
    body = Round.of(lambda angle: 1 / np.sqrt((np.sin(angle) / 0.76) ** 2 + np.cos(angle) ** 2), swell=0.025)
    return _whole(label, body, canvas.skin(0.05, 6))


def _lemon(label: str, rng: np.random.Generator) -> Fruit:
    canvas = Canvas((240, 196, 36), rng)
    canvas.paint((250, 214, 64), 0.8 * canvas.cloud(1.6))
    canvas.paint((206, 160, 28), 0.55 * canvas.freckles(0.05))
    canvas.paint((178, 176, 56), canvas.near_stem(0.26))
    canvas.paint((110, 90, 40), canvas.near_stem(0.07) + 0.7 * canvas.near_end(0.06))
    canvas.relief += 0.4 * canvas.noise(22) - 0.35 * canvas.freckles(0.06)

    def radius(angle: Floats) -> Floats:
        outline = 1 / np.sqrt((np.sin(angle) / 0.80) ** 2 + (np.cos(angle) / 0.92) ** 2)
        ends = 0.07 * np.exp(-((angle / 0.24) ** 2)) + 0.16 * np.exp(-(((math.pi - angle) / 0.27) ** 2))
        result: Floats = outline + ends
        return result

    return _whole(label, Round.of(radius), canvas.skin(0.30, 18))


def _orange(label: str, rng: np.random.Generator) -> Fruit:
    canvas = Canvas((232, 118, 20), rng)
    canvas.paint((244, 144, 40), 0.8 * canvas.cloud(1.5))
    canvas.paint((196, 88, 12), 0.6 * canvas.freckles(0.07))
    canvas.paint((104, 112, 44), 1.4 * canvas.near_stem(0.075))
    canvas.paint((204, 120, 34), 0.6 * canvas.near_stem(0.3))
    canvas.relief += 0.35 * canvas.noise(24) - 0.5 * canvas.freckles(0.09)
    canvas.relief += 0.5 * np.cos(9 * canvas.longitude) * canvas.near_stem(0.3)
    body = Round.of(_dimpled(0.05, 0.03, 0.0, 0.95), swell=0.02)
    return _whole(label, body, canvas.skin(0.26, 14))


def _pear(label: str, rng: np.random.Generator) -> Fruit:
    canvas = Canvas((164, 172, 70), rng)
    canvas.paint((196, 186, 84), 0.9 * canvas.cloud(1.3))
    canvas.paint((190, 110, 66), 0.6 * (canvas.noise(1.1) - 0.5) * 3)
    canvas.paint((104, 84, 40), 0.8 * canvas.freckles(0.045))
    canvas.paint((128, 98, 50), 0.9 * canvas.near_stem(0.25) * canvas.cloud(5))
    canvas.paint((60, 46, 30), canvas.near_end(0.15))

    def radius(angle: Floats) -> Floats:
        belly = 0.74 + 0.06 * np.cos(math.pi - angle)
        neck = 0.47 * np.exp(-((angle / 0.50) ** 2)) - 0.05 * np.exp(-(((angle - 1.0) / 0.4) ** 2))
        result: Floats = belly + neck - 0.12 * np.exp(-(((math.pi - angle) / 0.25) ** 2))
        return result

    body = Round.of(radius, lobes=3, lobe_height=0.012, swell=0.035)
    skin = canvas.skin(0.16, 12)
    stalk = _stalk(0.85, 0.36, 0.034, 0.12, (104, 76, 44), (64, 44, 28))
    return _whole(label, body, skin, stalk)


def _plum(label: str, rng: np.random.Generator) -> Fruit:
    canvas = Canvas((74, 24, 48), rng)
    canvas.paint((116, 34, 48), 0.9 * canvas.cloud(1.2))
    canvas.paint((126, 116, 150), 0.6 * canvas.cloud(3, 2.2) ** 1.5)
    canvas.paint((40, 14, 32), 0.7 * np.exp(-((canvas.longitude / 0.07) ** 2)) + 0 * canvas.angle)
    canvas.paint((190, 160, 130), 0.6 * canvas.freckles(0.012))
    canvas.paint((70, 50, 40), canvas.near_stem(0.13))
    canvas.relief -= 2.4 * np.exp(-((canvas.longitude / 0.1) ** 2)) * np.sin(canvas.angle)
    body = Round.of(_dimpled(0.16, 0.02, 0.0, 1.1), lobes=1, lobe_height=-0.02)
    return _whole(label, body, canvas.skin(0.20, 14))


def _strawberry(label: str, rng: np.random.Generator) -> Fruit:
    canvas = Canvas((196, 24, 28), rng)
    canvas.paint((220, 58, 40), 0.7 * canvas.cloud(1.8))
    canvas.paint((236, 186, 150), 0.85 * np.exp(-(((canvas.angle - 0.55) / 0.22) ** 2)) * canvas.cloud(2))
    seeds = canvas.spiral(190, 0.062)
    canvas.paint((120, 8, 18), 0.8 * canvas.spiral(190, 0.11))
    canvas.paint((228, 186, 84), 1.1 * seeds**1.5)
    canvas.relief -= 3.2 * canvas.spiral(190, 0.1) - 1.2 * seeds
    leaves = np.clip((0.46 + 0.34 * np.cos(8 * canvas.longitude + 1.5 * canvas.angle) - canvas.angle) * 9, 0, 1)
    canvas.paint((66, 108, 42), leaves)
    canvas.paint((104, 142, 70), 0.6 * leaves * canvas.noise(14, 3))
    canvas.relief += 4 * leaves

    def radius(angle: Floats) -> Floats:
        cone = 0.72 + 0.28 * np.exp(-(((math.pi - angle) / 0.62) ** 2))
        result: Floats = cone + 0.02 * np.sin(angle) - 0.14 * np.exp(-((angle / 0.4) ** 2))
        return result

    body = Round.of(radius, lobes=2, lobe_height=0.03, swell=0.05)
    stalk = _stalk(0.5, 0.4, 0.035, 0.1, (92, 128, 58), (120, 136, 76))
    return _whole(label, body, canvas.skin(0.42, 26), stalk)


def _tomato(label: str, rng: np.random.Generator) -> Fruit:
    canvas = Canvas((204, 40, 18), rng)
    canvas.paint((226, 76, 28), 0.8 * canvas.cloud(1.3))
    canvas.paint((222, 128, 48), 0.6 * canvas.near_stem(0.5) * canvas.cloud(3))
    star = np.clip((0.30 + 0.32 * np.cos(5 * canvas.longitude) ** 3 - canvas.angle) * 10, 0, 1)
    canvas.paint((74, 112, 42), star)
    canvas.relief += 5 * star
    body = Round.of(_dimpled(0.22, 0.05, 0.02, 0.88), lobes=5, lobe_height=0.018)
    stalk = _stalk(0.45, 0.36, 0.04, 0.08, (82, 116, 46), (110, 124, 62))
    return _whole(label, body, canvas.skin(0.62, 42), stalk)


VARIETIES: dict[str, Callable[[str, np.random.Generator], Fruit]] = {
    "Apple Golden 1": _apple_golden,
    "Apple Granny Smith 1": _apple_green,
    "Apple Red 1": _apple_red,
    "Banana 1": _banana,
    "Cherry 1": _cherry,
    "Kiwi 1": _kiwi,
    "Lemon 1": _lemon,
    "Orange 1": _orange,
    "Pear 1": _pear,
    "Plum 1": _plum,
    "Strawberry 1": _strawberry,
    "Tomato 1": _tomato,
}
"""A maker per label; the labels are spelt as Fruits-360 spells them."""
