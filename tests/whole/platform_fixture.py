"""A platform started as a user starts it, and the command line to talk to it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from kaido.client import Client
from kaido.errors import UnavailableError

if TYPE_CHECKING:
    from pathlib import Path

KAIDO = [sys.executable, "-m", "kaido.cli"]


@dataclass
class RunningPlatform:
    """``kaido up`` on a folder, as a context manager."""

    folder: Path
    process: subprocess.Popen[bytes] | None = None
    extra: dict[str, str] | None = None

    @property
    def environment(self) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("KAIDO_")}
        return {
            **clean,
            "KAIDO_DATA": str(self.folder / "data"),
            "KAIDO_GATEWAY_PORT": "0",
            "KAIDO_API_PORT": "0",
            "KAIDO_GATEWAY_HOST": "127.0.0.1",
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            **(self.extra or {}),
        }

    @property
    def record(self) -> dict[str, Any]:
        """What the platform says about itself in its run folder."""
        found: dict[str, Any] = json.loads((self.folder / "data" / "run" / "platform.json").read_text())
        return found

    def __enter__(self) -> Self:
        with (self.folder / "up.log").open("ab") as log:
            self.process = subprocess.Popen([*KAIDO, "up"], env=self.environment, stdout=log, stderr=log)
        deadline = time.monotonic() + 90
        while not (self.folder / "data" / "run" / "platform.json").exists():
            shown = (self.folder / "up.log").read_text()
            assert self.process.poll() is None, shown
            assert time.monotonic() < deadline, shown
            time.sleep(0.1)
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def run(self, *arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Run a command line, whatever comes of it."""
        return subprocess.run(
            [*KAIDO, *arguments],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            check=False,
        )

    def kaido(self, *arguments: str, timeout: float = 120) -> Any:
        """Run a command line with ``--json``; its data."""
        done = self.run(*arguments, "--json", timeout=timeout)
        assert done.returncode == 0, f"kaido {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
        return json.loads(done.stdout) if done.stdout.strip() else None

    def sql(self, query: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.kaido("sql", query)
        return rows

    def client(self) -> Client:
        """The public API of the platform that runs."""
        return Client(self.record["api"], self.record["token"])

    def await_samples(self, count: int, seconds: float = 60) -> None:
        """Wait until the lake has (at least) so many: what is acknowledged is there a moment later."""
        with self.client() as api:
            found = -1
            deadline = time.monotonic() + seconds
            while found < count:
                assert time.monotonic() < deadline, f"{found} of {count} samples"
                time.sleep(0.1)
                with contextlib.suppress(UnavailableError):  # it may have been killed, and be back in a moment
                    found = api.get("/v1/status")["lake"]["signals"]["rows"]
