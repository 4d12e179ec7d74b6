"""A small MQTT 5 server that can misbehave: what an agent is tested against where the real gateway will not do."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import mqtt5

from kaido.agent.packets import PacketReader

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable


@dataclass
class Broker:
    """Takes publishes and acknowledges them, unless it is told otherwise.

    Attributes:
        port: 0 takes a free one.
        published: every publish, in order.
        connects: every CONNECT.
        disconnects: every DISCONNECT.
        filters: what the last client subscribed to.
        pings: how many came.
        answer_pings: whether they are answered.
        connack: changes to the CONNACK packet.
        verdict: the PUBACK reason code of a publish; None withholds the acknowledgement.
        on_publish: called before the verdict.
        most_in_flight: the most publishes of one connection that were unacknowledged.
        connections: those that are open.
        sessions: the client ids whose session is remembered.
    """

    port: int = 0
    published: list[mqtt5.PublishPacket] = field(default_factory=list)
    connects: list[mqtt5.ConnectPacket] = field(default_factory=list)
    disconnects: list[mqtt5.DisconnectPacket] = field(default_factory=list)
    filters: list[str] = field(default_factory=list)
    pings: int = 0
    answer_pings: bool = True
    connack: dict[str, Any] = field(default_factory=dict)
    verdict: Callable[[mqtt5.PublishPacket], mqtt5.PubAckReasonCode | None] = lambda _: mqtt5.PubAckReasonCode.SUCCESS
    on_publish: Callable[[Connection, mqtt5.PublishPacket], None] | None = None
    most_in_flight: int = 0
    connections: list[Connection] = field(default_factory=list)
    sessions: set[str] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def start(self, context: ssl.SSLContext) -> None:
        """Listen."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self), "127.0.0.1", self.port, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Drop all connections and the listener."""
        if self._server is not None:
            self._server.close()
            for connection in list(self.connections):
                connection.drop()
            await asyncio.sleep(0.01)
            self._server = None

    def payloads(self, tail: str = "signals") -> list[bytes]:
        """What was published on topics with this end."""
        return [packet.payload for packet in self.published if packet.topic.endswith(tail)]

    def send(self, topic: str, payload: bytes) -> None:
        """Publish to the newest client."""
        self.connections[-1].write(
            mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=7).write()
        )


class Connection(asyncio.Protocol):
    """One client."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._reader = PacketReader(200_000_000)
        self.unacknowledged: list[int] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one without saying so
        self._broker.connections.append(self)

    def connection_lost(self, error: Exception | None) -> None:
        """A client is gone."""
        del error
        if self in self._broker.connections:
            self._broker.connections.remove(self)

    def write(self, packet: bytes) -> None:
        """Send a packet."""
        self._transport.write(packet)

    def drop(self) -> None:
        """End without a word."""
        self._transport.abort()

    def end(self, code: mqtt5.DisconnectReasonCode) -> None:
        """Say goodbye."""
        self.write(mqtt5.DisconnectPacket(reason_code=code).write())
        self._transport.close()

    def acknowledge(self, code: mqtt5.PubAckReasonCode = mqtt5.PubAckReasonCode.SUCCESS) -> None:
        """Acknowledge what was withheld."""
        for packet_id in self.unacknowledged:
            self.write(mqtt5.PubAckPacket(packet_id, reason_code=code).write())
        self.unacknowledged = []

    def data_received(self, data: bytes) -> None:
        """Bytes of the client."""
        for packet in self._reader.feed(data):
            self._take(packet)

    def _take(self, packet: mqtt5.Packet) -> None:
        broker = self._broker
        match packet:
            case mqtt5.ConnectPacket():
                broker.connects.append(packet)
                present = packet.client_id in broker.sessions
                broker.sessions.add(packet.client_id)
                self.write(mqtt5.ConnAckPacket(**{"session_present": present, **broker.connack}).write())
            case mqtt5.SubscribePacket():
                broker.filters = [one.pattern for one in packet.topic_filters]
                codes = [mqtt5.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE] * len(broker.filters)
                self.write(mqtt5.SubAckPacket(packet.packet_id, codes).write())
            case mqtt5.PublishPacket():
                self._publish(packet)
            case mqtt5.PingReqPacket():
                broker.pings += 1
                if broker.answer_pings:
                    self.write(mqtt5.PingRespPacket().write())
            case mqtt5.DisconnectPacket():
                broker.disconnects.append(packet)
            case _:
                pass

    def _publish(self, packet: mqtt5.PublishPacket) -> None:
        broker = self._broker
        broker.published.append(packet)
        assert packet.packet_id is not None
        self.unacknowledged.append(packet.packet_id)
        broker.most_in_flight = max(broker.most_in_flight, len(self.unacknowledged))
        if broker.on_publish is not None:
            broker.on_publish(self, packet)
        code = broker.verdict(packet)
        if code is not None and not self._transport.is_closing():
            self.unacknowledged.remove(packet.packet_id)
            self.write(mqtt5.PubAckPacket(packet.packet_id, reason_code=code).write())
