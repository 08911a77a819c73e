"""The whole of a training: an honest estimate on sources kept out, then the released network on all of them.

1. composites, kept in the work folder;
2. a fold: fine-tuning without the sources of ``HELD_OUT``; on those the answers are calibrated and measured;
3. fine-tuning goes on from there on everything;
4. the bundle: int8 graph, card, both written at once.

Steps 2 and 3 are gone through by several members, which differ in their seeds only; what is measured and written has
the mean of their weights. It answers as fast as one of them, knows a little more, and owes less to chance.

Every step is kept in the work folder, so that an interrupted training goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fruits.engine import Recogniser
from fruits.engine.bundle import FORMAT, LARGEST, card_path
from fruits.training.augment import blank
from fruits.training.calibrate import Predictions, calibrate, confusions, measures_of, said_sure
from fruits.training.credits import CREDITS
from fruits.training.errors import TrainingError
from fruits.training.evaluation import evaluate
from fruits.training.export import Calibration, export
from fruits.training.fit import Made, Report, Settings, fit, make_composites
from fruits.training.leave_out import JUDGE, costs_of_leaving_out
from fruits.training.network import Classes, Recognition, average, blend
from fruits.training.pixels import Pixels, PixelStore, stretched
from fruits.training.sources import Example, read_collected, read_sources

HELD_OUT = ("web-produce-b", "ripeness", "several-fruits")
FOLD_SHARE = 0.4
COMPOSITES = 8000
MEMBERS = 2
BLANKS = 100
CALIBRATION_PHOTOS = 1000

Say = Callable[[str], None]
Watch = Callable[[str], Report]


def train(
    data: Path,
    out: Path,
    work: Path,
    settings: Settings,
    *,
    without: Sequence[str] = (),
    collected: Path | None = None,
    composites: int = COMPOSITES,
    members: int = MEMBERS,
    watch: Watch,
    say: Say,
) -> Path:
    """Train and write the bundle ``out`` (.onnx) with its card; returns ``out``.

    data: the labelled sources. work: kept between runs, to go on from. without: sources left out. collected: a folder
    of ``fruits collect``. members: trainings whose weights are averaged. watch(stage) gives a progress report for it.
    Raises ``TrainingError``.
    """
    work.mkdir(parents=True, exist_ok=True)
    examples = read_sources(data, without) + (read_collected(collected) if collected else [])
    say(f"{len(examples):,} photos of {len({each.source for each in examples})} sources")
    store = PixelStore()
    made = _composites(examples, store, composites, settings, work, watch("composites"))
    own = [replace(settings, seed=settings.seed + member) for member in range(members)]
    folds = _fold(examples, made, store, own, work, watch)
    held = [each for each in examples if each.source in HELD_OUT or (each.split == "test" and not each.species)]
    network, classes = _mean(folds, settings.tuned)
    calibration, estimate = _estimate(network, classes, held, store, settings)
    say(f"sources kept out: {json.dumps(estimate)}")
    finals = _final(examples, made, store, own, work, watch, folds)
    network, classes = _mean(finals, settings.tuned)
    graph = export(network, classes, settings.input, _calibration_photos(examples, store, settings), calibration)
    if len(graph) > LARGEST:
        raise TrainingError(f"The bundle has {len(graph):,} bytes, above {LARGEST:,}: nothing was written.")
    card = _card(out.stem, graph, classes, calibration, settings, examples)
    card["training"]["seeds"] = [each.seed for each in own]
    card["measures"] = {"sources kept out of training": estimate}
    if costs := costs_of_leaving_out(examples, store):
        say(f"without the sources that state no licence, a linear head: {json.dumps(costs)}")
        card["measures"]["linear head on ImageNet's embedding, by what is left out"] = {"source": JUDGE, "left": costs}
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(graph)
    _write_card(out, card)
    unseen = [each for each in examples if each.split == "test"]
    if unseen:
        found = evaluate(Recogniser.load(out), unseen, threads=2).as_dict()["sets"]
        card["measures"]["unseen photos of sources seen in training"] = found
        _write_card(out, card)
    return out


Trained = tuple[Recognition, Classes]


def _fold_samples(settings: Settings) -> int:
    return max(settings.batch, int(settings.samples * FOLD_SHARE))


def _fold(
    examples: Sequence[Example], made: Made, store: PixelStore, members: Sequence[Settings], work: Path, watch: Watch
) -> list[Trained]:
    """Each member after the part of its training that shows it nothing of the sources kept out."""
    rest = [each for each in examples if each.source not in HELD_OUT]
    trained = []
    for number, settings in enumerate(members, 1):
        own = replace(settings, samples=_fold_samples(settings))
        place = work / f"fold-{number}.ckpt"
        trained.append(fit(rest, made, store, own, place, watch(f"fold, {number} of {len(members)}")))
    return trained


def _final(
    examples: Sequence[Example],
    made: Made,
    store: PixelStore,
    members: Sequence[Settings],
    work: Path,
    watch: Watch,
    folds: Sequence[Trained],
) -> list[Trained]:
    """Each member after the rest of its training, on everything."""
    trained = []
    for number, (settings, begin) in enumerate(zip(members, folds, strict=True), 1):
        own = replace(settings, samples=max(settings.batch, settings.samples - _fold_samples(settings)))
        place = work / f"final-{number}.ckpt"
        report = watch(f"final, {number} of {len(members)}")
        trained.append(fit(examples, made, store, own, place, report, begin=begin))
    return trained


def _mean(members: Sequence[Trained], tuned: float) -> Trained:
    return blend(average([network for network, _ in members]), tuned), members[0][1]


def _write_card(out: Path, card: dict[str, Any]) -> None:
    card_path(out).write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _composites(
    examples: Sequence[Example], store: PixelStore, count: int, settings: Settings, work: Path, report: Report
) -> Made:
    place = work / f"composites-{settings.seed}-{count}.npz"
    if place.is_file():
        with np.load(place) as kept:
            return Made(kept["pixels"], tuple(map(str, kept["species"])))
    made = make_composites(examples, store, count, settings.seed, report)
    partial = place.with_name(place.name + ".partial.npz")
    np.savez(partial, pixels=made.pixels, species=np.array(made.species))
    partial.replace(place)
    return made


def predict(
    network: Recognition, classes: Classes, examples: Sequence[Example], store: PixelStore, size: int
) -> Predictions:
    """The network's answers on whole photos, in float32."""
    species, produce = [], []
    with torch.no_grad():
        for start in range(0, len(examples), 32):
            pixels = np.stack([stretched(store.get(each.path), size) for each in examples[start : start + 32]])
            features = network.embed(torch.from_numpy(pixels))
            species.append(network.species(features).double().numpy())
            produce.append(network.produce(features)[:, 0].double().numpy())
    names = [each.species for each in examples]
    return Predictions(np.concatenate(species), np.concatenate(produce), names, classes.species)


