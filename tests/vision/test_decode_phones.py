"""What phones send: HEIC, AVIF, very large JPEGs; shrunk with their proportions kept."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fruits.vision import decode as module
from fruits.vision.decode import DecodeError, Limits, decode
from fruits.vision.headers import brands, heif_size, jpeg_is_progressive

HERE = Path(__file__).parent
# Drawn as `picture()` is and encoded by libheif with x265: one plain with EXIF (GPS among it), one turned by 90 degrees
# with an `irot` box and an EXIF orientation, as iPhones write both.
UPRIGHT, TURNED = (HERE / f"phone_{name}.heic" for name in ("upright", "turned"))


def picture(width: int, height: int) -> Image.Image:
    x = np.linspace(0, 255, width)[None, :].repeat(height, axis=0)
    y = np.linspace(0, 255, height)[:, None].repeat(width, axis=1)
    return Image.fromarray(np.dstack([x, y, np.full_like(x, 90)]).astype(np.uint8))


def save(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def refused(data: bytes, **arguments: object) -> DecodeError:
    with pytest.raises(DecodeError) as caught:
        decode(data, **arguments)  # type: ignore[arg-type]
    return caught.value


@pytest.mark.parametrize("path", [UPRIGHT, TURNED])
def test_heic_is_upright_however_the_phone_was_held(path: Path) -> None:
    pytest.importorskip("pi_heif", reason="pi-heif is an extra")
    photo = decode(path.read_bytes())
    assert (photo.format, photo.width, photo.height) == ("HEIC", 120, 80)
    assert np.abs(photo.pixels.astype(int) - np.asarray(picture(120, 80))).mean() < 6
    assert decode(path.read_bytes(), 24).pixels.shape == (24, 24, 3)


def test_heic_without_pi_heif_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "can_open_heic", lambda: False)
    error = refused(UPRIGHT.read_bytes())
    assert error.reason == "unsupported" and "pi-heif" in str(error) and "convert" in str(error)


@pytest.mark.parametrize("part", [0.1, 0.3, 0.5, 0.8, 0.99])
def test_a_truncated_heic_is_refused(part: float) -> None:
    pytest.importorskip("pi_heif", reason="pi-heif is an extra")
    data = UPRIGHT.read_bytes()
    assert refused(data[: int(len(data) * part)]).reason == "truncated"


@pytest.mark.parametrize("kind", ["HEIC", "AVIF"])
def test_a_bomb_in_a_heif_box_is_refused_before_it_is_opened(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = bytearray(UPRIGHT.read_bytes() if kind == "HEIC" else save(picture(120, 80), "AVIF"))
    at = data.index(b"ispe")
    data[at + 8 : at + 16] = struct.pack(">II", 60_000, 60_000)
    monkeypatch.setitem(module._PLUGINS, kind, lambda file: pytest.fail("opened"))
    monkeypatch.setattr(module, "can_open_heic", lambda: True)
    assert heif_size(bytes(data)) == (60_000, 60_000)
    error = refused(bytes(data))
    assert error.reason == "too-many-pixels" and error.limit == Limits().max_pixels


@pytest.mark.parametrize("orientation", range(1, 9))
def test_avif_orientation(orientation: int) -> None:
    upright = np.asarray(picture(60, 40))
    turns = Image.Transpose
    stored = {
        2: turns.FLIP_LEFT_RIGHT,
        3: turns.ROTATE_180,
        4: turns.FLIP_TOP_BOTTOM,
        5: turns.TRANSPOSE,
        6: turns.ROTATE_90,
        7: turns.TRANSVERSE,
        8: turns.ROTATE_270,
    }
    image = picture(60, 40)
    if orientation in stored:
        image = image.transpose(stored[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = decode(save(image, "AVIF", quality=95, exif=exif.tobytes()))
    assert (photo.format, photo.width, photo.height) == ("AVIF", 60, 40)
    assert np.abs(photo.pixels.astype(int) - upright).mean() < 5


def test_brands_tell_avif_from_heic_when_the_major_one_does_not() -> None:
    assert brands(b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif") == {b"mif1", b"avif"}
    assert b"heic" in brands(UPRIGHT.read_bytes())
    renamed = bytearray(save(picture(60, 40), "AVIF"))
    renamed[8:12] = b"mif1"
    assert b"avif" in brands(bytes(renamed)) and decode(bytes(renamed)).format == "AVIF"


# --- limits ---


def test_a_jpeg_decoded_at_reduced_scale_has_a_limit_of_its_own() -> None:
    data = save(picture(1000, 800), "JPEG")
    limits = Limits(max_pixels=500_000, max_jpeg_pixels=900_000)
    assert decode(data, 24, limits).width == 1000
    assert decode(data, limits=limits, longest=100).width == 1000
    error = refused(data, limits=limits)
    assert (error.reason, error.limit) == ("too-many-pixels", 500_000)  # every pixel would be in memory
    error = refused(save(picture(1000, 901), "JPEG"), size=24, limits=limits)
    assert (error.reason, error.limit) == ("too-many-pixels", 900_000)
    assert refused(save(picture(1000, 800), "PNG"), size=24, limits=limits).limit == 500_000


def test_a_progressive_jpeg_is_not_decoded_at_reduced_scale() -> None:
    data = save(picture(1000, 800), "JPEG", progressive=True)
    assert jpeg_is_progressive(data) and not jpeg_is_progressive(save(picture(1000, 800), "JPEG"))
    assert refused(data, size=24, limits=Limits(max_pixels=500_000, max_jpeg_pixels=900_000)).limit == 500_000
    assert not jpeg_is_progressive(b"\xff\xd8" + b"\xff" * 50) and not jpeg_is_progressive(b"")


def test_a_jpeg_of_thousands_of_scans_is_refused() -> None:
    data = save(picture(64, 64), "JPEG", progressive=True)
    scan = data[data.rindex(b"\xff\xda") : -2]
    assert decode(data).width == 64
    assert refused(data[:-2] + scan * 1000 + b"\xff\xd9").reason == "corrupt"


def test_formats_that_are_not_wanted_are_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = Limits(formats=frozenset({"JPEG"}))
    assert decode(save(picture(60, 40), "JPEG"), limits=limits).format == "JPEG"
    monkeypatch.setitem(module._PLUGINS, "TIFF", lambda file: pytest.fail("opened"))
    assert refused(save(picture(60, 40), "TIFF"), limits=limits).reason == "unsupported"


@pytest.mark.parametrize(("width", "height"), [(4000, 3000), (3000, 4000), (900, 899), (5000, 20), (300, 200)])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_longest_keeps_the_proportions(width: int, height: int, kind: str) -> None:
    photo = decode(save(picture(width, height), kind, **({"quality": 92} if kind == "JPEG" else {})), longest=640)
    shown = photo.pixels.shape
    assert (photo.width, photo.height) == (width, height)
    assert max(shown) == min(640, max(width, height))
    assert shown[0] == max(1, round(height * min(1, 640 / max(width, height))))
    exact = picture(width, height).resize((shown[1], shown[0]), Image.Resampling.BICUBIC)
    assert np.abs(photo.pixels.astype(int) - np.asarray(exact)).mean() < 3


def test_longest_and_size_exclude_each_other() -> None:
    with pytest.raises(ValueError, match="exclude"):
        decode(b"", 24, longest=24)
    with pytest.raises(ValueError, match="longest"):
        decode(b"", longest=0)
