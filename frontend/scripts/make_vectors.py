"""Write what Pillow answers for small pictures, for resample.test.ts to be held to: `make_vectors.py OUT.json`.

Run again when Pillow changes its algorithm: `.venv/bin/python frontend/scripts/make_vectors.py`.
"""

import base64
import json
import sys
from pathlib import Path

import numpy as np
import PIL
from PIL import Image

DEFAULT = Path(__file__).parent.parent / "src" / "engine" / "resample.vectors.json"
# Width, height, size: shrunk a lot and a little, stretched, one side kept, one pixel, a prime.
CASES = ((97, 61, 16), (40, 64, 40), (33, 20, 20), (7, 5, 24), (1, 1, 8), (160, 120, 31), (64, 3, 12), (48, 48, 48))


def picture(width: int, height: int, seed: int) -> np.ndarray:
    """Pixels uint8 [height, width, 3]: noise and hard edges, so that the kernel's negative lobes clip at both ends."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    pixels[: height // 2, : width // 2] = np.where(rng.random((height // 2, width // 2, 1)) < 0.5, 0, 255)
    return pixels


def vector(width: int, height: int, size: int, seed: int) -> dict[str, object]:
    """One case: the picture and Pillow's stretch of it, base64."""
    pixels = picture(width, height, seed)
    answer = np.asarray(Image.fromarray(pixels).resize((size, size), Image.Resampling.BICUBIC))
    return {
        "width": width,
        "height": height,
        "size": size,
        "pixels": base64.b64encode(pixels.tobytes()).decode(),
        "answer": base64.b64encode(answer.tobytes()).decode(),
    }


def main() -> None:
    """Write the vectors."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT
    cases = [vector(*case, seed) for seed, case in enumerate(CASES)]
    out.write_text(json.dumps({"pillow": PIL.__version__, "cases": cases}, indent=1) + "\n")
    sys.stdout.write(f"{len(cases)} cases of Pillow {PIL.__version__} in {out}\n")


if __name__ == "__main__":
    main()
