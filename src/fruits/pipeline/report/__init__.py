"""The report: one self-contained HTML page about a run, drawn from what the run left and nothing else."""

from __future__ import annotations

from contextlib import suppress

from fruits.pipeline.report.data import gather
from fruits.pipeline.report.page import render
from fruits.pipeline.report.thumbnails import write_thumbnails
from fruits.records import REPORT
from fruits.storage import Storage

__all__ = ["draw_report", "preload", "write_thumbnails"]


def preload() -> None:
    """Import what drawing needs, half a second, while the caller waits for something else; drawing tells what lacks."""
    with suppress(ImportError):
        import matplotlib.backends.backend_svg  # noqa: PLC0415
        import matplotlib.figure  # noqa: PLC0415
        import matplotlib.style  # noqa: F401, PLC0415


def draw_report(out: Storage) -> str:
    """Draw ``report.html`` from what a run left in ``out`` and return its URI.

    The same tables give the same bytes. Works for runs that are finished, failed or half done; reads a bounded number
    of slices, whatever the size of the run.

    Raises:
        UsageError: ``out`` holds no run.
        StorageError: it cannot be read or written.
    """
    page = render(gather(out))
    # What is not Unicode (a command line may hold such bytes) is spelt out.
    out.write(REPORT, page.encode("utf-8", "backslashreplace"))
    return f"{out.uri}/{REPORT}"
