"""decode(): every mode and format becomes upright RGB; every hostile file becomes a DecodeError."""

from __future__ import annotations

import io
import pickle
import struct
import warnings
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, TiffImagePlugin

from fruits.vision.decode import IMAGE_EXTENSIONS, DecodeError, Limits, decode

REASONS = {"empty", "too-many-bytes", "too-many-pixels", "not-an-image", "unsupported", "truncated", "corrupt"}
pytestmark = [
    pytest.mark.filterwarnings("ignore:Truncated File Read", "ignore:Corrupt EXIF"),
    pytest.mark.filterwarnings("error::PIL.Image.DecompressionBombWarning"),
]


def picture(width: int = 60, height: int = 40) -> Image.Image:
    """Red grows to the right, green downwards, blue is 90: every corner is known."""
    x = np.linspace(0, 255, width)[None, :].repeat(height, axis=0)
    y = np.linspace(0, 255, height)[:, None].repeat(width, axis=1)
    return Image.fromarray(np.dstack([x, y, np.full_like(x, 90)]).astype(np.uint8))


def save(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.copy().save(file, kind, **options)  # a copy: the writers leave their settings on the image
    return file.getvalue()


def files() -> dict[str, bytes]:
    image = picture()
    turned = image.transpose(Image.Transpose.ROTATE_180)
    return {
        "JPEG": save(image, "JPEG", quality=95),
        "JPEG progressive": save(image, "JPEG", quality=95, progressive=True),
        "JPEG MPO": save(image, "MPO", save_all=True, append_images=[turned.copy()], quality=95),
        "PNG": save(image, "PNG"),
        "PNG palette": save(image.quantize(256), "PNG"),
        "PNG animated": save(image, "PNG", save_all=True, append_images=[turned.copy()]),
        "WEBP": save(image, "WEBP", quality=95),
        "WEBP lossless": save(image, "WEBP", lossless=True),
        "WEBP animated": save(image, "WEBP", save_all=True, append_images=[turned.copy()], lossless=True),
        "AVIF": save(image, "AVIF", quality=95),
        "AVIF animated": save(image, "AVIF", save_all=True, append_images=[turned.copy()], quality=95),
        "BMP": save(image, "BMP"),
        "TIFF": save(image, "TIFF"),
        "TIFF lzw": save(image, "TIFF", compression="tiff_lzw"),
        "TIFF deflate": save(image, "TIFF", compression="tiff_adobe_deflate"),
        "TIFF pages": save(image, "TIFF", save_all=True, append_images=[turned.copy()]),
        "GIF": save(image, "GIF"),
        "GIF animated": save(image, "GIF", save_all=True, append_images=[turned.copy()]),
    }


FILES = files()


def refused(data: bytes, **arguments: object) -> DecodeError:
    with pytest.raises(DecodeError) as caught:
        decode(data, **arguments)  # type: ignore[arg-type]
    assert caught.value.reason in REASONS
    assert "\n" not in str(caught.value)
    return caught.value


# --- formats and modes ---


@pytest.mark.parametrize("name", FILES)
def test_first_picture_of_every_format(name: str) -> None:
    photo = decode(FILES[name])
    assert (photo.width, photo.height, photo.format) == (60, 40, name.split(maxsplit=1)[0])
    assert photo.pixels.shape == (40, 60, 3) and photo.pixels.dtype == np.uint8
    assert photo.pixels.flags.c_contiguous and photo.pixels.flags.writeable
    lossy = 24 if name.startswith(("GIF", "PNG palette")) else 8
    np.testing.assert_allclose(photo.pixels.astype(int), np.asarray(picture()).astype(int), atol=3 * lossy)
    assert np.abs(photo.pixels.astype(int) - np.asarray(picture())).mean() < lossy
    small = decode(FILES[name], 24)
    assert small.pixels.shape == (24, 24, 3) and (small.width, small.height) == (60, 40)


def test_a_format_is_known_by_its_bytes_and_listed_by_extension() -> None:
    assert {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"} <= IMAGE_EXTENSIONS
    assert all(extension == extension.lower() for extension in IMAGE_EXTENSIONS)


def half_transparent() -> Image.Image:
    image = picture().convert("RGBA")
    alpha = np.zeros((40, 60), np.uint8)
    alpha[:, 30:] = 255
    alpha[20:, :10] = 128
    image.putalpha(Image.fromarray(alpha))
    return image


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_alpha_lies_on_white(kind: str) -> None:
    image = half_transparent()
    pixels = decode(save(image, kind, **({"lossless": True} if kind == "WEBP" else {}))).pixels.astype(int)
    assert (pixels[:18, :28] == 255).all()
    np.testing.assert_array_equal(pixels[:, 31:], np.asarray(picture())[:, 31:])
    expected = np.asarray(picture())[30, 5] * (128 / 255) + 255 * (127 / 255)
    np.testing.assert_allclose(pixels[30, 5], expected, atol=2)


def test_alpha_does_not_bleed_a_hidden_colour_when_resized() -> None:
    image = Image.new("RGBA", (64, 64), (255, 0, 0, 0))
    assert (decode(save(image, "PNG"), 20).pixels == 255).all()


def test_grey_alpha_and_transparent_palette_and_colour_key() -> None:
    grey = Image.merge("LA", [Image.new("L", (8, 8), 40), Image.new("L", (8, 8), 0)])
    assert (decode(save(grey, "PNG")).pixels == 255).all()
    palette = Image.new("P", (8, 8), 0)
    palette.putpalette([200, 0, 0, 0, 0, 200])
    palette.putpixel((3, 3), 1)
    for kind in ("PNG", "GIF"):
        pixels = decode(save(palette, kind, transparency=0)).pixels
        assert tuple(pixels[0, 0]) == (255, 255, 255) and tuple(pixels[3, 3]) == (0, 0, 200)
    some = save(palette, "PNG", transparency=bytes([128, 255]))
    np.testing.assert_allclose(decode(some).pixels[0, 0], (227, 127, 127), atol=1)
    key = save(Image.new("RGB", (8, 8), (1, 2, 3)), "PNG", transparency=(1, 2, 3))
    assert (decode(key).pixels == 255).all() and (decode(key, 5).pixels == 255).all()
    assert (decode(save(Image.new("L", (8, 8), 9), "PNG", transparency=9)).pixels == 255).all()


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "JPEG", "GIF"])
def test_grey(kind: str) -> None:
    ramp = Image.fromarray(np.linspace(0, 255, 64).astype(np.uint8)[None].repeat(16, 0))
    pixels = decode(save(ramp, kind)).pixels
    assert (pixels[..., 0] == pixels[..., 1]).all() and (pixels[..., 0] == pixels[..., 2]).all()
    np.testing.assert_allclose(pixels[8, :, 0].astype(int), np.linspace(0, 255, 64), atol=4)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "GIF"])
