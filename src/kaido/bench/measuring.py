"""What a process has cost so far, as Linux counts it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_USER, _SYSTEM = 11, 12
"""Fields of ``/proc/PID/stat`` behind the name, counted from 0 (proc(5): utime and stime)."""


@dataclass(frozen=True)
class Usage:
    """CPU seconds since the process began (user and system, all threads), and its resident memory now."""

    cpu_s: float
    rss_bytes: int


def usage(pid: int) -> Usage:
    """The usage of a process.

    Raises:
        ProcessLookupError: it has ended.
    """
    folder = Path("/proc") / str(pid)
    try:
        fields = (folder / "stat").read_text().rpartition(") ")[2].split()
        resident = int((folder / "statm").read_text().split()[1])
    except (FileNotFoundError, IndexError):
        raise ProcessLookupError(pid) from None
    return Usage((int(fields[_USER]) + int(fields[_SYSTEM])) / _TICKS, resident * _PAGE)


def descendants(pid: int, named: str) -> list[int]:
    """The processes that a process, or a process below it, started, and whose name begins so."""
    parents: dict[int, list[tuple[int, str]]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            begin, _, rest = stat.read_text().rpartition(") ")
        except (FileNotFoundError, ProcessLookupError):
            continue
        parents.setdefault(int(rest.split()[1]), []).append((int(stat.parent.name), begin.partition("(")[2]))
    found, looked_at = [], [pid]
    while looked_at:
        for child, name in parents.get(looked_at.pop(), []):
            looked_at.append(child)
            if name.startswith(named):
                found.append(child)
    return found
