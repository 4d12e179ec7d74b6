"""What the C library does with memory that is freed.

glibc gives large blocks back to the kernel when they are freed, and the kernel zeroes every page of the next one: in
work that makes arrays of the same sizes over and over, up to half of the time. ``keep`` makes a process hold on to it.

It also lets threads have heaps ("arenas") of their own, eight a core, and each stays as large as the largest work that
was ever done on it: a process that does its work now on this thread and then on that grows for hours. ``share`` makes
threads share a few.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -2, -4, -8  # malloc.h
_TOP_PAD = 64 << 20


def keep(megabytes: int) -> bool:
    """Keep up to so much freed memory in this process, for good.

    Returns:
        False where the C library knows no such thing; then nothing is changed.
    """
    return _set({_M_MMAP_MAX: 0, _M_TRIM_THRESHOLD: megabytes << 20, _M_TOP_PAD: _TOP_PAD})


def share(arenas: int) -> bool:
    """Let the threads of this process share so many heaps, for good; to be called before there are any.

    Returns:
        False where the C library knows no such thing; then nothing is changed.
    """
    return _set({_M_ARENA_MAX: arenas})


def _set(options: Mapping[int, int]) -> bool:
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and all(mallopt(option, value) for option, value in options.items())
