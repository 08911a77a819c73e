"""How the C library keeps the memory that pictures leave behind."""

from __future__ import annotations

import ctypes
import sys

# glibc, malloc.h
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
_MEGABYTE = 2**20


def return_large_blocks() -> None:
    """Have blocks of a megabyte and more returned to the system when they are freed, and few arenas kept.

    By default glibc raises that threshold to 32 MB as it goes and gives every thread an arena, so that a server of many
    threads keeps what its largest pictures needed: 1.4 GB instead of 0.7 GB for forty at once. No effect without glibc.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):  # another C library
        return
    mallopt(_M_MMAP_THRESHOLD, _MEGABYTE)
    mallopt(_M_ARENA_MAX, 2)
