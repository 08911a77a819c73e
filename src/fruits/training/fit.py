"""Fine-tuning: every step draws a batch from all sources in fixed shares and takes one step down the losses.

The species loss is *adjusted to the source*: the logarithm of how often a source shows each species is added to the
logits while training and left away afterwards (Menon et al., Long-tail learning via logit adjustment, ICLR 2021, here
per source). Without it the network learns that whatever is photographed in the open is one of the species of which it
has photos in the open.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import nn

from fruits.training.augment import blank, view
from fruits.training.composites import Composer
from fruits.training.errors import TrainingError
from fruits.training.network import Classes, Recognition, masks, take_over
from fruits.training.pixels import Pixels, PixelStore
from fruits.training.sources import Example

MADE, NOTHING = "made", "nothing"
SHARES = {
    MADE: 0.27,
    "fruits-360": 0.13,
    "grocery-store": 0.24,
    "web-produce-a": 0.06,
    "web-produce-b": 0.09,
    "ripeness": 0.07,
    "plates": 0.03,
    "dates": 0.005,
    "orchard-pear": 0.005,
    "orchard-apple": 0.005,
    "several-fruits": 0.015,
    "collected": 0.15,
    NOTHING: 0.07,
}
"""How much of a batch each source gives; shares of absent sources go to the others. ``NOTHING``: without produce."""

SAVE_EVERY = 200
"""Steps between checkpoints."""

Report = Callable[[int, int, float], None]


@dataclass(frozen=True)
class Settings:
    """Everything that shapes the weights besides the data.

    samples: views shown in all. size: of the views, in pixels; input: of the bundle. Views are crops, so that fruit is
    larger on them than on whole photos; a larger input makes it as large again (Touvron et al., "Fixing the train-test
    resolution discrepancy", NeurIPS 2019). tuned: how much of the way from ImageNet's weights to the tuned ones is
    gone (Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022).
    """

    size: int = 160
    input: int = 192
    tuned: float = 0.85
    samples: int = 150_000
    batch: int = 64
    frozen_blocks: int = 5
    rate: float = 3e-4
    head_rate: float = 2e-3
    decay: float = 0.02
    adjustment: float = 0.7
    smoothing: float = 0.05
    averaging: float = 0.999
    seed: int = 20261121
    shares: dict[str, float] = field(default_factory=lambda: dict(SHARES))


@dataclass(frozen=True)
class Made:
    """Composites uint8 [n, side, side, 3] and the species of each."""

    pixels: Pixels
    species: tuple[str, ...]


def classes_of(examples: Sequence[Example]) -> Classes:
    """The classes that have any training photo."""
    own = [each for each in examples if each.split == "train"]
    species = {each.species for each in own if each.species}
    varieties = {(each.species, each.variety) for each in own if each.variety}
    fine = {"fruits-360", "grocery-store"}
    labels = {(each.source, each.label) for each in own if each.source in fine}
    return Classes(tuple(sorted(species)), tuple(sorted(varieties)), tuple(sorted(labels)))


def make_composites(
    examples: Sequence[Example], store: PixelStore, count: int, seed: int, report: Report | None = None
) -> Made:
    """Made photos, the more of a species the fewer real photos it has."""
    frames: dict[str, dict[str, list[Pixels]]] = defaultdict(lambda: defaultdict(list))
    for each in examples:
        if each.source == "fruits-360" and each.split == "train":
            frames[each.species][each.label].append(store.get(each.path))
    if not frames:
        raise TrainingError("Photos are made from the frames of fruits-360, which are not there or left out.")
    nothing = [store.get(each.path) for each in examples if not each.species and each.split == "train"]
    foliage = [store.get(each.path) for each in examples if each.source.startswith("orchard")]
    composer = Composer({name: list(labels.values()) for name, labels in frames.items()}, nothing, foliage)
    real = Counter(each.species for each in examples if each.split == "train" and each.source != "fruits-360")
    weights = [1 / (1 + real[name] / 100) for name in composer.species]
    dice = random.Random(f"{seed}/composites")
    species = tuple(dice.choices(composer.species, weights, k=count))

    def one(index: int) -> Pixels:
        if report is not None and index % 100 == 0:
            report(index, count, 0.0)
        return composer.compose(species[index], random.Random(f"{seed}/{index}"))

    with ThreadPoolExecutor(2) as pool:
        return Made(np.stack(list(pool.map(one, range(count)))), species)


@dataclass(frozen=True)
class _Shown:
    """One view with what is known of it."""

    pixels: Pixels
    source: str
    species: str
    variety: str
    label: str


class Sampler:
    """Draws the batch of a step; the same step gives the same batch, so that a training can be resumed."""

    def __init__(self, examples: Sequence[Example], made: Made, store: PixelStore, settings: Settings) -> None:
        self._store, self._made, self._settings = store, made, settings
        self._by: dict[str, dict[str, list[Example]]] = defaultdict(lambda: defaultdict(list))
        for each in examples:
            if each.split == "train":
                source = each.source if each.species else NOTHING
                self._by[source][each.label if source in {"grocery-store", "fruits-360"} else each.species].append(each)
        self._made_by: dict[str, list[int]] = defaultdict(list)
        for index, species in enumerate(made.species):
            self._made_by[species].append(index)
        shares = {name: share for name, share in settings.shares.items() if name in self._by or name == MADE}
        self._sources, self._weights = list(shares), list(shares.values())
        self._labels = {source: sorted(labels) for source, labels in self._by.items()}

    def batch(self, step: int) -> list[_Shown]:
        """The views of a step."""
        dice = random.Random(f"{self._settings.seed}/step/{step}")
        return [
            self._one(source, dice) for source in dice.choices(self._sources, self._weights, k=self._settings.batch)
        ]

    def _one(self, source: str, dice: random.Random) -> _Shown:
        size = self._settings.size
        if source == MADE:
            species = dice.choice(sorted(self._made_by))
            pixels = self._made.pixels[dice.choice(self._made_by[species])]
            return _Shown(view(pixels, size, dice, zoom=0.5), MADE, species, "", "")
        if source == NOTHING and dice.random() < 0.2:
            return _Shown(blank(size, f"train/{dice.random()}"), NOTHING, "", "", "")
        each = dice.choice(self._by[source][dice.choice(self._labels[source])])
        shown = view(self._store.get(each.path), size, dice, each.boxes)
        return _Shown(shown, each.source, each.species, each.variety, each.label)

    def priors(self, classes: Classes, smoothing: float) -> dict[str, torch.Tensor]:
        """For each source the logarithm of how often it shows each species, smoothed, float32 [species]."""
        index = {name: position for position, name in enumerate(classes.species)}
        tables: dict[str, torch.Tensor] = {MADE: torch.zeros(len(index))}
        for source, labels in self._by.items():
            if source == NOTHING:
                continue
            count = torch.zeros(len(index))
            for own in labels.values():
                count[index[own[0].species]] += 1
            tables[source] = torch.log(count / count.sum() + smoothing / len(index))
        return tables


class Losses:
    """The sum of what each head got wrong."""

    def __init__(self, classes: Classes, priors: dict[str, torch.Tensor], adjustment: float) -> None:
        self._species = {name: index for index, name in enumerate(classes.species)}
        self._varieties = {pair: index for index, pair in enumerate(classes.varieties)}
        self._labels = {pair: index for index, pair in enumerate(classes.labels)}
        self._own_varieties = masks([species for species, _ in classes.varieties])
        self._own_labels = masks([source for source, _ in classes.labels])
        self._priors, self._adjustment = priors, adjustment

    def __call__(self, logits: dict[str, torch.Tensor], shown: Sequence[_Shown]) -> torch.Tensor:
        """One number: species + half of labels + a third of varieties and produce."""
        known = [index for index, each in enumerate(shown) if each.species]
        adjust = torch.stack([self._priors[shown[index].source] for index in known]) * self._adjustment
        goal = torch.tensor([self._species[shown[index].species] for index in known])
        total = nn.functional.cross_entropy(logits["species"][known] + adjust, goal, label_smoothing=0.05)
        fine = [index for index, each in enumerate(shown) if (each.source, each.label) in self._labels]
        if fine:
            mask = torch.stack([self._own_labels[shown[index].source] for index in fine])
            goal = torch.tensor([self._labels[shown[index].source, shown[index].label] for index in fine])
            total = total + 0.5 * nn.functional.cross_entropy(logits["labels"][fine] + mask, goal)
        named = [index for index, each in enumerate(shown) if each.variety]
        if named:
            mask = torch.stack([self._own_varieties[shown[index].species] for index in named])
            goal = torch.tensor([self._varieties[shown[index].species, shown[index].variety] for index in named])
            total = total + 0.3 * nn.functional.cross_entropy(logits["varieties"][named] + mask, goal)
        there = torch.tensor([float(bool(each.species)) for each in shown])
        return total + 0.3 * nn.functional.binary_cross_entropy_with_logits(logits["produce"][:, 0], there)


def fit(
    examples: Sequence[Example],
    made: Made,
    store: PixelStore,
    settings: Settings,
    checkpoint: Path,
    report: Report | None = None,
    begin: tuple[Recognition, Classes] | None = None,
) -> tuple[Recognition, Classes]:
    """The averaged network after all steps; goes on from ``checkpoint`` if it was left by the same settings.

    begin: an earlier network with its classes to start from, instead of ImageNet's weights and empty heads.
    """
    torch.manual_seed(settings.seed)
    classes = classes_of(examples)
    network = Recognition(classes, settings.frozen_blocks)
    if begin is not None:
        take_over(network, classes, *begin)
    network = network.to(memory_format=torch.channels_last).train()
    sampler = Sampler(examples, made, store, settings)
    losses = Losses(classes, sampler.priors(classes, settings.smoothing), settings.adjustment)
    steps = max(1, settings.samples // settings.batch)
    heads = [parameter for layer in network.heads() for parameter in layer.parameters()]
    body = [each for each in network.backbone.parameters() if each.requires_grad]
    groups = [{"params": body, "lr": settings.rate}, {"params": heads, "lr": settings.head_rate}]
    optimiser = torch.optim.AdamW(groups, weight_decay=settings.decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step, steps))
    average = _Average(network, settings.averaging)
    start = _resume(checkpoint, settings, network, optimiser, schedule, average)
    bf16 = bool(torch.cpu._is_avx512_bf16_supported())
    running = 0.0
    with ThreadPoolExecutor(1) as pool:
        ahead = pool.submit(sampler.batch, start)
        for step in range(start, steps):
            shown = ahead.result()
            ahead = pool.submit(sampler.batch, step + 1)
            torch.manual_seed(settings.seed + step)  # so that dropout is the same after an interruption
            with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
                logits = network(torch.from_numpy(np.stack([each.pixels for each in shown])))
            loss = losses({name: each.float() for name, each in logits.items()}, shown)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimiser.step()
            schedule.step()
            average.update(network, step)
            running = loss.item() if step == start else 0.98 * running + 0.02 * loss.item()
            if report is not None:
                report((step + 1) * settings.batch, steps * settings.batch, running)
            if (step + 1) % SAVE_EVERY == 0 or step + 1 == steps:
                _save(checkpoint, settings, step + 1, network, optimiser, schedule, average)
    average.copy_to(network)
    return network.eval(), classes


class _Average:
    """The exponential moving average of the trained weights: steadier than the last step's."""

    def __init__(self, network: nn.Module, keep: float) -> None:
        self._keep = keep
        self.values = {name: each.detach().clone() for name, each in network.named_parameters() if each.requires_grad}

    def update(self, network: nn.Module, step: int) -> None:
        keep = min(self._keep, (1 + step) / (10 + step))
        for name, each in network.named_parameters():
            if name in self.values:
                self.values[name].lerp_(each.detach(), 1 - keep)

    def copy_to(self, network: nn.Module) -> None:
        with torch.no_grad():
            for name, each in network.named_parameters():
                if name in self.values:
                    each.copy_(self.values[name])


def _rate(step: int, steps: int) -> float:
    """A short warm-up, then half a cosine."""
    warm = min(100, steps // 10 + 1)
    if step < warm:
        return (step + 1) / warm
    return float(0.5 * (1 + np.cos(np.pi * (step - warm) / max(1, steps - warm))))


def _save(
    path: Path,
    settings: Settings,
    step: int,
    network: Recognition,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    average: _Average,
) -> None:
    state = {
        "settings": asdict(settings),
        "step": step,
        "network": network.state_dict(),
        "optimiser": optimiser.state_dict(),
        "schedule": schedule.state_dict(),
        "average": average.values,
    }
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)


def _resume(
    path: Path,
    settings: Settings,
    network: Recognition,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    average: _Average,
) -> int:
    if not path.is_file():
        return 0
    state = torch.load(path, weights_only=True)
    if state["settings"] != asdict(settings):
        raise TrainingError(f"{path} is of a training with other settings: delete it, or give another --work.")
    network.load_state_dict(state["network"])
    optimiser.load_state_dict(state["optimiser"])
    schedule.load_state_dict(state["schedule"])
    average.values = state["average"]
    return int(state["step"])
