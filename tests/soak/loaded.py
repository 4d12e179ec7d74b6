"""A whole platform with vehicles that publish, and the count at the end."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from kaido.soak import fleet as fleets
from kaido.soak.ledger import Ledger
from kaido.soak.site import Site
from kaido.soak.verdict import judge
from kaido.soak.watch import at_rest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kaido.soak.fleet import Fleet

WAIT = 60.0
SETTINGS = {"KAIDO_GATEWAY_MAX_CONNECTIONS": "2000", "KAIDO_SNAPSHOT_SECONDS": "3", "KAIDO_COMPACT_SECONDS": "5"}


@dataclass
class Loaded:
    """A platform and its fleet, as an async context manager; it publishes until ``count``.

    Attributes:
        folder: of the platform.
        settings: further settings.
        vehicles: of both companies together.
        rate: publishes a second of each company.
    """

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    vehicles: int = 20
    rate: float = 100.0
    samples: int = 6
    _publishing: asyncio.Future[Any] | None = None

    async def __aenter__(self) -> Self:
        self.site = Site(self.folder, {**SETTINGS, **self.settings})
        self._stack = contextlib.AsyncExitStack()
        self._stack.push_async_callback(self._stop)
        await asyncio.to_thread(self.site.start)
        self.ledger = self._stack.enter_context(Ledger(self.folder / "acknowledged"))
        self.fleet: Fleet = await asyncio.to_thread(fleets.enrol, self.site, self.ledger, self.vehicles, self.samples)
        for client in self.fleet.clients:
            await self._stack.enter_async_context(client)
            await client.connect()
        self.go_on()
        await self.until(lambda: self.ledger.count > 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._publishing is not None
        self._publishing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._publishing
        await self._stack.aclose()

    def go_on(self) -> None:
        """Publish, until the next count."""
        if self._publishing is not None and not self._publishing.done():
            return
        self._end = asyncio.Event()
        self._publishing = asyncio.gather(
            *(client.publish(3_600, rate=self.rate, stop=self._end) for client in self.fleet.clients)
        )

    async def _stop(self) -> None:
        if self.site.running:
            await asyncio.to_thread(self.site.stop)

    async def until(self, check: Callable[[], Any], seconds: float = WAIT) -> Any:
        """What ``check`` gives when it first gives something."""
        async with asyncio.timeout(seconds):
            while not (found := await asyncio.to_thread(check)):  # noqa: ASYNC110  # what is waited for has no event
                await asyncio.sleep(0.05)
            return found

    async def more(self, count: int = 200) -> None:
        """Go on until so many more publishes are acknowledged."""
        wanted = self.ledger.count + count
        await self.until(lambda: self.ledger.count >= wanted)

    def status(self) -> dict[str, Any]:
        """What ``kaido status --json`` shows."""
        with self.site.client() as client:
            found: dict[str, Any] = client.get("/v1/status")
        return found

    async def start_again(self, settings: dict[str, str] | None = None) -> None:
        """After the platform ended, one way or another: on the same port, with further settings."""
        await self.until(lambda: not self.site.running)
        port = self.fleet.clients[0].server.port
        (self.site.data / "run" / "platform.json").unlink(missing_ok=True)
        self.site.settings = {**self.site.settings, "KAIDO_GATEWAY_PORT": str(port), **(settings or {})}
        await asyncio.to_thread(self.site.start)

    async def calm(self) -> None:
        """Publish no more; everything must be acknowledged, and all come to rest by itself."""
        assert self._publishing is not None
        self._end.set()
        await self._publishing
        assert sum(client.in_doubt for client in self.fleet.clients) == 0
        status = await at_rest(self.site)
        assert status["state"] == "running", status["problems"]

    async def count(self) -> None:
        """Come to rest, and hold lake, quarantine and twin against what was acknowledged."""
        await self.calm()
        checks = await asyncio.to_thread(judge, self.site, self.fleet, self.ledger.table())
        wrong = [check for check in checks if not check.ok]
        assert not wrong, wrong
        traces = self.site.traces()
        assert not traces, traces