def _estimate(
    network: Recognition, classes: Classes, held: Sequence[Example], store: PixelStore, settings: Settings
) -> tuple[Calibration, dict[str, Any]]:
    """Calibration and measures on photos of sources that this network never saw.

    Unripe fruit, of which half of one source consists, is measured but not calibrated on: few people photograph it.
    """
    known = [each for each in held if not each.species or each.species in classes.species]
    usual = [each for each in known if each.state != "Raw"]
    predictions = _with_blanks(predict(network, classes, usual, store, settings.input), network, settings)
    calibration = calibrate(predictions)
    estimate: dict[str, Any] = {"all but unripe": measures_of(predictions, calibration).as_dict()}
    sets: dict[str, list[Example]] = defaultdict(list)
    for each in known:
        if each.species:
            sets[f"{each.source} {each.state}".strip()].append(each)
    for name, own in sorted(sets.items()):
        answers = predict(network, classes, own, store, settings.input)
        estimate[name] = measures_of(answers, calibration).as_dict()
    estimate["commonest mistakes, all but unripe"] = confusions(predictions)
    nothing = np.array([not each for each in predictions.species])
    estimate["without produce, called sure"] = float(said_sure(predictions, calibration)[nothing].mean().round(4))
    return calibration, estimate


def _with_blanks(predictions: Predictions, network: Recognition, settings: Settings) -> Predictions:
    """Walls, gradients and noise belong to the photos without produce; they are drawn, not taken."""
    pixels = np.stack([blank(settings.input, f"held/{index}") for index in range(BLANKS)])
    with torch.no_grad():
        features = network.embed(torch.from_numpy(pixels))
        species, produce = network.species(features).double().numpy(), network.produce(features)[:, 0].double().numpy()
    return Predictions(
        np.concatenate([predictions.species_logits, species]),
        np.concatenate([predictions.produce_logit, produce]),
        [*predictions.species, *[""] * BLANKS],
        predictions.names,
    )


def _calibration_photos(examples: Sequence[Example], store: PixelStore, settings: Settings) -> Pixels:
    """Photos from all sources alike, on which the ranges of the int8 graph are measured: uint8 [n, input, input, 3]."""
    own = [each for each in examples if each.split == "train"]
    sources = sorted({each.source for each in own})
    chosen: list[Example] = []
    for source in sources:
        of = [each for each in own if each.source == source]
        count = min(len(of), -(-CALIBRATION_PHOTOS // len(sources)))
        chosen += [of[index * len(of) // count] for index in range(count)]
    return np.stack([stretched(store.get(each.path), settings.input) for each in chosen])


def _card(
    name: str,
    graph: bytes,
    classes: Classes,
    calibration: Calibration,
    settings: Settings,
    examples: Sequence[Example],
) -> dict[str, Any]:
    photos = Counter(each.source for each in examples if each.split == "train")
    per_species = Counter(each.species for each in examples if each.split == "train" and each.species)
    wild = Counter(
        each.species for each in examples if each.split == "train" and each.species and each.source != "fruits-360"
    )
    return {
        "format": FORMAT,
        "name": name,
        "size": settings.input,
        "geometry": "the whole upright photo stretched to size x size, Pillow's BICUBIC",
        "bytes": len(graph),
        "sha256": hashlib.sha256(graph).hexdigest(),
        "species": list(classes.species),
        "varieties": [list(pair) for pair in classes.varieties],
        "thresholds": {
            "sure": calibration.sure_at,
            "produce": calibration.produce_at,
            "variety": calibration.variety_at,
        },
        "licence": "Apache-2.0",
        "training": {
            "commit": _commit(),
            "torch": torch.__version__,
            "settings": asdict(settings),
            "calibration": asdict(calibration),
            "sources": {
                source: {"photos": count, **CREDITS.get(source, {"licence": "see credits.csv of the folder"})}
                for source, count in sorted(photos.items())
            },
            "photos per species": dict(sorted(per_species.items())),
            "species without a photo from outside the studio": sorted(set(classes.species) - set(wild)),
        },
    }


def _commit() -> str:
    """The commit this was trained at, with ``+`` if files had changed since."""
    here = Path(__file__).parent
    try:
        found = subprocess.run(["git", "describe", "--always", "--dirty=+"], cwd=here, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "not in a repository"
    return found.stdout.decode().strip()