def test_one_bit(kind: str) -> None:
    bits = np.zeros((16, 16), bool)
    bits[:, 8:] = True
    pixels = decode(save(Image.fromarray(bits), kind)).pixels
    assert (pixels[:, :8] == 0).all() and (pixels[:, 8:] == 255).all()
    assert 100 < decode(save(Image.fromarray(bits), kind), 3).pixels[1, 1, 0] < 155  # antialiased


def test_cmyk_and_ycck_jpeg() -> None:
    ink = picture().convert("CMYK")
    for data in (save(ink, "JPEG", quality=97), save(ink, "TIFF"), adobe_ycck(ink)):
        for size in (None, 30):
            pixels = decode(data, size).pixels.astype(int)
            expected = np.asarray(picture().resize((30, 30)) if size else picture()).astype(int)
            assert np.abs(pixels - expected).mean() < 6


def adobe_ycck(ink: Image.Image) -> bytes:
    """A CMYK JPEG whose components are marked as YCCK: Pillow writes CMYK inverted with transform 0 or 2."""
    cyan, magenta, yellow, black = (255 - np.asarray(band) for band in ink.split())  # Adobe stores ink inverted
    ycc = Image.fromarray(np.dstack([255 - cyan, 255 - magenta, 255 - yellow])).convert("YCbCr")
    stack = np.dstack([np.asarray(ycc), black])
    data = bytearray(save(Image.fromarray(255 - stack, "CMYK"), "JPEG", quality=97, subsampling=0))
    at = data.index(b"Adobe")
    assert data[at + 11] == 0
    data[at + 11] = 2
    return bytes(data)


