"""One watched process: started, its log kept, started again when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import logging.handlers
import os
import signal
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kaido.runtime import log, tasks

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

logger = logging.getLogger(__name__)

LOG_BYTES = 10_000_000
LOG_FILES = 3
LINE_BYTES = 65_536
GOOD_START_S = 5.0
"""What ends later than this has worked before: it is started again at once."""
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 5.0


@dataclass
class Process:
    """A child that runs until ``stop``; when it ends by itself it is started again, slower each time.

    Attributes:
        name: what it is called in the log and in ``kaido status``.
        command: program and arguments.
        environment: its whole environment.
        log_file: where its stderr goes, rotated at 10 MB.
        restarts: how often it had to be started again.
    """

    name: str
    command: list[str]
    environment: Mapping[str, str]
    log_file: Path
    restarts: int = 0
    last_line: str = ""
    _child: asyncio.subprocess.Process | None = None
    _stopping: bool = False
    _task: asyncio.Task[None] | None = field(default=None, repr=False)

    @property
    def pid(self) -> int | None:
        """The process id, while it runs."""
        return self._child.pid if self._child and self._child.returncode is None else None

    def start(self) -> None:
        """Start it and keep it running."""
        self._task = asyncio.create_task(self._keep(), name=f"keep {self.name}")

    async def stop(self, patience: float = 15.0) -> None:
        """Ask it to end (SIGTERM), and end it (SIGKILL) if it has not within ``patience`` seconds."""
        self._stopping = True
        if self._child and self._child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._child.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self._child.wait(), patience)
            except TimeoutError:
                log.event(logger, logging.WARNING, "did not end in time, killed", process=self.name, after_s=patience)
                with contextlib.suppress(ProcessLookupError):
                    self._child.kill()
        if self._task:
            await tasks.end([self._task])

    async def _keep(self) -> None:
        files = _LogFile(self.log_file, maxBytes=LOG_BYTES, backupCount=LOG_FILES)
        try:
            pause = SHORTEST_PAUSE_S / 2
            while not self._stopping:
                began = time.monotonic()
                await self._run_once(files)
                if self._stopping:
                    return
                lived = time.monotonic() - began
                pause = SHORTEST_PAUSE_S if lived > GOOD_START_S else min(pause * 2, LONGEST_PAUSE_S)
                self.restarts += 1
                code = self._child.returncode if self._child else None
                log.event(
                    logger,
                    logging.WARNING,
                    "ended, starting it again",
                    process=self.name,
                    code=code,
                    in_s=round(pause, 1),
                )
                await asyncio.sleep(pause)
        finally:
            files.close()

    async def _run_once(self, files: logging.handlers.RotatingFileHandler) -> None:
        self._child = await asyncio.create_subprocess_exec(
            *self.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env={**self.environment, "KAIDO_SUPERVISOR_PID": str(os.getpid())},
            start_new_session=True,  # Ctrl-C reaches the supervisor alone, which ends the children in order
            limit=LINE_BYTES,
        )
        assert self._child.stderr
        while True:
            try:
                line = await self._child.stderr.readline()
            except ValueError:
                continue  # a line past the limit: its pieces are dropped
            if not line:
                break
            self.last_line = line.decode(errors="replace").rstrip()
            files.emit(logging.makeLogRecord({"msg": self.last_line, "levelno": logging.INFO}))
        await self._child.wait()


class _LogFile(logging.handlers.RotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's name
        """A line that finds no room on a full disk is lost; a stack trace for each would help nobody."""
