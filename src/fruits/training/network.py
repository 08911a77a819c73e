"""EfficientNet-Lite0 with its heads, in torch, as it is trained."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from fruits.training.convert_efficientnet_lite0 import DIMENSIONS, MEAN, STD, load_network

LEAST_LOGIT = -1e4


@dataclass(frozen=True)
class Classes:
    """What the heads tell apart, every list in alphabetical order.

    varieties: pairs of species and variety. labels: pairs of source and its own label, for the sources whose labels
    are finer than species. Not asked of the bundle: they only sharpen the embedding.
    """

    species: tuple[str, ...]
    varieties: tuple[tuple[str, str], ...]
    labels: tuple[tuple[str, str], ...]


class Recognition(nn.Module):  # type: ignore[misc]  # torch is not there where types are checked
    """Backbone and linear heads. BatchNorm keeps ImageNet's statistics: batches mix sources as no photo album does."""

    def __init__(self, classes: Classes, frozen_blocks: int, dropout: float = 0.2) -> None:
        """frozen_blocks: the stem and that many of the 16 blocks keep their ImageNet weights."""
        super().__init__()
        self.backbone = load_network()
        self.frozen_blocks = frozen_blocks
        self.dropout = nn.Dropout(dropout)
        self.species = nn.Linear(DIMENSIONS, len(classes.species))
        self.varieties = nn.Linear(DIMENSIONS, len(classes.varieties))
        self.labels = nn.Linear(DIMENSIONS, len(classes.labels))
        self.produce = nn.Linear(DIMENSIONS, 1)
        for layer in self.heads():
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.zeros_(layer.bias)
        for parameter in self._frozen():
            parameter.requires_grad_(False)

    def heads(self) -> list[nn.Linear]:
        """The linear layers on the embedding."""
        return [self.species, self.varieties, self.labels, self.produce]

    def _frozen(self) -> list[nn.Parameter]:
        parts = [self.backbone._conv_stem, self.backbone._bn0, *self.backbone._blocks[: self.frozen_blocks]]
        unused = [self.backbone._fc] if hasattr(self.backbone, "_fc") else []
        return [parameter for part in (*parts, *unused) for parameter in part.parameters()]

    def train(self, mode: bool = True) -> Recognition:
        """Dropout follows the mode; BatchNorm never leaves evaluation."""
        super().train(mode)
        self.backbone.eval()
        return self

    def embed(self, pixels: torch.Tensor) -> torch.Tensor:
        """Embeddings float32 [n, 1280] of RGB uint8 [n, size, size, 3]."""
        net = self.backbone
        x = ((pixels.permute(0, 3, 1, 2).float() - MEAN) / STD).contiguous(memory_format=torch.channels_last)
        with torch.no_grad():
            x = nn.functional.relu6(net._bn0(net._conv_stem(x)))
            for block in net._blocks[: self.frozen_blocks]:
                x = block(x)
        for block in net._blocks[self.frozen_blocks :]:
            x = block(x)
        features: torch.Tensor = nn.functional.relu6(net._bn1(net._conv_head(x))).mean((2, 3)).float()
        return features

    def forward(self, pixels: torch.Tensor) -> dict[str, torch.Tensor]:
        """Logits of every head, float32 [n, classes]."""
        features = self.dropout(self.embed(pixels))
        heads = {"species": self.species, "varieties": self.varieties, "labels": self.labels, "produce": self.produce}
        return {name: head(features) for name, head in heads.items()}


def take_over(network: Recognition, classes: Classes, earlier: Recognition, known: Classes) -> None:
    """Start from an earlier network: its backbone, and of its heads the rows of classes that both know."""
    network.backbone.load_state_dict(earlier.backbone.state_dict())
    pairs = [
        (network.species, classes.species, earlier.species, known.species),
        (network.varieties, classes.varieties, earlier.varieties, known.varieties),
        (network.labels, classes.labels, earlier.labels, known.labels),
        (network.produce, ("produce",), earlier.produce, ("produce",)),
    ]
    with torch.no_grad():
        for head, own, old, before in pairs:
            place = {name: index for index, name in enumerate(before)}
            rows = [(index, place[name]) for index, name in enumerate(own) if name in place]
            for index, source in rows:
                head.weight[index] = old.weight[source]
                head.bias[index] = old.bias[source]


def blend(network: Recognition, tuned: float) -> Recognition:
    """The same network with a backbone between ImageNet's weights (0) and its own (1); changes it in place."""
    start = load_network().state_dict()
    with torch.no_grad():
        for name, value in network.backbone.named_parameters():
            value.copy_(torch.lerp(start[name], value, tuned))
    return network


def average(networks: Sequence[Recognition]) -> Recognition:
    """A network with the mean of the weights of ``networks``, which must know the same classes.

    They must have begun at the same weights, or their mean knows nothing (Wortsman et al., "Model soups", ICML 2022).
    """
    mean = deepcopy(networks[0])
    others = [dict(each.named_parameters()) for each in networks[1:]]
    with torch.no_grad():
        for name, value in mean.named_parameters():
            value.copy_(torch.stack([value, *(each[name] for each in others)]).mean(0))
    return mean


def masks(groups: Sequence[Any]) -> dict[Any, torch.Tensor]:
    """For each group, an additive mask [classes]: 0 for its own classes, hugely negative for the others'."""
    column = {group: torch.full((len(groups),), LEAST_LOGIT) for group in set(groups)}
    for index, group in enumerate(groups):
        column[group][index] = 0.0
    return column
