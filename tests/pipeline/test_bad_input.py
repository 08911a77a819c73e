"""Bad images give a row in ``errors`` with a reason; bad calls give one sentence and exit code 2; nothing is lost."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import fruits.pipeline.chain as chain_module
from fruits.pipeline.manifest import Plan
from fruits.records import ERRORS, FEATURES, METADATA, SLICES, RunRecord
from fruits.storage import Storage, open_storage
from fruits.storage.base import decode_key, printable_key
from servers import check_complete, check_no_orphans, embeddings, make_images, record_of, start_cli, table

QUICK = ("--classifier", "none", "--components", "4")


def encoded(kind: str, mode: str = "RGB", **options: object) -> bytes:
    shape = {"L": (40, 40), "CMYK": (40, 40, 4), "RGBA": (40, 40, 4)}.get(mode, (40, 40, 3))
    pixels = np.random.default_rng(len(mode)).integers(0, 256, shape, dtype=np.uint8)
    file = io.BytesIO()
    Image.frombytes(mode, (40, 40), pixels.tobytes()).save(file, kind, **options)
    return file.getvalue()


def sixteen_bit() -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.arange(1600, dtype=np.uint16).reshape(40, 40) * 40).save(file, "PNG")
    return file.getvalue()


def huge_png() -> bytes:
    """A PNG that says it has 60,000 x 60,000 pixels, and holds a few."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(10**6))) + chunk(b"IEND", b"")


