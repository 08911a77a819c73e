import dataclasses
import hashlib
import json
import socket
import subprocess
import sys

import numpy as np
import pytest
import zoo_graphs
from file_server import serving
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fruits.vision import backbones
from fruits.vision.backbones import (
    FAST,
    IMAGENET,
    PACKAGED,
    ZOO,
    BackboneError,
    add_backbone,
    fetch_backbone,
    list_backbones,
    load_backbone,
)
from fruits.vision.embedder import Embedder
from fruits.vision.feed import FeedSettings, PrepareError
from fruits.vision.fetch import FetchError, Pin

CONTENT = {
    "mobilenetv2": zoo_graphs.mobilenetv2(),
    "resnet50": zoo_graphs.resnet50(),
    "efficientnet-lite4": zoo_graphs.efficientnet_lite4(),
}
AVERAGE = FeedSettings(16, "embedding", scale=1 / 255)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def small_zoo(monkeypatch):
    """The zoo with small files in the place of the real ones: same names, tensors and settings, their own pins."""
    zoo = {
        name: dataclasses.replace(model, pin=Pin(len(CONTENT[name]), hashlib.sha256(CONTENT[name]).hexdigest()))
        for name, model in ZOO.items()
    }
    monkeypatch.setattr(backbones, "ZOO", zoo)
    return zoo


def served(zoo, which=0):
    return {f"/{model.paths[which]}": CONTENT[name] for name, model in zoo.items()}


def average_file(tmp_path, **habits):
    path = tmp_path / "average.onnx"
    path.write_bytes(zoo_graphs.average(**habits))
    return path


@pytest.mark.parametrize("name", PACKAGED)
def test_packaged_needs_neither_network_nor_cache(monkeypatch, tmp_path, name):
    def no_network(*_):
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket, "socket", no_network)
    backbone = load_backbone(name, tmp_path / "nowhere")
    assert (backbone.size, backbone.dimensions, backbone.licence) == (224, 1280, "Apache-2.0")
    embedder = Embedder(backbone.graph)
    assert (embedder.size, embedder.dimensions) == (224, 1280)
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("name", PACKAGED)
def test_packaged_file_is_the_one_its_note_describes(name):
    backbone = load_backbone(name, None)
    note = (backbones.files("fruits.vision") / "models" / f"{name}.txt").read_text()
    assert f"sha256 {backbone.source_sha256}, {len(backbone.graph):,} bytes" in note
    assert len(backbone.graph) < 8_000_000


def test_the_default_is_the_float_one_and_no_digest_is_shared():
    assert IMAGENET == "efficientnet-lite0"
    assert load_backbone(FAST, None).digest != load_backbone(IMAGENET, None).digest


# Measured on 200 photographs, none of them used in quantising: median 0.997, least 0.990.
def test_the_fast_backbone_is_close_to_the_default_on_photographs(fruits_data):
    groups = ("fruits-360/Test/*/*.jpg", "grocery-store/val/**/*.jpg", "web-produce-b/images/*.jpg", "clothing/*.jpg")
    paths = [path for group in groups for path in sorted(fruits_data.glob(group))[5::97][:5]]
    photographs = [Image.open(path).convert("RGB").resize((224, 224), Image.Resampling.BICUBIC) for path in paths]
    images = np.stack([np.asarray(photograph) for photograph in photographs])
    fast, slow = (Embedder(load_backbone(name, None).graph).embed(images).astype(float) for name in (FAST, IMAGENET))
    cosines = (fast * slow).sum(axis=1) / (np.linalg.norm(fast, axis=1) * np.linalg.norm(slow, axis=1))
    assert len(cosines) >= 15
    assert np.median(cosines) >= 0.99
    assert cosines.min() >= 0.97


