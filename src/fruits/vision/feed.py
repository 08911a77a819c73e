"""How a network is fed: what a backbone's file does not say itself."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from fruits.vision.errors import VisionError

Triple = tuple[float, float, float]


class PrepareError(VisionError):
    """An ONNX file that cannot be used as a backbone with these settings."""

    exit_code = 2


@dataclass(frozen=True)
class FeedSettings:
    """How a network is fed, and which of its tensors is the embedding.

    size: side of its square images, 16 to 2048 pixels. tensor: name of the embedding in the file; its shape is [n, d],
    [n, d, 1, 1] or [n, 1, 1, d]. The network gets ``(pixel * scale - mean) / std``, mean and std per channel, pixels
    being 0 to 255, in this layout and order of channels. Raises ``PrepareError`` on values that make no sense.
    """

    size: int
    tensor: str
    mean: Triple = (0.0, 0.0, 0.0)
    std: Triple = (1.0, 1.0, 1.0)
    scale: float = 1.0
    layout: Literal["NCHW", "NHWC"] = "NCHW"
    channels: Literal["RGB", "BGR"] = "RGB"

    def __post_init__(self) -> None:
        numbers = (*self.mean, *self.std, self.scale)
        if len(self.mean) != 3 or len(self.std) != 3 or not all(map(math.isfinite, numbers)):
            raise PrepareError("Mean and standard deviation are three finite numbers each, one per channel.")
        if 0.0 in (*self.std, self.scale):
            raise PrepareError("Neither the scale nor a standard deviation may be zero.")
        if not 16 <= self.size <= 2048:
            raise PrepareError(f"The side of an image must be 16 to 2048 pixels, not {self.size}.")
        if self.layout not in {"NCHW", "NHWC"} or self.channels not in {"RGB", "BGR"}:
            raise PrepareError("The layout is NCHW or NHWC; the channels are RGB or BGR.")