GOOD = encoded("JPEG")
EMBEDDED: dict[bytes, bytes] = {
    b"cmyk.jpg": encoded("JPEG", "CMYK"),
    b"sixteen bit.png": sixteen_bit(),
    b"grey.jpg": encoded("JPEG", "L"),
    b"alpha.webp": encoded("WEBP", "RGBA"),
    b"corrupt exif.jpg": encoded("JPEG", exif=b"Exif\0\0" + b"\xff\x13" * 40),
    b"one.gif": encoded("GIF"),
    b"one.bmp": encoded("BMP"),
    b"one.TIFF": encoded("TIFF"),
    b"a png inside.jpg": encoded("PNG"),
    b"  spaces  .jpg": GOOD,
    b"quotes ' \" `.jpg": GOOD,
    b"tab\tnewline\n.jpg": GOOD,
    "accents \u00e9 e\u0301.jpg".encode(): GOOD,
    "emoji 😀.jpg".encode(): GOOD,
    b"not utf-8 \xff\xc3.jpg": GOOD,
    b"<b>&amp;.jpg": GOOD,
    b"100%, $HOME; *.jpg": GOOD,
    b"-rf.jpg": GOOD,
    b"back\\slash\\xff.jpg": GOOD,
    b"n" * 250 + b".jpg": GOOD,
}
REFUSED: dict[bytes, tuple[bytes, str]] = {
    b"not an image.jpg": (b"hello, this is a text\n" * 9, "not-an-image"),
    b"page.jpg": (b"<!DOCTYPE html><html><body>404</body></html>", "not-an-image"),
    b"zero.jpg": (b"", "empty"),
    b"truncated.jpg": (GOOD[: len(GOOD) // 2], "truncated"),
    b"truncated.png": (encoded("PNG")[:-300], "truncated"),
    b"huge.png": (huge_png(), "too-many-pixels"),
    b"bad \xff \n 'text'.jpg": (b"hello, this is a text too\n", "not-an-image"),
}
LABELS = [b"plain", "p\u00eache 'jaune' \"\n😀".encode(), b"not utf-8 \xfe"]


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every kind of image above, in folders with odd names, and what is no file at all."""
    root = tmp_path_factory.mktemp("zoo") / "of 'odd' images é"
    files = EMBEDDED | {name: content for name, (content, _) in REFUSED.items()}
    for number, (name, content) in enumerate(files.items()):
        folder = os.path.join(os.fsencode(root), LABELS[number % len(LABELS)])
        os.makedirs(folder, exist_ok=True)
        Path(os.fsdecode(os.path.join(folder, name))).write_bytes(content)
    odd = root / "plain"
    (odd / "dangling.jpg").symlink_to("nowhere")
    (odd / "loop.jpg").symlink_to("loop.jpg")
    (odd / "circle").symlink_to("..")
    os.mkfifo(odd / "pipe.jpg")
    (odd / "notes.txt").write_text("not looked at")
    (odd / ".hidden.jpg").write_bytes(b"not looked at")
    (root / "empty folder.jpg").mkdir()
    return root


def test_bad_images_are_told_and_the_others_embedded(zoo: Path, tmp_path: Path) -> None:
    """As a user does it: a process of its own, odd names for OUT too."""
    out = tmp_path / "out of 'odd' images é 😀"
    arguments = ["--max-errors", "1", "--csv", "--batch-size", "7", "--master", "local[2,4]", "--components", "5"]
    run = start_cli("run", str(zoo), str(out), *arguments, log=tmp_path / "log")
    assert run.wait() == 0, run.said()
    assert "Traceback" not in run.said()
    assert "Exception" not in run.said()
    check_complete(zoo, out)
    storage = open_storage(str(out))
    embedded = {path.rpartition("/")[2] for path in embeddings(storage)}
    assert {printable_key(decode_key(name)) for name in EMBEDDED} == embedded
    rows = table(storage, ERRORS).to_pylist()
    told = {row["path"].rpartition("/")[2]: (row["stage"], row["reason"]) for row in rows}
    for name, (_, reason) in REFUSED.items():
        assert told.pop(printable_key(decode_key(name))) == ("decode", reason)
    assert told == {
        "dangling.jpg": ("read", "vanished"),
        "loop.jpg": ("read", "unreadable"),
        "pipe.jpg": ("read", "unreadable"),
    }
    assert set(record_of(storage).labels) == {printable_key(decode_key(label)) for label in LABELS}
    formats = {row["path"].rpartition("/")[2]: row["format"] for row in table(storage, METADATA).to_pylist()}
    assert formats["a png inside.jpg"] == "PNG"
    assert (out / "report.html").stat().st_size > 1000
    assert list((out / "csv" / "features").iterdir())
    assert list((out / "spark-events").iterdir())


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("few")
    make_images(root, 6, labels=2)
    return root


# --- wrong calls -----------------------------------------------------------------------------------------------------


def test_no_folder(cli, tmp_path: Path) -> None:
    answer = cli("run", tmp_path / "none", tmp_path / "out")
    assert (answer.code, answer.said) == (2, f"fruits run: {tmp_path}/none does not exist; give a folder\n")
    assert not (tmp_path / "out").exists()


def test_images_is_a_file(cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(GOOD)
    answer = cli("run", tmp_path / "file", tmp_path / "out")
    assert (answer.code, answer.said) == (2, f"fruits run: {tmp_path}/file is a file, not a folder; give a folder\n")


@pytest.mark.parametrize("content", ["nothing", "text", "hidden"])
def test_no_images(cli, tmp_path: Path, content: str) -> None:
    images, out = tmp_path / "images", tmp_path / "out"
    (images / "a").mkdir(parents=True)
    if content == "text":
        (images / "a" / "readme.txt").write_text("hello")
    elif content == "hidden":
        (images / "a" / ".a.jpg").write_bytes(GOOD)
    answer = cli("run", images, out)
    assert answer.code == 2
    assert answer.said.startswith(f"fruits run: no images below {images}; expected folders of .jpg")
    assert not [path for path in out.rglob("*") if path.is_file()]


def test_no_images_with_such_a_label(cli, few: Path, tmp_path: Path) -> None:
    answer = cli("run", few, tmp_path / "out", "--label", "Pear*")
    assert answer.code == 2
    assert "no images with a label like Pear* below" in answer.last


@pytest.mark.parametrize("inside", [".", "out", "Fruit 0/out", "../link/out", "Fruit 0/../x"])
def test_out_inside_images(cli, tmp_path: Path, inside: str) -> None:
    folder = tmp_path / "images"
    make_images(folder, 3)
    (tmp_path / "link").symlink_to(folder)
    before = sorted(folder.rglob("*"))
    answer = cli("run", folder, f"{folder}/{inside}")
    assert answer.code == 2
    assert "lies inside IMAGES" in answer.last
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("fresh", [(), ("--fresh",)])
@pytest.mark.parametrize("name", ["images", "features", "csv"])
def test_images_inside_out_survive(cli, tmp_path: Path, name: str, fresh: tuple[str, ...]) -> None:
    """--fresh empties OUT/features and the like: images that lie there must never be among it."""
    made = make_images(tmp_path / name, 3)
    answer = cli("run", tmp_path / name, tmp_path, *fresh)
    assert answer.code == 2
    assert all(path.exists() for path in made)


@pytest.mark.parametrize("fresh", [(), ("--fresh",)])
@pytest.mark.parametrize("stranger", ["thesis.txt", "csv/sales.csv", "features/plan.txt", "zzz/a"])
def test_out_that_is_somebody_else_s(cli, few: Path, tmp_path: Path, stranger: str, fresh: tuple[str, ...]) -> None:
    path = tmp_path / "out" / stranger
    path.parent.mkdir(parents=True)
    path.write_text("years of work")
    answer = cli("run", few, tmp_path / "out", *fresh)
    assert answer.code == 2
    assert "is not empty and holds no run" in answer.last
    assert path.read_text() == "years of work"


@pytest.mark.parametrize("place", ["file", "file/out"])
def test_a_file_in_place_of_out(cli, few: Path, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("in the way")
    answer = cli("run", few, tmp_path / place)
    assert answer.code == 2, answer.said
    assert f"{tmp_path}/file" in answer.last
    assert (tmp_path / "file").read_text() == "in the way"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--components", "0"),
        ("--components", "-1"),
        ("--variance", "1.5"),
        ("--variance", "nan"),
        ("--limit", "0"),
        ("--batch-size", "0"),
        ("--max-errors", "2"),
        ("--max-errors", "nan"),
        ("--spark", "nonsense"),
        ("--backbone", "no-such"),
        ("--apply", "/no/such/out"),
        ("--classifier", "oracle"),
        ("--components", "4", "--variance", "0.9"),
    ],
)
def test_options_that_cannot_be_met(cli, few: Path, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    answer = cli("run", few, tmp_path / "out", *arguments)
    assert answer.code == 2, answer.said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("uri", ["gs://bucket/x", "s3://", "hdfs://host/x"])
def test_places_that_are_not_supported(cli, few: Path, tmp_path: Path, uri: str) -> None:
    for places in ((uri, tmp_path / "out"), (few, uri)):
        answer = cli("run", *places)
        assert answer.code == 2, answer.said
        assert answer.said.count("\n") == 1


# --- runs that end otherwise than asked ------------------------------------------------------------------------------


def snapshot(out: Path) -> dict[str, bytes]:
    files = (path for path in sorted(out.rglob("*")) if path.is_file() and "spark-events" not in path.parts)
    return {str(path.relative_to(out)): path.read_bytes() for path in files}


def test_an_out_of_another_backbone_or_of_other_images(cli, spark, few: Path, tmp_path: Path) -> None:
    """And, on the same run: more components than there can be, and one label only."""
    images, out = tmp_path / "images", tmp_path / "out"
    make_images(images, 3, labels=1)
    answer = cli("run", images, out, "--components", "1000", "--classifier", "logistic")
    assert answer.code == 0
    record = check_complete(images, out)
    assert "warning: 1000 components were asked for; 3 images of 1280 dimensions have at most" in answer.said
    assert "warning: there is only one label" in answer.said
    assert len(record.warnings) == 2
    before = snapshot(out)

    answer = cli("run", few, out)
    assert answer.code == 2
    assert f"holds a run over {images}; choose another OUT, or --fresh" in answer.last
    other = RunRecord.from_json(before.pop("run.json"))
    other.backbone |= {"digest": "0" * 64, "name": "resnet50"}
    (out / "run.json").write_bytes(other.to_json())
    answer = cli("run", images, out)
    assert answer.code == 2
    assert "holds embeddings of the backbone resnet50, not fruits-2; choose another OUT" in answer.last
    (out / "run.json").write_text("{ half")
    answer = cli("run", images, out)
    assert answer.code == 2
    assert "cannot be understood" in answer.last
    after = snapshot(out)
    assert {name: after[name] for name in before} == before
    assert cli("run", images, out, "--fresh", *QUICK).code == 0
    check_complete(images, out)


def test_too_many_errors_stop_and_can_be_forgiven(cli, spark, tmp_path: Path) -> None:
    images, out = tmp_path / "images", tmp_path / "out"
    for path in make_images(images, 40)[::4]:
        path.write_bytes(b"not an image, " * 9)
    answer = cli("run", images, out, "--batch-size", "4", "--max-errors", "0.1", *QUICK)
    assert answer.code == 3
    storage = open_storage(str(out))
    record = record_of(storage)
    assert record.status == "stopped"
    assert "more than 10%" in record.message
    assert f"To go on: fruits run {images} {out} --batch-size 4 --max-errors 0.1" in answer.last
    kept = len(list(storage.list(SLICES)))

    answer = cli("run", images, out, "--batch-size", "4", "--max-errors", "0.3", *QUICK)
    assert answer.code == 0
    record = check_complete(images, out)
    assert (record.features, record.errors) == (30, 10)
    assert kept >= 3
    assert record.embedded <= 40 - 4 * kept


def test_no_image_at_all_can_be_embedded(cli, spark, tmp_path: Path) -> None:
    images, out = tmp_path / "images", tmp_path / "out"
    for path in make_images(images, 4):
        path.write_bytes(b"not an image, " * 9)
    answer = cli("run", images, out, "--max-errors", "1", *QUICK)
    assert answer.code == 1
    assert "none of 4 images could be embedded; see" in answer.said
    assert len(table(open_storage(str(out)), ERRORS)) == 4
    make_images(images, 4)
    assert cli("run", images, out, "--max-errors", "1", *QUICK).code == 0
    assert check_complete(images, out).features == 4


def test_images_that_vanish_and_change_meanwhile(cli, spark, tmp_path: Path, monkeypatch) -> None:
    images, out = tmp_path / "images", tmp_path / "out"
    made = make_images(images, 12)

    def plan_then_change(*arguments: object) -> Plan:
        plan: Plan = real(*arguments)
        made[3].unlink()
        made[4].write_bytes(b"not an image any more")
        made[5].unlink()
        made[5].mkdir()
        return plan

    real = chain_module.make_plan
    monkeypatch.setattr(chain_module, "make_plan", plan_then_change)
    answer = cli("run", images, out, "--max-errors", "0.5", "--batch-size", "5", *QUICK)
    assert answer.code == 0, answer.said
    record = record_of(open_storage(str(out)))
    assert (record.seen, record.features, record.errors) == (12, 9, 3)
    assert record.reasons == {"not-an-image": 1, "unreadable": 1, "vanished": 1}
    monkeypatch.undo()
    assert cli("run", images, out, "--max-errors", "0.5", "--batch-size", "5", *QUICK).code == 0
    record = check_complete(images, out)
    assert (record.seen, record.features, record.errors) == (10, 9, 1)
    assert record.embedded == 1  # the one that had changed


def test_what_a_killed_driver_s_task_writes_late_is_removed(cli, spark, tmp_path: Path, monkeypatch) -> None:
    images, out = tmp_path / "images", tmp_path / "out"
    make_images(images, 8)

    def plan_while_a_task_still_writes(listing: object, target: Storage, *more: object) -> Plan:
        plan: Plan = real(listing, target, *more)
        for name in (FEATURES, METADATA, ERRORS, "_manifest"):
            target.write(f"{name}/20200101T000000000000-0000-000000.parquet", b"late")
        return plan

    real = chain_module.make_plan
    monkeypatch.setattr(chain_module, "make_plan", plan_while_a_task_still_writes)
    assert cli("run", images, out, *QUICK).code == 0
    check_complete(images, out)


def test_a_full_disk(cli, spark, tmp_path: Path, small_disk: Path) -> None:
    images, out = tmp_path / "images", small_disk / "out"
    make_images(images, 24)
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(16 * 2**20 - 150_000))
    answer = cli("run", images, out, "--batch-size", "4", *QUICK)
    assert answer.code == 1
    assert "the disk is full; free some space" in answer.said
    assert f"To go on: fruits run {images} {out}" in answer.last
    ballast.unlink()
    assert cli("run", images, out, "--batch-size", "4", *QUICK).code == 0
    check_complete(images, out)
    check_no_orphans(open_storage(str(out)))


def test_a_folder_of_out_that_cannot_be_written(cli, spark, few: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert cli("run", few, out, *QUICK, "--limit", "3").code == 0
    subprocess.run(["rm", "-r", str(out / "metadata")], check=True)
    (out / "metadata").write_text("in the way")
    answer = cli("run", few, out, *QUICK)
    assert answer.code == 1
    assert "metadata" in answer.said
    (out / "metadata").unlink()
    assert cli("run", few, out, "--fresh", *QUICK).code == 0
    check_complete(few, out)
