"""The backbones by name: those in the package, the ONNX Model Zoo's, and those a user adds."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from fruits.vision.errors import VisionError
from fruits.vision.feed import FeedSettings, PrepareError
from fruits.vision.fetch import NotThereError, Pin, Progress, fetch, sha256_of

IMAGENET = "efficientnet-lite0"
FAST = "efficientnet-lite0-int8"
PACKAGED = (IMAGENET, FAST)
ZOO_URL = "https://huggingface.co/onnxmodelzoo"

# Part of a digest: raise it when a change in ``prepare`` changes the numbers that a prepared graph gives.
_RECIPE = 1
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_NAME_LENGTH = 64
_IMAGENET: dict[str, Any] = {"scale": 1 / 255, "mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
_LITE: dict[str, Any] = {"mean": (127.0, 127.0, 127.0), "std": (128.0, 128.0, 128.0)}


class BackboneError(VisionError):
    """A backbone that is not known, not here, or not what it should be."""

    exit_code = 2


@dataclass(frozen=True)
class Backbone:
    """A network ready to embed.

    size: side of its images in pixels. dimensions: length of an embedding. digest: sha256 hex of the source file and
    of how it is fed; embeddings may stand in one table only if their digests are equal. source_sha256: of the file it
    was made from. graph: ONNX bytes, uint8 [n, size, size, 3] RGB to float32 [n, dimensions], for ``Embedder``.
    """

    name: str
    size: int
    dimensions: int
    digest: str
    source_sha256: str
    graph: bytes
    licence: str


Place = Literal["in the package", "in the cache", "to fetch", "added"]


@dataclass(frozen=True)
class BackboneInfo:
    """One line of the list of backbones; dimensions and size as in ``Backbone``."""

    name: str
    dimensions: int
    size: int
    place: Place
    licence: str


@dataclass(frozen=True)
class _ZooModel:
    """A file of the ONNX Model Zoo. paths: where it lies under ``ZOO_URL``; the second is the older address."""

    file: str
    pin: Pin
    dimensions: int
    settings: FeedSettings
    paths: tuple[str, str]
    licence: str = "Apache-2.0"


def _zoo_model(folder: str, file: str, size: int, sha256: str, dimensions: int, settings: FeedSettings) -> _ZooModel:
    stem = file.removesuffix(".onnx")
    old = f"legacy_models/resolve/main/validated/vision/classification/{folder}/model/{file}"
    return _ZooModel(file, Pin(size, sha256), dimensions, settings, (f"{stem}/resolve/main/{file}", old))


ZOO: dict[str, _ZooModel] = {
    "mobilenetv2": _zoo_model(
        "mobilenet",
        "mobilenetv2-10.onnx",
        13_963_115,
        "0e7c0aa4bc74650386fa1d2c84705753de7c2bdb21909ada5c59154bb429e092",
        1280,
        FeedSettings(224, "464", **_IMAGENET),
    ),
    "resnet50": _zoo_model(
        "resnet",
        "resnet50-v2-7.onnx",
        102_442_452,
        "79102261eb6e5fd7af5d27f41316293e388c5cb691e5d25bfb035c4f64fefe31",
        2048,
        FeedSettings(224, "resnetv24_pool1_fwd", **_IMAGENET),
    ),
    "efficientnet-lite4": _zoo_model(
        "efficientnet-lite4",
        "efficientnet-lite4-11.onnx",
        51_946_641,
        "d111689907c06eea7c82e4833ddef758da6453b9d4cf60b7e99ca05c7cbd9c12",
        1280,
        FeedSettings(224, "efficientnet-lite4/model/head/AvgPool:0", layout="NHWC", **_LITE),
    ),
}


def load_backbone(name: str, cache: Path, file: Path | None = None) -> Backbone:
    """The backbone of that name, ready to embed. Never uses the network.

    cache: folder of fetched and added files. file: the zoo's file where it already lies on disk; it must be the very
    file that would be fetched. Raises ``BackboneError`` with what to do, and ``PrepareError``.
    """
    if name in PACKAGED:
        if file is not None:
            raise BackboneError(f"{name} comes with the package and takes no file: name another backbone.")
        return _packaged(name)
    if name in ZOO:
        return _from_zoo(name, cache, file)
    _check_name(name)
    if file is not None:
        raise BackboneError(f"{name} is not a backbone with a known file: use fruits backbones add {name} FILE.")
    return _added(name, cache)


def list_backbones(cache: Path) -> list[BackboneInfo]:
    """Every backbone that can be named: the package's, the zoo's, then those added to the cache, by name."""
    packaged = map(_packaged, PACKAGED)
    lines = [BackboneInfo(each.name, each.dimensions, each.size, "in the package", each.licence) for each in packaged]
    for name, model in ZOO.items():
        place: Place = "in the cache" if (cache / model.file).is_file() else "to fetch"
        lines.append(BackboneInfo(name, model.dimensions, model.settings.size, place, model.licence))
    for card in sorted(_added_folder(cache).glob("*.json")):
        entry = _read_card(card)
        lines.append(BackboneInfo(card.stem, entry.dimensions, entry.settings.size, "added", entry.licence))
    return lines


def fetch_backbone(
    name: str, cache: Path, *, base_url: str = ZOO_URL, progress: Progress | None = None, pause: float = 1.0
) -> Path:
    """Download a zoo backbone into the cache unless it is there; returns its path.

    base_url: the zoo or a mirror of it. progress(bytes so far, bytes in all). pause: seconds before a second try.
    Raises ``BackboneError`` and ``FetchError``.
    """
    if name in PACKAGED:
        raise BackboneError(f"{name} comes with the package: there is nothing to fetch.")
    if name not in ZOO:
        raise BackboneError(f"There is no backbone {name!r} to fetch; there are {_and(ZOO)}.")
    model = ZOO[name]
    target = cache / model.file
    if target.is_file() and sha256_of(target) == model.pin.sha256:
        return target
    new, old = (f"{base_url.rstrip('/')}/{path}" for path in model.paths)
    try:
        fetch(new, target, model.pin, progress=progress, pause=pause)
    except NotThereError:
        fetch(old, target, model.pin, progress=progress, pause=pause)
    return target


def add_backbone(name: str, file: Path, settings: FeedSettings, cache: Path, licence: str = "not stated") -> Backbone:
    """Check any ONNX file with its settings and keep a copy in the cache under a new name; an earlier one is replaced.

    Raises ``BackboneError`` on a bad or taken name or an unreadable file, ``PrepareError`` on an unfit network.
    """
    _check_name(name)
    if name in PACKAGED or name in ZOO:
        raise BackboneError(f"{name} is the name of a built-in backbone: choose another.")
    source = _read(file)
    backbone = _made(name, source, settings, licence)
    folder = _added_folder(cache)
    card = {
        "sha256": backbone.source_sha256,
        "dimensions": backbone.dimensions,
        "licence": licence,
        "settings": asdict(settings),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / f"{name}.onnx", source)
        _write(folder / f"{name}.json", json.dumps(card, indent=2).encode())
    except OSError as cause:
        raise BackboneError(f"The backbone cannot be kept in {folder}: {cause.strerror or cause}.") from cause
    return backbone


def _packaged(name: str) -> Backbone:
    graph = (files("fruits.vision") / "models" / f"{name}.onnx").read_bytes()
    sha256 = hashlib.sha256(graph).hexdigest()
    settings = FeedSettings(224, "embedding")  # the scaling is inside the file
    return Backbone(name, 224, 1280, _digest(sha256, settings), sha256, graph, "Apache-2.0")


def _from_zoo(name: str, cache: Path, file: Path | None) -> Backbone:
    model = ZOO[name]
    path = cache / model.file if file is None else file
    if file is None and not path.is_file():
        raise BackboneError(f"The backbone {name} is not in {cache}: get it with fruits backbones fetch {name}.")
    source = _read(path)
    if hashlib.sha256(source).hexdigest() != model.pin.sha256:
        remedy = f"delete it and use fruits backbones fetch {name}" if file is None else "give the zoo's own file"
        raise BackboneError(f"{path} is not {model.file} of the ONNX Model Zoo (its sha256 differs): {remedy}.")
    return _made(name, source, model.settings, model.licence)


@dataclass(frozen=True)
class _Card:
    """What the cache says of an added backbone."""

    sha256: str
    dimensions: int
    licence: str
    settings: FeedSettings


def _added(name: str, cache: Path) -> Backbone:
    card = _added_folder(cache) / f"{name}.json"
    if not card.is_file():
        known = [line.name for line in list_backbones(cache)]
        raise BackboneError(f"There is no backbone {name!r}; there are {_and(known)}.")
    entry = _read_card(card)
    source = _read(card.with_suffix(".onnx"))
    if hashlib.sha256(source).hexdigest() != entry.sha256:
        raise BackboneError(f"{card.with_suffix('.onnx')} has changed since it was added: add {name} again.")
    return _made(name, source, entry.settings, entry.licence)


def _made(name: str, source: bytes, settings: FeedSettings, licence: str) -> Backbone:
    try:
        from fruits.vision.prepare import prepare  # noqa: PLC0415 - onnx is an extra, and the default needs none
    except ImportError as cause:
        raise BackboneError(f"{name} needs the package onnx: install fruits[spark], or use {IMAGENET}.") from cause
    try:
        prepared = prepare(source, settings)
    except PrepareError as cause:
        raise PrepareError(f"{name}: {cause}") from cause
    sha256 = hashlib.sha256(source).hexdigest()
    digest = _digest(sha256, settings)
    return Backbone(name, settings.size, prepared.dimensions, digest, sha256, prepared.graph, licence)


def _digest(sha256: str, settings: FeedSettings) -> str:
    """Identity of the numbers a backbone gives: the file, how it is fed, and how this program prepares it."""
    identity = {"source": sha256, "settings": asdict(settings), "recipe": _RECIPE}
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def _check_name(name: str) -> None:
    if len(name) > _NAME_LENGTH or not _NAME.fullmatch(name):
        raise BackboneError(
            f"{name[:80]!r} cannot name a backbone: use small letters, digits and single hyphens, "
            f"at most {_NAME_LENGTH}."
        )


def _added_folder(cache: Path) -> Path:
    return cache / "added"


def _read_card(path: Path) -> _Card:
    try:
        fields = json.loads(path.read_text())
        settings = fields["settings"]
        settings |= {"mean": tuple(settings["mean"]), "std": tuple(settings["std"])}
        sha256, dimensions, licence = str(fields["sha256"]), int(fields["dimensions"]), str(fields["licence"])
        return _Card(sha256, dimensions, licence, FeedSettings(**settings))
    except (OSError, ValueError, KeyError, TypeError) as cause:
        raise BackboneError(f"{path} cannot be read: delete it and add {path.stem} again.") from cause


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as cause:
        raise BackboneError(f"{path} cannot be read: {cause.strerror or cause}.") from cause


def _write(path: Path, content: bytes) -> None:
    """Write a file at once or not at all; raises OSError."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(temporary).replace(path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise


def _and(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else str(last)
