"""A whole training on drawn images: small, but every step of the real one."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="torch is not installed: make test-training runs this")

from fruits.cli import main  # noqa: E402
from fruits.engine import Recogniser, load_bundle  # noqa: E402
from fruits.samples.draw import draw_samples  # noqa: E402
from fruits.training.calibrate import Predictions, calibrate, measures_of, softmax  # noqa: E402
from fruits.training.errors import TrainingError  # noqa: E402
from fruits.training.export import Calibration, export  # noqa: E402
from fruits.training.fit import Losses, Made, Sampler, Settings, classes_of, fit  # noqa: E402
from fruits.training.network import Recognition, average, take_over  # noqa: E402
from fruits.training.pixels import PixelStore  # noqa: E402
from fruits.training.sources import read_sources  # noqa: E402

SMALL = Settings(samples=96, batch=16, size=64, seed=1)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn frames as fruits-360, a source kept out, and pictures without produce."""
    folder = tmp_path_factory.mktemp("data")
    draw_samples(folder / "fruits-360", images=96)
    rows = []
    for label in sorted({path.name for path in folder.glob("fruits-360/Training/*")}):
        species = label.split()[0].lower()
        rows.append(("fruits-360", label, species, "-".join(label.lower().split()[1:2])))
    rows.append(("clothing", "clothing", "", ""))
    dice = np.random.default_rng(0)
    for source, names in (("clothing", [f"{n}" for n in range(8)]), ("plates", ["bun/0", "bun/1"])):
        for name in names:
            path = folder / source / f"{name}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(dice.integers(0, 256, (80, 90, 3), np.uint8)).save(path)
    rows.append(("plates", "bun", "", ""))
    several = folder / "several-fruits"
    several.mkdir()
    for number, frame in enumerate(sorted(folder.glob("fruits-360/Test/*/*.jpg"))[:6]):
        (several / f"apple{number}.jpg").write_bytes(frame.read_bytes())
    with (folder / "labels.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([("dataset", "label", "species", "variety"), *rows])
    return folder


@pytest.fixture(scope="module")
def parts(data: Path):
    examples = read_sources(data, without=["several-fruits"])
    store = PixelStore()
    species = sorted({each.species for each in examples if each.species})
    made = Made(np.zeros((len(species), 80, 80, 3), np.uint8), tuple(species))
    return examples, made, store


def test_a_training_end_to_end(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "bundle" / "tiny.onnx"
    # The grocery store's cartons are what is without produce and kept out; here a test split of cartons is drawn.
    carton = data / "grocery-store" / "val" / "Packages" / "Milk"
    carton.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (70, 70), (20, 80, 180)).save(carton / "1.jpg")
    with (data / "labels.csv").open("a") as stream:
        stream.write("grocery-store,Milk,,\n")
    command = ["train", "--data", str(data), "--out", str(out), "--work", str(tmp_path / "work")]
    command += ["--samples", "256", "--composites", "24", "--members", "2"]
    assert main(command) == 0
    assert capsys.readouterr().out.strip() == str(out)
    bundle = load_bundle(out)
    assert bundle.card.name == "tiny"
    assert bundle.card.raw["training"]["sources"]["fruits-360"]["licence"] == "MIT"
    assert bundle.card.raw["training"]["seeds"] == [20261121, 20261122]
    assert "all but unripe" in bundle.card.raw["measures"]["sources kept out of training"]
    answer = Recogniser.load(out).identify(next(data.glob("fruits-360/Test/*/*.jpg")))
    assert answer.species in bundle.card.species
    first = out.read_bytes()
    out.unlink()
    assert main(command) == 0, "every step is kept: this goes on from the end"
    assert out.read_bytes() == first
    other = [*command, "--seed", "5"]
    assert main(other) == 1
    assert "other settings" in capsys.readouterr().err


def test_an_interrupted_training_goes_on(parts, tmp_path: Path) -> None:
    examples, made, store = parts
    whole, _ = fit(examples, made, store, SMALL, tmp_path / "whole.ckpt")

    class Stop(Exception):
        pass

    def stop(done: int, total: int, loss: float) -> None:
        if done >= 48:
            raise Stop

    import fruits.training.fit as module

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SAVE_EVERY", 1)
        with pytest.raises(Stop):
            fit(examples, made, store, SMALL, tmp_path / "cut.ckpt", stop)
        again, _ = fit(examples, made, store, SMALL, tmp_path / "cut.ckpt")
    for name, value in whole.state_dict().items():
        assert torch.allclose(value.float(), again.state_dict()[name].float(), atol=1e-4), name
    with pytest.raises(TrainingError, match="other settings"):
        fit(examples, made, store, replace(SMALL, rate=1e-5), tmp_path / "cut.ckpt")


def test_the_loss_falls_when_there_is_something_to_learn(parts, tmp_path: Path) -> None:
    examples, made, store = parts
    losses: list[float] = []
    settings = replace(SMALL, samples=480)
    fit(examples, made, store, settings, tmp_path / "fit.ckpt", lambda done, total, loss: losses.append(loss))
    assert losses[-1] < 0.9 * losses[0]


def test_the_same_step_gives_the_same_batch(parts) -> None:
    examples, made, store = parts
    first, second = (Sampler(examples, made, store, SMALL) for _ in range(2))
    for a, b in zip(first.batch(7), second.batch(7), strict=True):
        assert np.array_equal(a.pixels, b.pixels)
        assert (a.source, a.species, a.label) == (b.source, b.species, b.label)
    assert any(not np.array_equal(a.pixels, b.pixels) for a, b in zip(first.batch(7), first.batch(8), strict=True))


def test_the_graph_says_what_the_network_says(parts) -> None:
    """int8 against torch in float32, on real-looking pictures: the same species, probabilities near."""
    examples, *_ = parts
    store = PixelStore()
    classes = classes_of(examples)
    torch.manual_seed(0)
    network = Recognition(classes, 5).eval()
    torch.nn.init.normal_(network.species.weight, std=0.03)
    images = np.stack([np.array(Image.fromarray(store.get(each.path)).resize((64, 64))) for each in examples[:60]])
    calibration = Calibration(1.7, 1.3, (0.1, 0.9, 0.2, 0.3), 0.8, 0.5, 0.6)
    graph = export(network, classes, 64, images, calibration)

    import onnxruntime

    session = onnxruntime.InferenceSession(graph)
    species, variety, produce, sure = session.run(["species", "variety", "produce", "sure"], {"pixels": images})
    with torch.no_grad():
        features = network.embed(torch.from_numpy(images))
        logits = network.species(features).numpy() / 1.7
        odds = network.produce(features)[:, 0].numpy()
    expected = softmax(logits.astype(float))
    assert np.median(np.abs(species - expected).max(axis=1)) < 0.05
    assert (species.argmax(1) == expected.argmax(1)).mean() > 0.8
    assert np.median(np.abs(produce - 1 / (1 + np.exp(-odds)))) < 0.05
    best = np.sort(species, axis=1)[:, ::-1]
    logit = np.log(produce) - np.log1p(-produce)
    score = 0.1 + 0.9 * np.log(best[:, 0] / (1 - best[:, 0])) + 0.2 * np.log(best[:, 0] / best[:, 1]) + 0.3 * logit
    assert sure == pytest.approx(1 / (1 + np.exp(-score)), abs=1e-3)
    assert variety.shape == (len(images), len(classes.varieties))


def test_what_a_source_cannot_show_is_not_unlearnt(parts) -> None:
    """The adjustment: a photo of a source that never shows figs says little against figs."""
    examples, made, store = parts
    classes = classes_of(examples)
    sampler = Sampler(examples, made, store, SMALL)
    priors = sampler.priors(classes, 0.05)
    shown = sampler.batch(0)
    logits = {
        name: torch.zeros(len(shown), count, requires_grad=True)
        for name, count in (
            ("species", len(classes.species)),
            ("varieties", len(classes.varieties)),
            ("labels", len(classes.labels)),
            ("produce", 1),
        )
    }
    absent = priors["fruits-360"].clone()
    absent[0] = np.log(1e-6)
    gradients = []
    for table in (torch.zeros_like(absent), absent):
        loss = Losses(classes, dict.fromkeys(priors, table), 1.0)(logits, shown)
        [gradient] = torch.autograd.grad(loss, [logits["species"]])
        others = [row for row, each in enumerate(shown) if each.species and each.species != classes.species[0]]
        gradients.append(float(gradient[others, 0].mean()))
    assert gradients[1] < 0.01 * gradients[0]


def test_heads_are_taken_over_by_name(parts) -> None:
    examples, *_ = parts
    classes = classes_of(examples)
    fewer = replace(classes, species=classes.species[1:])
    old, new = Recognition(fewer, 5), Recognition(classes, 5)
    take_over(new, classes, old, fewer)
    assert torch.equal(new.species.weight[1:], old.species.weight)
    assert torch.equal(new.produce.weight, old.produce.weight)


def test_the_mean_of_two_networks(parts) -> None:
    examples, *_ = parts
    classes = classes_of(examples)
    one, other = Recognition(classes, 5), Recognition(classes, 5)
    with torch.no_grad():
        one.backbone._conv_head.weight.add_(1.0)
    before = one.species.weight.clone()
    mean = average([one, other])
    assert torch.allclose(mean.species.weight, (one.species.weight + other.species.weight) / 2)
    assert torch.allclose(mean.backbone._conv_head.weight, other.backbone._conv_head.weight + 0.5, atol=1e-6)
    assert torch.equal(one.species.weight, before), "the members stay as they are: they are trained further"
    assert all(map(torch.equal, average([one]).state_dict().values(), one.state_dict().values()))


def test_calibration_mends_overconfidence() -> None:
    dice = np.random.default_rng(0)
    names = [f"s{n}" for n in range(6)]
    truth = dice.normal(size=(4000, 6)) * 1.5
    goal = np.array([dice.choice(6, p=row) for row in softmax(truth)])
    species = [names[each] for each in goal] + [""] * 500
    logits = np.concatenate([truth * 3, dice.normal(size=(500, 6))])
    produce = np.concatenate([dice.normal(4, 1, 4000), dice.normal(-4, 1, 500)])
    predictions = Predictions(logits, produce, species, names)
    calibration = calibrate(predictions)
    assert calibration.temperature == pytest.approx(3, rel=0.06)
    found = measures_of(predictions, calibration)
    assert found.error is not None
    assert found.error < 0.03
    assert found.sure_right is not None
    assert found.sure_right > 0.9
    with pytest.raises(TrainingError, match="with and without produce"):
        calibrate(Predictions(truth, produce[:4000], species[:4000], names))


def test_a_wrong_call_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["train", "--data", str(tmp_path), "--samples", "0"]) == 2
    assert main(["train", "--data", str(tmp_path), "--work", str(tmp_path / "w")]) == 1
    assert "labels.csv cannot be read" in capsys.readouterr().err
