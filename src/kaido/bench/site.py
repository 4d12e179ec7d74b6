"""The processes that a bench needs, on a folder of their own: a platform, or parts of one."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import socket
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from kaido.bench.measuring import Usage, usage
from kaido.errors import UnavailableError
from kaido.journal import EmbeddedServer, Journal, gather_status
from kaido.journal.connection import connect
from kaido.platform.process import Process
from kaido.runtime import folders
from kaido.runtime import settings as settings_module
from kaido.runtime.settings import Settings
from kaido.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kaido.journal.connection import JournalClient

READY_SECONDS = 30.0
HOST = "127.0.0.1"


class Site:
    """NATS and some of the platform's processes, as an async context manager.

    Args:
        folder: of all their files.
        parts: which processes: names that ``kaido.platform.child`` takes, or ``plain_gateway``. Several of a kind have
            a number behind it: ``ingest-0``, ``ingest-1``.
        pins: the only CPUs that a part may use.
        environment: further variables of a part.
        profiled: look where the time of each part goes, between ``begin_profiles`` and ``profiles``.
        settings: what differs from the defaults.

    Attributes:
        store: the control plane, open.
        nats: a client.
    """

    nats: JournalClient
    store: Store

    def __init__(
        self,
        folder: Path,
        parts: Sequence[str],
        *,
        pins: Mapping[str, str] | None = None,
        environment: Mapping[str, Mapping[str, str]] | None = None,
        profiled: bool = False,
        **settings: Any,
    ) -> None:
        self.settings = Settings(data=folder, gateway_host=HOST, gateway_port=0, api_port=free_port(), **settings)
        self.processes: dict[str, Process] = {}
        self._parts = parts
        self._pins = pins or {}
        self._environment = environment or {}
        self._profiled = profiled
        self._server = EmbeddedServer(folder / "nats", token=secrets.token_urlsafe(16))
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _start(self) -> None:
        folders.make(self.settings.data)
        self.store = Store.open(self.settings.database)
        self._stack.callback(self.store.close)
        await self._stack.enter_async_context(self._server)
        if "nats" in self._pins:
            _pin(self._server.pid, self._pins["nats"])
        self.settings = self.settings.model_copy(
            update={"nats_url": self._server.url, "nats_token": self._server.token}
        )
        self.nats = await connect(self._server.url, self._server.token, name="bench")
        self._stack.push_async_callback(self.nats.close)
        self._stack.push_async_callback(self._stop)
        await self.start(*self._parts)

    async def start(self, *parts: str) -> None:
        """Start parts, and wait until they answer.

        Raises:
            UnavailableError: one does not.
        """
        for part in parts:
            self._start_part(part)
        await self._ready()

    async def stop(self, *parts: str) -> None:
        """End parts."""
        await asyncio.gather(*(self.processes.pop(part).stop() for part in parts))

    def _start_part(self, part: str) -> None:
        kind = part.partition("-")[0]
        program = ["kaido.bench.plain_gateway"] if kind == "plain_gateway" else ["kaido.platform.child", kind]
        if self._profiled:
            program = ["kaido.bench.profiled", str(self._profile(part)), kind]
        pinned = ["taskset", "-c", self._pins[part]] if part in self._pins else []
        environment = {
            **os.environ,
            **settings_module.environment(self.settings),
            **self._environment.get(part, {}),
        }
        log_file = folders.make(self.settings.data / "logs") / f"{part}.log"
        process = Process(part, [*pinned, sys.executable, "-m", *program], environment, log_file)
        self.processes[part] = process
        process.start()

    async def _stop(self) -> None:
        for process in self.processes.values():
            await process.stop()

    async def _ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        waiting = set(self.processes)
        while waiting:
            answered = {report["pid"] for report in await gather_status(self.nats, timeout=0.3)}
            waiting = {part for part, process in self.processes.items() if process.pid not in answered}
            if waiting and time.monotonic() > deadline:
                slow = self.processes[min(waiting)]
                raise UnavailableError(
                    f"the {slow.name} of the bench does not start", why=slow.last_line, fix=f"See {slow.log_file}"
                )

    def begin_profiles(self) -> None:
        """From now on it counts where time goes."""
        for process in self.processes.values():
            if process.pid is not None:
                os.kill(process.pid, signal.SIGUSR1)

    async def profiles(self) -> dict[str, list[tuple[str, float]]]:
        """End all parts; where the time of each went: functions and seconds of all threads in them."""
        parts = list(self.processes)
        await self.stop(*parts)
        return {part: [(name, s) for name, s in json.loads(self._profile(part).read_text())] for part in parts}

    def _profile(self, part: str) -> Path:
        return self.settings.data / f"{part}.profile"

    async def report(self, part: str) -> dict[str, Any]:
        """What a part says about itself now.

        Raises:
            UnavailableError: it does not answer.
        """
        pid = self.processes[part].pid
        for _ in range(5):
            for report in await gather_status(self.nats, timeout=2.0):
                if report["pid"] == pid:
                    return report
        raise UnavailableError(f"the {part} of the bench does not answer", fix=f"See {self.processes[part].log_file}")

    async def port(self, part: str) -> int:
        """Where a gateway listens."""
        return int((await self.report(part))["details"]["port"])

    async def forget(self, company: str) -> None:
        """Empty a company's journal, of which nobody reads: it would fill up, and nothing more be acknowledged."""
        journal = Journal(self.nats, self._server.url, self.settings)
        for partition in (await journal.streams()).get(company, []):
            await journal.purge_up_to(company, partition, await journal.last_seq(company, partition))

    def usage(self) -> dict[str, Usage]:
        """What each part, NATS and this process have cost so far."""
        pids = {part: process.pid for part, process in self.processes.items()}
        found = {}
        for part, pid in {**pids, "nats": self._server.pid, "load": os.getpid()}.items():
            if pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    found[part] = usage(pid)
        return found


def free_port() -> int:
    """A TCP port that nobody has now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def cpu_seconds(before: Mapping[str, Usage], after: Mapping[str, Usage]) -> dict[str, float]:
    """The CPU seconds that each part used between two moments."""
    return {part: after[part].cpu_s - before[part].cpu_s for part in after if part in before}


def _pin(pid: int, cpus: str) -> None:
    for task in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), {int(cpu) for cpu in cpus.split(",")})
