"""The command line in processes that a test, or a server, may kill."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import fruits.cli
from fruits.storage import s3 as s3_storage


def in_a_child(*arguments: str, log: Path, wait_for: int | None = None, terminal: int | None = None) -> int:
    """Call ``fruits`` in a forked process, which a server may kill; returns its id. No connection is shared with it.

    With ``wait_for`` it begins when a byte comes from that pipe; ``terminal`` is what it is asked on.
    """
    child = os.fork()
    if child:
        return child
    try:
        if wait_for is not None:
            os.read(wait_for, 1)
        if terminal is not None:
            os.dup2(terminal, 0)
            sys.stdin = os.fdopen(0)
        s3_storage._client.cache_clear()
        descriptor = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
        code = fruits.cli.main(list(arguments))
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    except BaseException as error:  # noqa: BLE001 - a forked test must not go on as pytest
        os.write(2, f"child: {error!r}\n".encode())
        os._exit(99)


def outcome_of(child: int) -> int:
    """Wait for a child; its exit code, or -9 where it was killed."""
    _, status = os.waitpid(child, 0)
    return -signal.SIGKILL if os.WIFSIGNALED(status) else os.waitstatus_to_exitcode(status)
