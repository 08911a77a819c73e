"""The notebook of the three modes runs from top to bottom on this machine."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from fruits.cli.run import MODES

NOTEBOOK = Path(__file__).parent.parent.parent / "notebooks" / "cloud.ipynb"


def test_the_notebook_is_committed_without_outputs() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells)


@pytest.mark.cluster
@pytest.mark.parametrize("mode", sorted(MODES))
def test_each_mode(samples: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mode: str) -> None:
    for name, value in (("MODE", mode), ("IMAGES", str(samples)), ("OUT", str(tmp_path / "out"))):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    status, labels, has_report = eval(notebook.cells[-1].outputs[0]["data"]["text/plain"])
    assert (status, has_report) == ("done", True)
    apples = {path.name for path in samples.rglob("Apple*") if path.is_dir()}
    everything = {path.parent.name for path in samples.rglob("*.jpg")}
    assert labels == len(apples if mode == "apples" else everything)