def test_lab_tiff() -> None:
    transform = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")
    muted = Image.blend(picture(), Image.new("RGB", (60, 40), (128, 128, 128)), 0.6)
    lab = ImageCms.applyTransform(muted, transform)
    assert lab is not None
    for size in (None, 20):
        pixels = decode(save(lab, "TIFF"), size).pixels.astype(int)
        expected = np.asarray(muted if size is None else muted.resize((20, 20))).astype(int)
        assert np.abs(pixels - expected).mean() < 4


def grey_ramp(dtype: str, top: float) -> np.ndarray:
    return np.linspace(0, top, 256).astype(dtype)[None].repeat(8, 0)


@pytest.mark.parametrize(
    ("array", "kind"),
    [
        (grey_ramp("<u2", 65535), "PNG"),
        (grey_ramp("<u2", 65535), "TIFF"),
        (grey_ramp(">u2", 65535), "TIFF"),
        (grey_ramp("<i4", 255), "TIFF"),
        (grey_ramp("<i4", 65535), "TIFF"),
        (grey_ramp("<i4", 2**31 - 2), "TIFF"),
        (grey_ramp("<i4", 2**31 - 2) - 2**30, "TIFF"),
        (grey_ramp("<f4", 1), "TIFF"),
        (grey_ramp("<f4", 255), "TIFF"),
        (grey_ramp("<f4", 1e9) - 1e8, "TIFF"),
    ],
)
def test_more_than_eight_bits_of_grey(array: np.ndarray, kind: str) -> None:
    pixels = decode(save(Image.fromarray(array), kind)).pixels
    np.testing.assert_allclose(pixels[3, :, 1].astype(int), np.arange(256), atol=1)
    assert decode(save(Image.fromarray(array), kind), 16).pixels.shape == (16, 16, 3)


def test_big_endian_tiff_of_sixteen_bits() -> None:
    values = grey_ramp(">u2", 65535)
    entries = [(256, 3, 256), (257, 3, 8), (258, 3, 16), (259, 3, 1), (262, 3, 1), (273, 4, 0), (278, 3, 8)]
    entries += [(279, 4, values.nbytes)]
    offset = 8 + 2 + 12 * len(entries) + 4
    entries[5] = (273, 4, offset)
    fields = b"".join(
        struct.pack(">HHI", tag, kind, 1) + (struct.pack(">HH", value, 0) if kind == 3 else struct.pack(">I", value))
        for tag, kind, value in entries
    )
    data = b"MM\0*" + struct.pack(">IH", 8, len(entries)) + fields + struct.pack(">I", 0) + values.tobytes()
    np.testing.assert_allclose(decode(data).pixels[3, :, 1].astype(int), np.arange(256), atol=1)


def test_float_that_is_not_a_number_is_black() -> None:
    array = grey_ramp("<f4", 1).copy()
    array[0, :3] = (np.nan, np.inf, -np.inf)
    pixels = decode(save(Image.fromarray(array), "TIFF")).pixels
    assert (pixels[0, :3] == 0).all() and pixels[3, 255, 0] == 255


def png(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def test_sixteen_bit_rgb_png() -> None:
    values = (np.asarray(picture()).astype(">u2") * 257).astype(">u2")
    rows = b"".join(b"\0" + row.tobytes() for row in values)
    np.testing.assert_array_equal(decode(png(60, 40, 16, 2, rows)).pixels, np.asarray(picture()))


# --- orientation ---


def exif(orientation: int) -> bytes:
    block = Image.Exif()
    block[0x0112] = orientation
    return block.tobytes()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "MPO"])
