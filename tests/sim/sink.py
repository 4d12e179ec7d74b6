"""A server that accepts everything and acknowledges every publish at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self, cast

import mqtt5

if TYPE_CHECKING:
    import ssl

_CONNACK = mqtt5.ConnAckPacket(receive_max=64).write()


class Sink:
    """Counts what comes; ``packets`` keeps the publishes when asked to."""

    def __init__(self, *, keep: bool = False, tls: ssl.SSLContext | None = None) -> None:
        self.keep = keep
        self.tls = tls
        self.connections = 0
        self.received = 0
        self.packets: list[mqtt5.PublishPacket] = []
        self.open: set[_Session] = set()
        self.answering = True
        self.port = 0

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Session(self), "127.0.0.1", 0, ssl=self.tls, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        for session in list(self.open):
            session.transport.abort()
        self._server.close()
        await asyncio.sleep(0.01)


class _Session(asyncio.Protocol):
    transport: asyncio.Transport

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.sink.connections += 1
        self.sink.open.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        del error
        self.sink.open.discard(self)

    def data_received(self, data: bytes) -> None:
        data = self.rest + data
        view, place = memoryview(data), 0
        answers = []
        while place < len(data):
            try:
                packet, size = mqtt5.read(view[place:])
            except IndexError:
                break
            place += size
            if isinstance(packet, mqtt5.ConnectPacket):
                answers.append(_CONNACK)
            elif isinstance(packet, mqtt5.PublishPacket):
                self.sink.received += 1
                if self.sink.keep:
                    self.sink.packets.append(packet)
                if self.sink.answering and packet.packet_id:
                    answers.append(mqtt5.PubAckPacket(packet.packet_id).write())
        self.rest = data[place:]
        if answers:
            self.transport.write(b"".join(answers))
