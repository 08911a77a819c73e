"""The resampling that the browser's code is held to is the engine's own, byte for byte."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fruits.engine.recogniser import _stretch
from fruits.vision.decode import decode

VECTORS = Path(__file__).parents[2] / "frontend" / "src" / "engine" / "resample.vectors.json"
FIRST_AVERAGED = 6
"""Pictures so many times larger are first averaged in blocks (Pillow's ``reducing_gap``); the browser does not."""
NEARLY = 12
CASES = json.loads(VECTORS.read_text())["cases"]


def pixels_of(text: str, height: int, width: int) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 3)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['width']}x{case['height']}-{case['size']}")
def test_the_shared_vectors(case: dict) -> None:
    pixels = pixels_of(case["pixels"], case["height"], case["width"])
    expected = pixels_of(case["answer"], case["size"], case["size"])
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    found = decode(stream.getvalue(), case["size"]).pixels
    assert np.array_equal(_stretch(pixels, case["size"]), found)
    if max(case["width"], case["height"]) < FIRST_AVERAGED * case["size"]:
        assert np.array_equal(found, expected)
    else:
        assert np.abs(found.astype(int) - expected).mean() < NEARLY


def test_a_large_photo_is_stretched_nearly_alike() -> None:
    rows, columns = np.mgrid[:1500, :2000]
    values = np.stack([rows % 256, columns % 256, (rows + columns) // 14], axis=2)
    pixels = (128 + (values - 128) * 0.6).astype(np.uint8)
    plain = np.asarray(Image.fromarray(pixels).resize((160, 160), Image.Resampling.BICUBIC), int)
    assert np.abs(_stretch(pixels, 160) - plain).mean() < 3