def test_orientation(kind: str, orientation: int) -> None:
    upright = picture()
    # How a camera held so stores the upright scene (CIPA DC-008, 4.6.4): the inverse of the turn a viewer makes.
    turns = Image.Transpose
    stored = {
        1: lambda image: image,
        2: lambda image: image.transpose(turns.FLIP_LEFT_RIGHT),
        3: lambda image: image.transpose(turns.ROTATE_180),
        4: lambda image: image.transpose(turns.FLIP_TOP_BOTTOM),
        5: lambda image: image.transpose(turns.TRANSPOSE),
        6: lambda image: image.transpose(turns.ROTATE_90),
        7: lambda image: image.transpose(turns.TRANSVERSE),
        8: lambda image: image.transpose(turns.ROTATE_270),
    }[orientation](upright)
    options: dict[str, object] = {"exif": exif(orientation)}
    options |= {"quality": 95} if kind in ("JPEG", "MPO") else {"lossless": True} if kind == "WEBP" else {}
    data = save(stored, kind, **options)
    photo = decode(data)
    assert (photo.width, photo.height) == (60, 40)
    assert np.abs(photo.pixels.astype(int) - np.asarray(upright)).mean() < 4
    small = decode(data, 20)
    assert (small.width, small.height) == (60, 40)
    assert np.abs(small.pixels.astype(int) - np.asarray(upright.resize((20, 20)))).mean() < 6


@pytest.mark.parametrize(
    "block",
    [
        b"Exif\0\0",
        b"Exif\0\0II*\0\xff\xff\xff\xff" + bytes(20),
        b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + bytes(9),
        b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x63\0\0\0",
        b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x05\0\x01\0\0\0\x63\0\0\0",
        bytes(range(256)),
    ],
)
def test_a_corrupt_exif_block_is_ignored(block: bytes) -> None:
    for kind in ("JPEG", "PNG", "WEBP"):
        assert decode(save(picture(), kind, exif=block)).pixels.shape == (40, 60, 3)


# --- size ---


@pytest.mark.parametrize("shape", [(2400, 1800), (1801, 2397), (5000, 500), (901, 899)])
def test_the_fast_path_of_large_jpegs_stays_close_to_the_exact_one(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    noise = Image.fromarray(rng.integers(0, 256, (shape[1] // 7, shape[0] // 7, 3), dtype=np.uint8))
    data = save(noise.resize(shape, Image.Resampling.BICUBIC), "JPEG", quality=92)
    exact = Image.open(io.BytesIO(data)).resize((224, 224), Image.Resampling.BICUBIC)
    difference = np.abs(decode(data, 224).pixels.astype(int) - np.asarray(exact).astype(int))
    assert difference.mean() < 2 and np.quantile(difference, 0.999) <= 16


def test_a_jpeg_is_not_shrunk_below_twice_the_size() -> None:
    """Fine stripes must average to grey, not turn into a pattern."""
    stripes = np.zeros((1344, 1344, 3), np.uint8)
    stripes[:, ::2] = 255
    pixels = decode(save(Image.fromarray(stripes), "JPEG", quality=95), 224).pixels
    np.testing.assert_allclose(pixels.astype(int), 128, atol=6)


@pytest.mark.parametrize("size", [1, 7, 60, 224])
def test_any_size_from_any_shape(size: int) -> None:
    for shape in ((1, 1), (1, 500), (500, 1), (60, 60)):
        photo = decode(save(Image.new("RGB", shape, (10, 200, 30)), "PNG"), size)
        assert photo.pixels.shape == (size, size, 3) and (photo.pixels == (10, 200, 30)).all()


def test_a_size_below_one_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="size"):
        decode(FILES["PNG"], 0)


# --- refusals ---


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "not-an-image"),
        (b"just some words, named photo.jpg", "not-an-image"),
        (b"\0" * 100, "not-an-image"),
        (b"\0\0\0\x18ftypavif\0\0\0\0mif1avif" + bytes(50), "corrupt"),
        (b"\0\0\0\x18ftypisom\0\0\0\0mp41mp42" + bytes(50), "unsupported"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "unsupported"),
        (b"%PDF-1.7 ...", "unsupported"),
        (b"8BPS\0\1" + bytes(50), "unsupported"),
        (b"\xff\xd8\xff", "truncated"),
        (b"\x89PNG\r\n\x1a\n", "truncated"),
        (b"GIF89a", "truncated"),
        (b"RIFF\x10\0\0\0WEBP", "truncated"),
        (b"RIFF\x40\0\0\0WEBPWHAT" + bytes(56), "corrupt"),
        (b"BM", "truncated"),
        (b"II*\0", "truncated"),
        (b"II*\0\x08\0\0\0" + bytes(30), "corrupt"),
    ],
)
def test_reasons(data: bytes, reason: str) -> None:
    assert refused(data).reason == reason


