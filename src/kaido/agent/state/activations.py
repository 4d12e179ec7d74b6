"""Which state templates are active, and until when: kept on disk, so that a restart changes nothing."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kaido.runtime import clock, folders, log

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Active:
    """Until when: by the wall's clock, ms since the epoch (what is kept), and by one that nobody sets (what counts)."""

    until_ms: int | None
    until_s: float | None


class Activations:
    """The active state templates by sync id.

    Within one run a clock that nobody can set counts the time; from one run to the next it is the wall's.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._active: dict[str, _Active] = {}

    def load(self) -> None:
        """Take up what is on disk. What is over by now is not active; what cannot be read is nothing."""
        try:
            kept = json.loads(self._path.read_bytes())
            untils = {str(key): None if until is None else int(until) for key, until in kept.items()}
        except FileNotFoundError:
            return
        except (OSError, ValueError, TypeError, AttributeError) as error:
            log.event(_LOG, logging.ERROR, "the active state templates cannot be read", why=str(error))
            return
        now_ms, now_s = clock.now_ms(), time.monotonic()
        for key, until_ms in untils.items():
            if until_ms is None:
                self._active[key] = _Active(None, None)
            elif until_ms > now_ms:
                self._active[key] = _Active(until_ms, now_s + (until_ms - now_ms) / 1_000)

    def save(self) -> None:
        """Bring them to disk.

        Raises:
            UnavailableError: the folder cannot be written.
        """
        kept = {key: one.until_ms for key, one in self._active.items()}
        folders.write_atomically(self._path, json.dumps(kept).encode())

    def __contains__(self, sync_id: str) -> bool:
        return sync_id in self._active

    def __len__(self) -> int:
        return len(self._active)

    def all(self) -> dict[str, _Active]:
        """All of them, for ``restore``."""
        return dict(self._active)

    def restore(self, active: dict[str, _Active]) -> None:
        """Have these again, and no others."""
        self._active = dict(active)

    def activate(self, sync_id: str, seconds: int) -> None:
        """From now on, for so long; 0 is for ever. The newest word counts."""
        until_ms = clock.now_ms() + seconds * 1_000 if seconds else None
        self._active[sync_id] = _Active(until_ms, time.monotonic() + seconds if seconds else None)

    def deactivate(self, sync_id: str) -> None:
        """No more."""
        self._active.pop(sync_id, None)

    def forget(self, held: Container[str]) -> bool:
        """Drop those whose time is over, and those that the vehicle holds no more; whether there were any."""
        now_s = time.monotonic()
        over = [
            key
            for key, one in self._active.items()
            if key not in held or (one.until_s is not None and one.until_s <= now_s)
        ]
        for key in over:
            del self._active[key]
        return bool(over)
