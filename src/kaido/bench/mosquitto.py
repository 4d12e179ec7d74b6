"""The peer of the gateway: Mosquitto, set up to do the same work."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from kaido.bench import peers
from kaido.bench.peers import PeerMissingError
from kaido.bench.site import HOST, free_port

if TYPE_CHECKING:
    from pathlib import Path

    from kaido.bench.options import BenchOptions

START_SECONDS = 10.0

# Without set_tcp_nodelay, a window of QoS 1 publishes stalls 44 ms at a time. In-flight messages are not bounded, so
# that the client's window counts, as with our gateway.
_CONFIG = """
listener {port} {host}
allow_anonymous true
set_tcp_nodelay true
persistence false
max_inflight_messages 0
max_queued_messages 0
log_type error
user {user}
"""
_TLS = """
cafile {ca}
certfile {certificate}
keyfile {key}
require_certificate true
"""


@dataclass(frozen=True)
class Tls:
    """What a listener with mutual TLS needs (PEM files)."""

    ca: Path
    certificate: Path
    key: Path


class Mosquitto:
    """A running Mosquitto, as an async context manager.

    Args:
        options: where it is installed if it is not yet.
        folder: for its configuration.
        tls: with mutual TLS; None without.

    Attributes:
        port: where it listens.
        version: what it calls itself.
    """

    def __init__(self, options: BenchOptions, folder: Path, tls: Tls | None = None) -> None:
        self._options = options
        self._folder = folder
        self._tls = tls
        self._process: asyncio.subprocess.Process | None = None
        self.port = 0
        self.version = "Mosquitto"

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process is not None
        return self._process.pid

    async def __aenter__(self) -> Self:
        program = await asyncio.to_thread(peers.debian, self._options, "mosquitto", "mosquitto")
        self.port = free_port()
        config = self._folder / f"mosquitto-{self.port}.conf"
        user = "root" if os.geteuid() == 0 else "nobody"  # only root has to say whom it becomes
        text = _CONFIG.format(port=self.port, host=HOST, user=user)
        if self._tls is not None:
            text += _TLS.format(ca=self._tls.ca, certificate=self._tls.certificate, key=self._tls.key)
        config.write_text(text)
        environment = {**os.environ, **program.environment}
        self.version = await _version(program.path, environment)
        self._process = await asyncio.create_subprocess_exec(
            str(program.path),
            *("-c", str(config)),
            env=environment,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await self._started()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), 5)
            if self._process.returncode is None:
                self._process.kill()
                await self._process.wait()

    async def _started(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert self._process is not None
            if self._process.returncode is not None:
                break
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection(HOST, self.port)
                writer.close()
                return
            await asyncio.sleep(0.05)
        raise PeerMissingError("the peer Mosquitto", why="it does not start")


async def _version(program: Path, environment: dict[str, str]) -> str:
    asking = await asyncio.create_subprocess_exec(
        str(program), "-h", env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await asyncio.wait_for(asking.communicate(), START_SECONDS)
    found = re.search(rb"version ([\d.]+)", said)
    return f"Mosquitto {found[1].decode()}" if found else "Mosquitto"
