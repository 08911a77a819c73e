"""The command line called in the process of a test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from fruits.cli import main

Capture = pytest.CaptureFixture[str]


@dataclass(frozen=True)
class Answer:
    """What a command left: its exit code and what it said."""

    code: int
    said: str

    @property
    def last(self) -> str:
        """The last line."""
        return self.said.strip().splitlines()[-1]


Cli = Callable[..., Answer]


def caller(capture: Capture, *before: str) -> Cli:
    """Return what calls ``fruits`` with ``before`` and its arguments; no traceback may be seen."""

    def call(*arguments: object) -> Answer:
        capture.readouterr()
        try:
            code = main([*before, *(str(argument) for argument in arguments)])
        except SystemExit as leaving:  # argparse
            code = int(leaving.code or 0)
        said = "".join(capture.readouterr())
        assert "Traceback" not in said
        assert "unexpected" not in said, said
        return Answer(code, said)

    return call
