"""A platform of its own in a scratch folder, started as a user starts it, and its processes by name."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from kaido.client import Client
from kaido.errors import UnavailableError

if TYPE_CHECKING:
    import random
    import signal
    from collections.abc import Iterable, Mapping

PARTS = ("gateway", "nats", "ingest", "api", "control")
START_SECONDS = 90.0
STOP_SECONDS = 60.0
_TRACE = re.compile(r"^\s*\|?\s*Traceback \(most recent call last\)|^panic: |^goroutine ")
_BY_COMMAND = {"nats": ("nats-server", "nats.conf")} | {
    name: ("kaido.platform.child", name) for name in PARTS if name != "nats"
}


@dataclass
class Site:
    """``kaido up`` on a folder, as a context manager.

    Attributes:
        folder: made if needed; holds the data folder and what the platform printed.
        settings: further ``KAIDO_*`` settings, by variable.
    """

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def data(self) -> Path:
        """The platform's data folder."""
        return Path(self.settings.get("KAIDO_DATA", self.folder / "data"))

    @property
    def record(self) -> dict[str, Any]:
        """What the platform says about itself: ``api``, ``token``, ``gateway``, ``nats``, ``pid``."""
        found: dict[str, Any] = json.loads((self.data / "run" / "platform.json").read_text())
        return found

    def client(self, company: str = "", timeout: float = 60.0) -> Client:
        """The API as the operator, for one company."""
        record = self.record
        return Client(record["api"], record["token"], company=company, timeout=timeout)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.running:
            self.stop()

    @property
    def running(self) -> bool:
        """Whether the platform's supervisor runs."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the platform and wait until all of it answers.

        Raises:
            UnavailableError: it does not.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        printed = self.folder / "up.log"
        with printed.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "kaido.cli", "up"],
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the soak, which stops the platform in order
            )
        deadline = time.monotonic() + START_SECONDS
        while not (self.data / "run" / "platform.json").exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                last = printed.read_text(errors="replace").strip().splitlines()[-3:]
                raise UnavailableError("the platform does not start", why=" ".join(last), fix=f"See {printed}")
            time.sleep(0.05)

    def stop(self) -> tuple[int, float]:
        """End the platform with SIGTERM; its exit code, and how many seconds it took."""
        assert self._process is not None
        began = time.monotonic()
        self._process.terminate()
        try:
            code = self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        return code, time.monotonic() - began

    def pids(self, part: str) -> list[int]:
        """The process ids of a part that run now."""
        assert self._process is not None
        program, argument = _BY_COMMAND[part]
        found = []
        for pid, arguments in _descendants(self._process.pid).items():
            words = [word.rpartition("/")[2] for word in arguments]
            if program in words and argument in words:
                found.append(pid)
        return found

    def pid(self, part: str) -> int | None:
        """The process id of a part while it runs; of several, one."""
        return next(iter(self.pids(part)), None)

    def signal(self, part: str, number: signal.Signals, lot: random.Random | None = None) -> bool:
        """Send a signal to a part, of several to the first or one drawn by ``lot``; False where none runs now."""
        pids = self.pids(part)
        if not pids:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(lot.choice(pids) if lot else pids[0], number)
            return True
        return False

    def traces(self) -> list[str]:
        """The last lines of all stack traces in logs and in what the platform printed: users never see one."""
        return traces_in((self.folder / "up.log", *self.data.glob("logs/*"), self.data / "nats" / "nats.log"))

    def _environment(self) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("KAIDO_")}
        return {
            **clean,
            "KAIDO_DATA": str(self.data),
            "KAIDO_GATEWAY_HOST": "127.0.0.1",
            "KAIDO_GATEWAY_PORT": "0",
            "KAIDO_API_PORT": "0",
            **self.settings,
        }


def traces_in(logs: Iterable[Path]) -> list[str]:
    """The last lines of all stack traces in these files."""
    found = []
    for file in logs:
        lines = file.read_text(errors="replace").splitlines() if file.exists() else []
        for number, line in enumerate(lines):
            if _TRACE.match(line):
                end = next((one for one in lines[number + 1 :] if not one.startswith((" ", "|", "+"))), "")
                found.append(f"{file.name}: {end}")
    return found


def _descendants(root: int) -> dict[int, list[str]]:
    """The command lines of all processes below ``root``, by process id."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ValueError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    family = {root}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    found = {}
    for pid in family - {root}:
        with contextlib.suppress(OSError):
            found[pid] = Path(f"/proc/{pid}/cmdline").read_text(errors="replace").split("\0")
    return found
