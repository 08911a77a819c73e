"""The catalogue, loaded once, and the scripts that build it."""

from pathlib import Path

import pytest

from fruits.catalogue import Catalogue

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue.load()


@pytest.fixture
def scripts(monkeypatch):
    """The folder of the build scripts, importable."""
    folder = REPOSITORY / "scripts"
    monkeypatch.syspath_prepend(folder)
    return folder
