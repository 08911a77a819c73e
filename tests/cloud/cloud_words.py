"""Command lines that many tests say."""

from __future__ import annotations

BUCKET = "fruits-test"
PACKAGE = f"s3://{BUCKET}/fruits/packages/0123456789abcdef"


def run_words(out: str, *more: str, budget: str = "10") -> list[str]:
    """``run`` over the site's three images, looking often."""
    return [
        *["run", f"s3://{BUCKET}/images", out, "--budget", budget, "--package", PACKAGE],
        *["--poll", "0.05", "--download", "home", *more],
    ]
