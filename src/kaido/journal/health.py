"""Whether a NATS server of ours can keep what it is given: its own opinion, and the room on its disk."""

from __future__ import annotations

import http.client
import json
import shutil
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from kaido.runtime.status import Report

ASK_SECONDS = 2.0
SPARE_BYTES = 16_000_000
"""Room on the disk below which starting again is of no use."""
PATIENCE_SECONDS = 4.0
"""How long a server that complains is left as it is, also after it was started again."""


class Health:
    """The health of a server with a store on a disk.

    After an error of its disk NATS writes nothing more and answers no publish until it is started again.

    Args:
        folder: the server's.
        report: told of trouble, and of the room on the disk.
    """

    def __init__(self, folder: Path, report: Report) -> None:
        self._folder = folder
        self._report = report
        self._since: float | None = None

    def restart_helps(self, monitor: str) -> str:
        """Why the server should be started again; empty where it is well, or where that would not help now.

        Args:
            monitor: host and port of the server's monitoring.
        """
        said = complaint(monitor)
        free = shutil.disk_usage(self._folder).free
        self._report.gauge("disk_free_bytes", free)
        self._report.problem("journal", said and self._sentence(said, free))
        now = time.monotonic()
        if said is None:
            self._since = None
        elif self._since is None:
            self._since = now
        elif now - self._since >= PATIENCE_SECONDS and free >= SPARE_BYTES:
            self._since = now
            return said
        return ""

    def _sentence(self, said: str, free: int) -> str:
        if free < SPARE_BYTES:
            return (
                f"the disk of {self._folder} is full: nothing is acknowledged to vehicles. "
                "Make room on it; all goes on by itself then"
            )
        return f"the journal cannot be written: nothing is acknowledged to vehicles. NATS says: {said}"


def complaint(monitor: str) -> str | None:
    """What a server says is wrong with its JetStream; None where all is well, or where it does not answer."""
    connection = http.client.HTTPConnection(monitor, timeout=ASK_SECONDS)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        content = answer.read()
        if answer.status == http.client.OK:
            return None
        return str(json.loads(content).get("error", "no reason given"))
    except (OSError, http.client.HTTPException, ValueError, AttributeError):
        return None
    finally:
        connection.close()