def test_default_needs_neither_onnx_nor_its_runtime_to_be_named():
    code = (
        "import sys; from fruits.vision.backbones import *; import pathlib; list_backbones(pathlib.Path('/nowhere'));"
        "import fruits.vision.embedder; print([m for m in ('onnx', 'onnxruntime', 'torch') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize("name", ZOO)
def test_zoo_backbone_is_fetched_listed_and_loaded(small_zoo, tmp_path, name):
    with pytest.raises(BackboneError, match=f"fruits backbones fetch {name}"):
        load_backbone(name, tmp_path)
    seen = []
    with serving(served(small_zoo), ("cut", 5000)) as server:
        path = fetch_backbone(
            name, tmp_path, base_url=server.url, pause=0.001, progress=lambda done, _: seen.append(done)
        )
        assert fetch_backbone(name, tmp_path, base_url=server.url) == path  # there already: no further request
    assert [asked for _, asked in server.asked] == [None, "bytes=5000-"]
    assert seen[-1] == len(CONTENT[name])
    backbone = load_backbone(name, tmp_path)
    images = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), dtype=np.uint8)
    assert Embedder(backbone.graph).embed(images).shape == (2, small_zoo[name].dimensions)
    assert backbone.source_sha256 == small_zoo[name].pin.sha256
    places = {line.name: line.place for line in list_backbones(tmp_path)}
    assert places == dict.fromkeys(PACKAGED, "in the package") | dict.fromkeys(ZOO, "to fetch") | {name: "in the cache"}


def test_the_older_address_is_tried_when_the_newer_is_gone(small_zoo, tmp_path):
    with serving(served(small_zoo, which=1)) as server:
        fetch_backbone("mobilenetv2", tmp_path, base_url=server.url + "/")
        assert load_backbone("mobilenetv2", tmp_path).name == "mobilenetv2"
    with serving({}) as server, pytest.raises(FetchError, match="HTTP 404"):
        fetch_backbone("resnet50", tmp_path, base_url=server.url)


def test_a_file_of_wrong_content_never_enters_the_cache(small_zoo, tmp_path):
    wrong = {path: content[::-1] for path, content in served(small_zoo).items()}
    with serving(wrong) as server, pytest.raises(FetchError, match="sha256"):
        fetch_backbone("mobilenetv2", tmp_path, base_url=server.url)
    assert not any(tmp_path.iterdir())


def test_a_damaged_file_in_the_cache_is_not_used_and_is_fetched_again(small_zoo, tmp_path):
    (tmp_path / "mobilenetv2-10.onnx").write_bytes(CONTENT["mobilenetv2"][:-1])
    with pytest.raises(BackboneError, match=r"sha256 differs.*fetch mobilenetv2"):
        load_backbone("mobilenetv2", tmp_path)
    with serving(served(small_zoo)) as server:
        fetch_backbone("mobilenetv2", tmp_path, base_url=server.url)
    assert load_backbone("mobilenetv2", tmp_path).dimensions == 1280


def test_a_file_on_disk_takes_the_place_of_the_cache_if_it_is_the_zoos(small_zoo, tmp_path):
    file = tmp_path / "elsewhere.onnx"
    file.write_bytes(CONTENT["resnet50"])
    assert load_backbone("resnet50", tmp_path / "none", file).dimensions == 2048
    with pytest.raises(BackboneError, match=r"elsewhere\.onnx is not mobilenetv2-10\.onnx"):
        load_backbone("mobilenetv2", tmp_path / "none", file)
    with pytest.raises(BackboneError, match="cannot be read"):
        load_backbone("resnet50", tmp_path / "none", tmp_path / "absent.onnx")
    for name in PACKAGED:
        with pytest.raises(BackboneError, match=f"{name} comes with the package and takes no file"):
            load_backbone(name, tmp_path, file)
    with pytest.raises(BackboneError, match="fruits backbones add mine FILE"):
        load_backbone("mine", tmp_path, file)


def test_nothing_else_is_fetched(tmp_path):
    for name in PACKAGED:
        with pytest.raises(BackboneError, match=f"{name} .*nothing to fetch"):
            fetch_backbone(name, tmp_path)
    with pytest.raises(BackboneError, match="mobilenetv2, resnet50 and efficientnet-lite4"):
        fetch_backbone("vgg16", tmp_path)


def test_an_added_backbone_is_kept_and_loaded_as_it_was(tmp_path):
    cache = tmp_path / "cache"
    added = add_backbone("mean-colour", average_file(tmp_path), AVERAGE, cache, licence="MIT")
    (tmp_path / "average.onnx").unlink()
    assert load_backbone("mean-colour", cache) == added
    assert (added.size, added.dimensions, added.licence) == (16, 3, "MIT")
    white = np.full((1, 16, 16, 3), 255, np.uint8)
    np.testing.assert_allclose(Embedder(added.graph).embed(white), 1, rtol=1e-6)
    assert [line for line in list_backbones(cache) if line.place == "added"] == [
        backbones.BackboneInfo("mean-colour", 3, 16, "added", "MIT")
    ]


