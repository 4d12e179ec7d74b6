"""A vehicle's end of the link for tests: raw MQTT 5 packets over a real TLS connection."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from typing import TYPE_CHECKING, Any, Self, TypeVar

import mqtt5
from mqtt5 import ConnAckPacket, ConnectPacket, PubAckPacket, PublishPacket, QoS

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from tests.gateway.rig import Credentials

WAIT = 30.0
P = TypeVar("P")


def tls_context(trust: Path, credentials: Credentials | None, **options: Any) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(trust))
    if credentials is not None:
        context.load_cert_chain(credentials.certificate, credentials.key)
    for name, value in options.items():
        setattr(context, name, value)
    return context


class Client:
    """Speaks raw packets. As a context manager it closes its socket at the end."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self._rest = b""

    @classmethod
    async def open(cls, port: int, context: ssl.SSLContext | None) -> Client:
        reader, writer = await asyncio.wait_for(
            asyncio.open_connection(
                "127.0.0.1", port, ssl=context, server_hostname="localhost" if context is not None else None
            ),
            WAIT,
        )
        return cls(reader, writer)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            await asyncio.wait_for(self.writer.wait_closed(), WAIT)

    def send(self, *packets: Any) -> None:
        self.writer.write(b"".join(each if isinstance(each, bytes) else each.write() for each in packets))

    async def packet(self) -> Any:
        """The next packet, or None where the gateway has closed."""
        while True:
            with contextlib.suppress(IndexError):
                packet, used = mqtt5.read(memoryview(self._rest))
                self._rest = self._rest[used:]
                return packet
            try:
                data = await asyncio.wait_for(self.reader.read(65536), WAIT)
            except (ConnectionError, ssl.SSLError):
                data = b""
            if not data:
                return None
            self._rest += data

    async def expect(self, kind: type[P]) -> P:
        packet = await self.packet()
        assert isinstance(packet, kind), packet
        return packet

    async def closed(self) -> None:
        assert await self.packet() is None

    async def refused(self, code: int) -> None:
        """A DISCONNECT of this code, then the end."""
        packet = await self.expect(mqtt5.DisconnectPacket)
        assert packet.reason_code == code
        await self.closed()

    async def connect(self, client_id: str, **fields: Any) -> ConnAckPacket:
        self.send(ConnectPacket(client_id, **{"clean_start": True, "keep_alive": 60, **fields}))
        return await self.expect(ConnAckPacket)

    async def publish(self, topic: str, payload: bytes, packet_id: int, **fields: Any) -> PubAckPacket:
        self.send(PublishPacket(topic, payload, qos=QoS.AT_LEAST_ONCE, packet_id=packet_id, **fields))
        return await self.expect(PubAckPacket)