def test_the_message_tells_a_person_what_to_do() -> None:
    assert "HTML" in str(refused(b"\n <HTML><head>"))
    assert "convert" in str(refused(b"\0\0\0\x18ftypqt  " + bytes(50)))


def test_an_error_survives_the_way_between_processes() -> None:
    error = pickle.loads(pickle.dumps(refused(b"")))
    assert isinstance(error, DecodeError) and error.reason == "empty" and str(error) and error.limit is None
    error = pickle.loads(pickle.dumps(refused(FILES["PNG"], limits=Limits(max_bytes=9))))
    assert isinstance(error, DecodeError) and error.limit == 9


# In a file of several pictures the first is whole when the end is lost.
ONE_PICTURE = [name for name in FILES if name.split()[-1] not in ("pages", "animated", "MPO")]


@pytest.mark.parametrize(
    ("name", "part"), [(name, 0.2) for name in FILES] + [(n, part) for n in ONE_PICTURE for part in (0.5, 0.8)]
)
def test_a_truncated_file_is_refused(name: str, part: float) -> None:
    data = FILES[name]
    error = refused(data[: int(len(data) * part)])
    assert error.reason == "truncated" or name.startswith("TIFF")


def test_bytes_are_limited() -> None:
    assert refused(FILES["PNG"], limits=Limits(max_bytes=len(FILES["PNG"]) - 1)).reason == "too-many-bytes"
    decode(FILES["PNG"], limits=Limits(max_bytes=len(FILES["PNG"])))