def test_adding_again_replaces(tmp_path):
    file = average_file(tmp_path)
    first = add_backbone("mine", file, AVERAGE, tmp_path)
    second = add_backbone("mine", file, dataclasses.replace(AVERAGE, mean=(0.5, 0.5, 0.5)), tmp_path)
    assert load_backbone("mine", tmp_path) == second != first
    assert sorted(path.name for path in (tmp_path / "added").iterdir()) == ["mine.json", "mine.onnx"]


def test_digest_tells_file_and_settings_apart_and_ignores_the_name(tmp_path):
    file = average_file(tmp_path)
    plain = add_backbone("one", file, AVERAGE, tmp_path)
    assert add_backbone("two", file, AVERAGE, tmp_path).digest == plain.digest
    others = [
        add_backbone("three", file, dataclasses.replace(AVERAGE, channels="BGR"), tmp_path),
        add_backbone("four", file, dataclasses.replace(AVERAGE, std=(1.0, 1.0, 2.0)), tmp_path),
        add_backbone("five", average_file(tmp_path, image="picture"), AVERAGE, tmp_path),
    ]
    assert len({plain.digest, *(other.digest for other in others)}) == 4
    assert all(len(other.digest) == 64 for other in others)


@pytest.mark.parametrize("name", [*PACKAGED, *ZOO])
def test_built_in_names_are_taken(tmp_path, name):
    with pytest.raises(BackboneError, match="built-in"):
        add_backbone(name, average_file(tmp_path), AVERAGE, tmp_path)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../up", "a/b", "a\\b", "/etc/passwd", "A", "a b", "-a", "a-", "a--b", "a.onnx", "é", "a\n"]
)
def test_a_name_is_kebab_case_and_nothing_else(tmp_path, name):
    for call in (
        lambda: add_backbone(name, average_file(tmp_path), AVERAGE, tmp_path / "cache"),
        lambda: load_backbone(name, tmp_path / "cache"),
    ):
        with pytest.raises(BackboneError, match="cannot name a backbone"):
            call()
    assert not (tmp_path / "cache").exists()


@given(st.text(max_size=100))
def test_no_text_makes_loading_fail_in_another_way(tmp_path_factory, name):
    with pytest.raises(BackboneError):
        load_backbone(name + "-", tmp_path_factory.getbasetemp() / "none")


def test_unknown_name_lists_the_known_ones(tmp_path):
    add_backbone("mine", average_file(tmp_path), AVERAGE, tmp_path)
    with pytest.raises(BackboneError, match=r"efficientnet-lite0, .* and mine"):
        load_backbone("yours", tmp_path)


def test_what_cannot_be_added_leaves_nothing(tmp_path):
    cache = tmp_path / "cache"
    with pytest.raises(PrepareError, match=r"mine: .*no tensor named 'pool'"):
        add_backbone("mine", average_file(tmp_path), dataclasses.replace(AVERAGE, tensor="pool"), cache)
    with pytest.raises(BackboneError, match="cannot be read"):
        add_backbone("mine", tmp_path / "absent.onnx", AVERAGE, cache)
    assert not cache.exists()
    cache.write_text("not a folder")
    with pytest.raises(BackboneError, match="cannot be kept"):
        add_backbone("mine", average_file(tmp_path), AVERAGE, cache)


def test_a_changed_cache_is_noticed(tmp_path):
    add_backbone("mine", average_file(tmp_path), AVERAGE, tmp_path)
    (tmp_path / "added" / "mine.onnx").write_bytes(zoo_graphs.average(image="other"))
    with pytest.raises(BackboneError, match="add mine again"):
        load_backbone("mine", tmp_path)
    card = tmp_path / "added" / "mine.json"
    for content in ("", "[]", "{}", json.dumps(json.loads(card.read_text()) | {"settings": {"size": 16}})):
        card.write_text(content)
        with pytest.raises(BackboneError, match="add mine again"):
            load_backbone("mine", tmp_path)


def test_missing_onnx_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "onnx", None)
    monkeypatch.delitem(sys.modules, "fruits.vision.prepare", raising=False)
    monkeypatch.delitem(sys.modules, "fruits.vision.graphs", raising=False)
    with pytest.raises(BackboneError, match=r"fruits\[spark\]"):
        add_backbone("mine", average_file(tmp_path), AVERAGE, tmp_path)
    assert load_backbone(IMAGENET, tmp_path).dimensions == 1280
