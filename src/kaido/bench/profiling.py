"""Where the time of a block goes, seen by looking at every thread each few milliseconds.

A look sees a function of Kaido also while it is inside of NumPy, Arrow or the kernel: the time is put down to the
innermost function of Kaido on the stack, which is what one can change.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Collection
    from types import FrameType

EVERY_SECONDS = 0.002
SMALLEST_SHARE = 0.02
_WAITING = ("threading.py", "queue.py", "selectors.py", "concurrent/futures/thread.py", "concurrent/futures/_base.py")


class Profile:
    """Looks at all threads of this process while its block runs.

    Args:
        idle: functions that only wait, such as the one that runs the event loop.
    """

    def __init__(self, idle: Collection[str] = ()) -> None:
        self._idle = idle
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, name="profile", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(10)

    def parts(self) -> list[tuple[str, float]]:
        """Functions and the seconds (of all threads) in each, most first; what is small comes together at the end."""
        total = sum(self._seconds.values())
        ordered = sorted(self._seconds.items(), key=lambda item: -item[1])
        large = [(part, seconds) for part, seconds in ordered if seconds >= SMALLEST_SHARE * total]
        rest = total - sum(seconds for _, seconds in large)
        return [*large, *([("everything else", rest)] if rest > 0 else [])]

    def _look(self) -> None:
        last = time.perf_counter()
        while not self._stop.wait(EVERY_SECONDS):
            now = time.perf_counter()
            for number, frame in sys._current_frames().items():  # noqa: SLF001  # the documented way to see all threads
                if number != threading.get_ident() and (part := _part(frame)) and part not in self._idle:
                    self._seconds[part] += now - last
            last = now


def _part(frame: FrameType) -> str | None:
    """The innermost function of Kaido, None in a thread that waits or has nothing to do with Kaido."""
    if frame.f_code.co_filename.endswith(_WAITING):
        return None
    at: FrameType | None = frame
    while at is not None:
        module = str(at.f_globals.get("__name__", ""))
        if module.startswith("kaido."):
            return f"{module.removeprefix('kaido.')}.{at.f_code.co_qualname}"
        at = at.f_back
    return None