@pytest.mark.parametrize("name", FILES)
def test_pixels_are_limited_from_the_header(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", pytest.fail)
    assert refused(FILES[name], limits=Limits(max_pixels=60 * 40 - 1)).reason == "too-many-pixels"


def tiff(side: int) -> bytes:
    """A grey TIFF that claims side x side pixels and holds ten."""
    tags = TiffImagePlugin.ImageFileDirectory_v2(b"II*\0\0\0\0\0")
    for tag, value in {256: side, 257: side, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: side, 279: 10}.items():
        tags[tag] = value
    file = io.BytesIO()
    tags.save(file)
    return file.getvalue()


def bombs() -> dict[str, bytes]:
    row = zlib.compress(bytes(1000))
    bmp = bytearray(FILES["BMP"])
    bmp[18:26] = struct.pack("<ii", 60_000, -60_000)
    gif = bytearray(FILES["GIF"])
    gif[6:10] = struct.pack("<HH", 60_000, 60_000)
    wide = bytearray(FILES["GIF"])
    at = wide.index(b",\0\0\0\0\x3c\0\x28\0")
    wide[at + 5 : at + 9] = struct.pack("<HH", 11_000, 11_000)  # between Pillow's warning and its error
    webp = b"RIFF" + struct.pack("<I", 30) + b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + b"\xff" * 6 + bytes(8)
    jpeg = bytearray(FILES["JPEG"])
    sof = jpeg.index(b"\xff\xc0")
    jpeg[sof + 5 : sof + 9] = struct.pack(">HH", 60_000, 60_000)
    return {
        "PNG": png(60_000, 60_000, 8, 2, row),
        "PNG between warning and error": png(11_000, 11_000, 8, 0, row),
        "BMP": bytes(bmp),
        "GIF screen": bytes(gif),
        "GIF frame": bytes(wide),
        "WEBP": webp,
        "JPEG": bytes(jpeg),
        "TIFF": tiff(60_000),
        "TIFF between": tiff(11_000),
    }


@pytest.mark.parametrize("data", bombs().values(), ids=list(bombs()))
def test_bombs_are_refused_without_a_warning(data: bytes) -> None:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        assert refused(data, size=224).reason == "too-many-pixels"
    assert not said


def test_a_raised_limit_lets_no_warning_of_pillows_out() -> None:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        for name in ("GIF frame", "TIFF between"):
            assert refused(bombs()[name], limits=Limits(max_pixels=10**9)).reason == "too-many-pixels"
    assert not said


def test_a_raised_limit_lets_a_large_jpeg_through_without_a_warning() -> None:
    data = save(Image.new("L", (12_000, 9_000), 77), "JPEG")  # what a phone of 108 megapixels writes
    assert refused(data).reason == "too-many-pixels"
    photo = decode(data, 32, Limits(max_pixels=200_000_000))
    assert (photo.width, photo.height) == (12_000, 9_000) and (photo.pixels == 77).all()


# --- hostile bytes ---

SLOW_IS_FINE = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
SIGNATURES = [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"II*\0", b"MM\0*", b"RIFF\x40\0\0\0WEBPVP8 "]


def only_decode_errors(data: bytes, size: int | None) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            photo = decode(data, size, Limits(max_pixels=1_000_000))
        except DecodeError as error:
            assert error.reason in REASONS
        else:
            assert photo.pixels.dtype == np.uint8
            assert photo.pixels.shape == ((photo.height, photo.width, 3) if size is None else (size, size, 3))


@SLOW_IS_FINE
@given(st.sampled_from([b"", *SIGNATURES]), st.binary(max_size=400), st.sampled_from([None, 8]))
def test_random_bytes(start: bytes, data: bytes, size: int | None) -> None:
    only_decode_errors(start + data, size)


@settings(SLOW_IS_FINE, max_examples=400)
@given(st.sampled_from(sorted(FILES)), st.data(), st.sampled_from([None, 8]))
def test_flipped_bits_and_lost_ends(name: str, data: st.DataObject, size: int | None) -> None:
    hurt = bytearray(FILES[name])
    last = min(len(hurt), 600) - 1  # most of what can go wrong is in the headers
    for at, value in data.draw(st.lists(st.tuples(st.integers(0, last), st.integers(0, 255)), max_size=6)):
        hurt[at] = value
    only_decode_errors(bytes(hurt[: data.draw(st.integers(0, len(hurt)) | st.just(len(hurt)))]), size)


@pytest.mark.parametrize(
    "cause", [SyntaxError, struct.error, ValueError, OverflowError, MemoryError, zlib.error, OSError]
)
def test_whatever_a_plugin_raises(cause: Callable[[str], Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise cause("boom")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", fail)
    assert isinstance(refused(FILES["PNG"]).__cause__, Exception)


# --- threads and real photos ---


def test_many_threads_see_the_same_pixels() -> None:
    jobs = [(name, data) for name, data in FILES.items()] * 12
    alone = {name: decode(data, 32).pixels.tobytes() for name, data in FILES.items()}
    with ThreadPoolExecutor(8) as pool:
        for (name, _), photo in zip(jobs, pool.map(lambda job: decode(job[1], 32), jobs), strict=True):
            assert photo.pixels.tobytes() == alone[name]


def test_real_photos(fruits_data: Path) -> None:
    found = [
        sorted((fruits_data / folder).rglob("*.jpg"))[::step]
        for folder, step in (
            ("fruits-360/Test", 40),
            ("several-fruits", 8),
            ("web-produce-a", 150),
            ("grocery-store/val", 40),
        )
    ]
    paths = [path for group in found for path in group]
    assert len(paths) > 30
    for path in paths:
        photo = decode(path.read_bytes(), 224)
        with Image.open(path) as image:
            exact = image.convert("RGB").resize((224, 224), Image.Resampling.BICUBIC)
        difference = np.abs(photo.pixels.astype(int) - np.asarray(exact).astype(int))
        assert difference.mean() < 2, path
