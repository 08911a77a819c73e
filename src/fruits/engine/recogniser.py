"""One photo in, one answer out: decoding, one call of the graph, and the rule that reads its numbers."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fruits.engine.bundle import DIMENSIONS, Bundle, BundleError, Card, load_bundle
from fruits.engine.errors import EngineError
from fruits.engine.recognition import TOP, Recognition, interpret
from fruits.vision.decode import Limits, decode
from fruits.vision.embedder import EmbeddingError, open_session
from fruits.vision.errors import VisionError

Pixels = NDArray[np.uint8]
LIMITS = Limits()
OUTPUTS = ("species", "variety", "produce", "sure")


@dataclass(frozen=True)
class Outcome:
    """What became of one photo of many: either ``recognition`` or ``error``, a sentence."""

    path: str
    recognition: Recognition | None
    error: str | None


class Recogniser:
    """A bundle ready to answer. One per process; its methods may be called from many threads at once."""

    def __init__(self, bundle: Bundle, threads: int = 1) -> None:
        """threads: cores that one call of the graph may use, at least 1. Raises ``BundleError``."""
        self._bundle = bundle
        try:
            self._session = open_session(bundle.graph, threads)
        except EmbeddingError as cause:
            raise BundleError(f"The bundle {bundle.path} cannot be loaded: {cause}") from cause
        shapes = {each.name: each.shape for each in (*self._session.get_inputs(), *self._session.get_outputs())}
        card = bundle.card
        expected = {
            "pixels": [card.size, card.size, 3],
            "species": [len(card.species)],
            "variety": [len(card.varieties)],
            "embedding": [DIMENSIONS],
        }
        if any(list(shapes.get(name, [None]))[1:] != shape for name, shape in expected.items()):
            raise BundleError(f"The bundle {bundle.path} does not have the inputs and outputs that its card says.")

    @classmethod
    def load(cls, path: Path | str | None = None, threads: int = 1) -> Recogniser:
        """The recogniser of a bundle's ONNX file; None is the released bundle. Raises ``BundleError``."""
        return cls(load_bundle(None if path is None else Path(path)), threads)

    @property
    def card(self) -> Card:
        """What is known of the bundle."""
        return self._bundle.card

    def identify(self, photo: bytes | Path | str | Pixels, top: int = TOP, limits: Limits = LIMITS) -> Recognition:
        """Recognise one photo: bytes of an image file, its path, or upright RGB pixels uint8 [H, W, 3] of a camera.

        top: how many candidates, at least 1. Raises ``DecodeError`` for a file that is not a usable picture,
        ``EngineError`` for a path that cannot be read or an array of another shape.
        """
        return self.identify_pixels(self._prepare(photo, limits)[None], top)[0]

    def identify_pixels(self, pixels: Pixels, top: int = TOP) -> list[Recognition]:
        """Recognise prepared pixels uint8 [n, size, size, 3], ``size`` being the card's."""
        values = self._session.run(list(OUTPUTS), {"pixels": np.ascontiguousarray(pixels)})
        rows = [dict(zip(OUTPUTS, row, strict=True)) for row in zip(*values, strict=True)]
        return [interpret(row, self.card, top) for row in rows]

    def identify_many(
        self, paths: Iterable[Path | str], threads: int = 1, top: int = TOP, limits: Limits = LIMITS
    ) -> Iterator[Outcome]:
        """Recognise files in their order, ``threads`` at a time; a bad one gives an error, not a stop.

        Only a few files more than threads are held in memory, however many there are.
        """
        if threads <= 1:
            yield from (self._outcome(path, top, limits) for path in paths)
            return
        with ThreadPoolExecutor(threads) as pool:
            waiting: deque[Future[Outcome]] = deque()
            try:
                for path in paths:
                    waiting.append(pool.submit(self._outcome, path, top, limits))
                    if len(waiting) > 2 * threads:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for each in waiting:
                    each.cancel()

    def _outcome(self, path: Path | str, top: int, limits: Limits) -> Outcome:
        try:
            return Outcome(str(path), self.identify(Path(path), top, limits), None)
        except (EngineError, VisionError) as error:
            return Outcome(str(path), None, str(error))

    def _prepare(self, photo: bytes | Path | str | Pixels, limits: Limits) -> Pixels:
        """The whole photo stretched to the graph's square, uint8 [size, size, 3]."""
        if isinstance(photo, np.ndarray):
            return _stretch(photo, self.card.size)
        if isinstance(photo, str | Path):
            photo = _read(Path(photo), limits)
        return decode(photo, self.card.size, limits).pixels


def _read(path: Path, limits: Limits) -> bytes:
    """The file's bytes; of a file beyond the limit only enough to be refused."""
    try:
        with path.open("rb") as stream:
            return stream.read(limits.max_bytes + 1)
    except OSError as cause:
        raise EngineError(f"cannot be read: {cause.strerror or cause}") from cause


def _stretch(pixels: Pixels, size: int) -> Pixels:
    from PIL import Image  # noqa: PLC0415 - only cameras come this way

    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8 or 0 in pixels.shape:
        raise EngineError(f"A photo as an array must be RGB uint8 [H, W, 3]; this is {pixels.dtype} {pixels.shape}.")
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    return np.array(picture.resize((size, size), Image.Resampling.BICUBIC, reducing_gap=3.0))
