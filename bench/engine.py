"""Time the released bundle: one photo and many, model only and whole; medians, as one line of JSON.

python bench/engine.py
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from fruits.engine import Recogniser
from fruits.vision.decode import decode
from web import draw

REPEATS = 50
BATCH = 16
BATCHES = 100


def median_ms(do: Callable[[], object], repeats: int = REPEATS) -> float:
    """The median of ``repeats`` timings of ``do``, in ms, after a few that are not counted."""
    for _ in range(3):
        do()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        do()
        times.append(time.perf_counter() - started)
    return 1000 * statistics.median(times)


def on_one_core() -> dict[str, float]:
    """Loading, the model alone and whole photos of two sizes, in ms, with this process held to one core."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        recogniser = Recogniser.load()
        photo, small = draw(4000, 3000, 90), draw(640, 480, 85)
        pixels = decode(photo, recogniser.card.size).pixels[None]
        return {
            "load": median_ms(Recogniser.load, 5),
            "model_ms": median_ms(lambda: recogniser.identify_pixels(pixels)),
            "identify_ms": median_ms(lambda: recogniser.identify(photo)),
            "small_ms": median_ms(lambda: recogniser.identify(small)),
        }
    finally:
        os.sched_setaffinity(0, cores)


def on_all_cores() -> float:
    """Photos a second with the model only, one thread for each core on one session."""
    recogniser = Recogniser.load()
    size, threads = recogniser.card.size, len(os.sched_getaffinity(0))
    pixels = np.random.default_rng(0).integers(0, 256, (BATCH, size, size, 3), dtype=np.uint8)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(recogniser.identify_pixels, [pixels] * threads))
        started = time.perf_counter()
        list(pool.map(recogniser.identify_pixels, [pixels] * BATCHES))
        return BATCH * BATCHES / (time.perf_counter() - started)


if __name__ == "__main__":
    print(json.dumps(on_one_core() | {"batch_per_s": on_all_cores()}))
