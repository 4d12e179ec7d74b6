"""The platform on one machine: embedded NATS where none is named, and a watched process for each worker."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import secrets
import socket
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, Self

from kaido.company import SCOPES, Tokens
from kaido.errors import ConflictError, UnavailableError
from kaido.journal import EmbeddedServer, gather_status, serve_status
from kaido.journal.connection import connect
from kaido.platform.child import WORKERS
from kaido.platform.process import Process
from kaido.runtime import clock, folders
from kaido.runtime import settings as settings_module
from kaido.store import Store

if TYPE_CHECKING:
    from kaido.runtime.settings import Settings

LOCAL_TOKEN = "local"  # noqa: S105  # the token's name, not the token
READY_SECONDS = 60.0


@dataclass
class Platform:
    """The running platform of one data folder, as an async context manager.

    Attributes:
        settings: with the ports that were really taken.
        token: an operator's token for the local command line, made afresh at every start.
    """

    settings: Settings
    token: str = ""
    processes: dict[str, Process] = field(default_factory=dict)
    server: EmbeddedServer | None = None
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack, repr=False)

    @property
    def api(self) -> str:
        """The API's address."""
        return f"http://{_reachable(self.settings.api_host)}:{self.settings.api_port}"

    @property
    def gateway(self) -> str:
        """Where vehicles connect, ``host:port``."""
        return f"{_reachable(self.settings.gateway_host)}:{self.settings.gateway_port}"

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
        folders.make(self.settings.data, mode=folders.PRIVATE)
        self._stack.enter_context(_only_one(self.settings))
        self.settings = self.settings.model_copy(
            update={
                "api_port": _port(self.settings.api_host, self.settings.api_port, "KAIDO_API_PORT"),
                "gateway_port": _port(self.settings.gateway_host, self.settings.gateway_port, "KAIDO_GATEWAY_PORT"),
            }
        )
        self.token = await asyncio.to_thread(_local_token, self.settings)
        if not self.settings.nats_url:
            self.server = EmbeddedServer(self.settings.data / "nats", token=secrets.token_urlsafe(24))
            await self._stack.enter_async_context(self.server)
            self.settings = self.settings.model_copy(
                update={"nats_url": self.server.url, "nats_token": self.server.token}
            )
            nats = await connect(self.settings.nats_url, self.settings.nats_token, name="supervisor")
            self._stack.push_async_callback(nats.close)
            await serve_status(nats, self.server.report)
        environment = {**os.environ, **settings_module.environment(self.settings)}
        logs = folders.make(self.settings.data / "logs")
        self._stack.push_async_callback(self._stop_processes)
        for worker in WORKERS:
            command = [sys.executable, "-m", "kaido.platform.child", worker]
            for number, name in enumerate(self._names(worker)):
                own = {**environment, "KAIDO_INGEST_NUMBER": str(number)} if worker == "ingest" else environment
                self.processes[name] = Process(name, command, own, logs / f"{name}.log")
                self.processes[name].start()
        await self._ready()
        self._record()
        self._stack.callback((self.settings.run / "platform.json").unlink, missing_ok=True)

    async def _stop_processes(self) -> None:
        # First the door, so that nothing new is taken; then what works off what was taken.
        for worker in ("gateway", "api", "control", "services", "ingest"):
            started = [self.processes[name] for name in self._names(worker) if name in self.processes]
            await asyncio.gather(*(process.stop() for process in started))

    def _names(self, worker: str) -> list[str]:
        """What a worker's processes are called."""
        count = {"gateway": self.settings.gateways, "ingest": self.settings.ingests}.get(worker, 1)
        return [f"{worker}-{number}" for number in range(count)] if count > 1 else [worker]

    async def _ready(self) -> None:
        """Wait until every process answers.

        Raises:
            UnavailableError: one does not; its last word says why.
        """
        deadline = time.monotonic() + READY_SECONDS
        nats = await connect(self.settings.nats_url, self.settings.nats_token, name="supervisor")
        try:
            waiting = set(self.processes)
            while waiting:
                answered = {report["pid"] for report in await gather_status(nats, timeout=0.3)}
                waiting = {name for name, process in self.processes.items() if process.pid not in answered}
                failing = next((p for p in self.processes.values() if p.name in waiting and p.restarts >= 3), None)  # noqa: PLR2004
                if failing or time.monotonic() > deadline:
                    slow = failing or self.processes[min(waiting)]
                    raise UnavailableError(
                        f"the {slow.name} does not start",
                        why=slow.last_line or "it says nothing",
                        fix=f"Its log is {slow.log_file}",
                    )
        finally:
            await nats.close()

    def _record(self) -> None:
        record: dict[str, Any] = {
            "api": self.api,
            "token": self.token,
            "gateway": self.gateway,
            "nats": self.settings.nats_url,
            "pid": os.getpid(),
            "started": clock.iso(clock.now()),
        }
        folders.write_atomically(self.settings.run / "platform.json", json.dumps(record).encode(), mode=0o600)


@contextlib.contextmanager
def _only_one(settings: Settings) -> Any:
    """Hold the data folder: two platforms on one would write the same files."""
    folders.make(settings.run)
    handle: IO[str]
    with (settings.run / "lock").open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            raise ConflictError(
                f"a platform already runs on {settings.data}",
                why=f"process {handle.read().strip() or '?'} holds it",
                fix="See it with: kaido status. Or choose another folder with --data",
            ) from None
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield


def port_is_free(host: str, port: int) -> bool:
    """Whether nothing listens there now."""
    try:
        _bound_port(host, port)
    except OSError:
        return False
    return True


def _port(host: str, port: int, setting: str) -> int:
    """The port if it is free; for 0, one that is.

    Raises:
        UnavailableError: something else has it.
    """
    try:
        return _bound_port(host, port)
    except OSError as error:
        raise UnavailableError(
            f"port {port} on {host} cannot be taken",
            why=error.strerror or str(error),
            fix=f"Stop what uses it, or choose another with {setting}=PORT (0 takes a free one)",
        ) from error


def _bound_port(host: str, port: int) -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        taken: int = probe.getsockname()[1]
        return taken


def _local_token(settings: Settings) -> str:
    with contextlib.closing(Store.open(settings.database)) as store:
        tokens = Tokens(store)
        for old in tokens.list(None):
            if old.name == LOCAL_TOKEN:
                tokens.revoke(old.id)
        return tokens.create(None, LOCAL_TOKEN, SCOPES)


def _reachable(host: str) -> str:
    return "127.0.0.1" if host in {"0.0.0.0", ""} else host  # noqa: S104  # compared, not bound
