"""A gateway without TLS, for benches alone: what MQTT and the journal cost when encryption is left out.

``python -m kaido.bench.plain_gateway`` takes every client at its word: its client id says which vehicle it is. No
setting of the platform leads here.
"""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import mqtt5
import uvloop

from kaido.company import Identity, VehicleState
from kaido.gateway.gateway import Gateway
from kaido.gateway.link import Link
from kaido.journal import Journal, serve_status
from kaido.platform.child import die_with_parent
from kaido.runtime import log
from kaido.runtime.settings import load

if TYPE_CHECKING:
    from kaido.runtime.settings import Settings

COMPANY = "bench"
_WELCOME = VehicleState(registered=True, revoked=False)
_FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)


class PlainLink(Link):
    """A socket without TLS. In place of a certificate it shows the client id of the CONNECT."""

    __slots__ = ("_client_id",)

    def data_received(self, data: bytes) -> None:
        """Bytes from the socket, which are those of MQTT."""
        if self.closing:
            return
        if self.above is None:
            packet, _ = mqtt5.read(memoryview(data))
            self._client_id = packet.client_id if isinstance(packet, mqtt5.ConnectPacket) else ""
            self.above = self._listener.opened(self)
        self.above.received(data)

    def certificate(self) -> bytes:
        """What the directory below takes for one."""
        return self._client_id.encode()

    def write(self, data: bytes) -> None:
        """Send bytes."""
        if not self.closing and self._transport is not None:
            self._transport.write(data)


class OpenDirectory:
    """Everybody is a vehicle of one company."""

    def refresh(self) -> bool:
        """Nothing ever changes."""
        return False

    def authorities(self) -> list[tuple[str, str]]:
        """There are none."""
        return []

    def identify(self, der: bytes) -> Identity:
        """Whoever it says it is."""
        return Identity(COMPANY, der.decode(), "0", _FOR_EVER)

    def vehicle(self, company: str, id: str, /) -> VehicleState:  # noqa: A002, ARG002  # as the gateway's port has it
        """Welcome."""
        return _WELCOME

    def certificate_revoked(self, company: str, serial_hex: str) -> bool:  # noqa: ARG002  # as above
        """Never."""
        return False


class PlainGateway(Gateway):
    """The gateway over plain sockets."""

    def _new_link(self) -> Link:
        return PlainLink(self)


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Work until ``stop`` is set."""
    gateway = PlainGateway(settings, OpenDirectory())
    journal = await Journal.connect(settings.nats_url, settings.nats_token, settings, name="gateway")
    try:
        await gateway.start()
        gateway.attach(journal, journal.nats.max_payload)
        await serve_status(journal.nats, gateway.report)
        await stop.wait()
        await gateway.stop()
    finally:
        await journal.close()


async def _main() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await run(load(), stop)


if __name__ == "__main__":
    die_with_parent()
    log.set_up(os.environ.get("KAIDO_LOG_LEVEL", "INFO"))
    uvloop.run(_main())
