"""One vehicle's MQTT 5 connection."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import mqtt5
from mqtt5 import ConnAckPacket, ConnAckReasonCode, DisconnectPacket, DisconnectReasonCode, PubAckReasonCode, QoS

from kaido.flow_names import DownKind, UpKind
from kaido.gateway import connecting, packets, refusals, subscribing
from kaido.gateway.scanning import plain_publishes
from kaido.gateway.subscribing import own_prefixes
from kaido.wire.topics import up_kind

if TYPE_CHECKING:
    from kaido.company import Identity
    from kaido.gateway.gateway import Gateway
    from kaido.gateway.lanes import Lane
    from kaido.gateway.link import Link
    from kaido.gateway.refusals import Refusal
    from kaido.gateway.sessions import Session, Will

CONNECT_BYTES = 32_768
"""The largest CONNECT, will and all: who has sent none yet costs little memory, however many connections it opens."""
PACKETS_PER_TICK = 2_000
SMALL_BYTES = 4_096
"""Packets below this size that are no plain publish, between two ticks of the gateway's clock (half a second): each
costs as much as dozens of plain ones."""

_PUBACK = b"\x40\x02"


class Connection:
    """Speaks MQTT with one client over its link.

    The way of most bytes, publishes on a topic seen before, is ``scanning.plain_publishes``. All else goes through the
    codec.

    Attributes:
        identity: who the certificate says it is.
        session: the vehicle's session, from the CONNECT on.
        since: when the CONNECT was taken, Unix seconds.
        receive_maximum: how many messages it takes before it acknowledges one.
        max_packet: the largest packet it takes, bytes.
    """

    __slots__ = (
        "_grace", "_host", "_kinds", "_lane", "_link", "_rest", "_small", "_tick", "_unacknowledged", "_wanted",
        "identity", "max_packet", "receive_maximum", "session", "since", "will",
    )  # fmt: skip

    def __init__(self, host: Gateway, link: Link, identity: Identity | Refusal) -> None:
        self._host = host
        self._link = link
        self._rest: bytearray | None = None
        self._wanted = 0
        self._grace = 0.0
        self._kinds: dict[bytes, int] = {}
        self._lane: Lane | None = None
        self._unacknowledged = 0
        self._small = 0
        self._tick = 0.0
        self.identity = identity
        self.session: Session | None = None
        self.will: Will | None = None
        self.since = 0.0
        self.receive_maximum = 0
        self.max_packet = 0

    @property
    def company(self) -> str:
        """Whose vehicle it is."""
        assert self.session is not None
        return self.session.company

    @property
    def vehicle(self) -> str:
        """The vehicle's id."""
        assert self.session is not None
        return self.session.vehicle

    # From the link.

    def received(self, data: bytes) -> None:
        """Bytes from the client."""
        rest = self._rest
        if rest is not None:
            rest += data
            if len(rest) < self._wanted:
                return
            data = bytes(rest)
            self._rest = None
        try:
            at = self._read(data)
        except packets.MalformedError:
            self.end(refusals.MALFORMED)
            return
        if self._link.closing:
            return
        if at and self._grace:
            self._link.deadline = self._host.now + self._grace
        if at < len(data):
            self._rest = bytearray(data[at:])

    def timed_out(self) -> None:
        """Nothing came for too long."""
        self.end(refusals.KEEP_ALIVE if self.session else refusals.HANDSHAKE_TIMEOUT)

    def writable(self) -> None:
        """The client reads again what we write."""
        if self.session is not None and self.session.connection is self:
            self.session.pump()

    def lost(self) -> None:
        """The client is gone."""
        self._detach()

    # From the gateway.

    def acknowledge(self, pubacks: bytes, count: int) -> None:
        """Publishes are on disk."""
        self._unacknowledged -= count
        self._link.write(pubacks)

    def send(self, packet: bytes) -> None:
        """Send a packet."""
        self._link.write(packet)

    def end(self, refusal: Refusal) -> None:
        """Tell the client why, if it can still be told, and close."""
        if self._link.closing:
            return
        reason = refusal.text
        if self.session is not None:
            self.send(DisconnectPacket(reason_code=DisconnectReasonCode(refusal.disconnect), reason_str=reason).write())
        elif refusal.connack is not None:
            self.send(ConnAckPacket(reason_code=ConnAckReasonCode(refusal.connack), reason_str=reason).write())
        self._host.note(self, refusal)
        self._detach()
        self._link.close()

    def keep_alive(self) -> None:
        """Begin the time for the next packet anew: it was not the client's fault."""
        if self._grace:
            self._link.deadline = self._host.now + self._grace

    @property
    def choked(self) -> bool:
        """Whether it does not read what we write: then what is for it waits in its session, which is bounded."""
        return self._link.choked

    @property
    def peer(self) -> str:
        """The client's address."""
        return self._link.peer

    def established(self, session: Session, lane: Lane, packet: mqtt5.ConnectPacket, keep_alive: int) -> None:
        """The CONNECT is taken: from here on the vehicle may publish."""
        self.session = session
        self._lane = lane
        self._grace = keep_alive * 1.5
        self.receive_maximum = min(packet.receive_max, self._host.settings.gateway_receive_maximum)
        self.max_packet = packet.max_packet_size or 2**32
        session.connection = self
        self.since = time.time()
        self._link.established = True
        self._link.deadline = self._host.now + self._grace
        self._link.steer()

    def _detach(self) -> None:
        session = self.session
        if session is not None and session.connection is self:
            session.connection = None
            self._host.left(session, self.will)
        self._kinds = {}
        self._rest = None

    # Packets.

    def _read(self, data: bytes) -> int:
        """Take the packets in ``data``.

        Returns:
            How many bytes they are; what follows is the beginning of a packet of ``_wanted`` bytes.

        Raises:
            MalformedError: a length that cannot be.
        """
        at = 0
        while not self._link.closing:
            largest = self._host.settings.gateway_max_packet_bytes
            if self.session is None:
                largest = min(largest, CONNECT_BYTES)
            at, kinds, payloads, identifiers = plain_publishes(data, at, self._kinds, largest)
            if payloads:
                self._hand_over(kinds, payloads, identifiers)
                if self._link.closing:
                    break
            end = packets.end(data, at)
            self._wanted = end - at
            if self._wanted > largest:
                self.end(refusals.PACKET_TOO_LARGE)
            if end > len(data):
                break
            if self._too_busy(end - at):
                self.end(refusals.PACKET_RATE)
                break
            self._take(data[at:end])
            at = end
        return at

    def _too_busy(self, size: int) -> bool:
        """Whether a client sends more small packets than any vehicle needs to."""
        if self._tick != self._host.now:
            self._tick, self._small = self._host.now, 0
        self._small += size < SMALL_BYTES
        return self._small > PACKETS_PER_TICK

    def _hand_over(self, kinds: bytes | bytearray, payloads: list[bytes], identifiers: list[bytes]) -> None:
        """Give publishes to the journal."""
        if identifiers:
            self._unacknowledged += len(identifiers)
            if self._unacknowledged > self._host.settings.gateway_receive_maximum:
                self.end(refusals.RECEIVE_MAXIMUM)
                return
        if payloads:
            assert self._lane is not None
            pubacks = _PUBACK + _PUBACK.join(identifiers) if identifiers else b""
            self._lane.add(self, self.vehicle, kinds, payloads, pubacks, len(identifiers))

    def _take(self, data: bytes) -> None:
        """One packet that is no plain publish."""
        if self.session is None and data[0] >> 4 != packets.CONNECT:
            self.end(refusals.NO_CONNECT)
            return
        try:
            packet = packets.read(data)
        except packets.PacketError as error:
            self.end(_UNREADABLE[type(error)])
            return
        match packet:
            case mqtt5.PublishPacket():
                self._publish(packet)
            case mqtt5.PubAckPacket() if self.session is not None:
                self._acknowledged(self.session, packet.packet_id)
            case mqtt5.PingReqPacket():
                self.send(packets.PINGRESP)
            case mqtt5.SubscribePacket():
                subscribing.subscribe(self._host, self, packet)
            case mqtt5.UnsubscribePacket():
                subscribing.unsubscribe(self, packet)
            case mqtt5.DisconnectPacket():
                self._disconnect(packet)
            case mqtt5.ConnectPacket():
                self._connect(packet)

    def _acknowledged(self, session: Session, packet_id: int) -> None:
        message = session.acknowledged(packet_id)
        if message is not None and message.kind is DownKind.COMMAND_REQUEST:
            self._host.on_receipt(session, message.command_id)

    def _connect(self, packet: mqtt5.ConnectPacket) -> None:
        if self.session is not None:
            self.end(refusals.PROTOCOL_ERROR)
        else:
            connecting.connect(self._host, self, packet)

    def _publish(self, packet: mqtt5.PublishPacket) -> None:
        """A publish on a topic that is new, or with properties."""
        refusal = _refused(packet)
        if refusal is not None:
            self.end(refusal)
            return
        assert self._lane is not None
        topic = packet.topic
        kind = up_kind(topic, self.vehicle)
        if kind is not None:
            if kind is not UpKind.COMMAND_RESPONSE:  # whose topics are without number
                self._kinds[topic.encode()] = int(kind)
            identifiers = [] if packet.packet_id is None else [packet.packet_id.to_bytes(2, "big")]
            self._hand_over(bytes([kind]), [packet.payload], identifiers)
        elif not topic.startswith(own_prefixes(self.vehicle)):
            self.end(refusals.FOREIGN_TOPIC)
        else:
            # A stock agent may be set to upload its logs and metrics: no reason to cut it off from all else.
            self._host.note(self, refusals.UNKNOWN_TOPIC, topic=topic)
            if packet.packet_id is not None:
                self._unacknowledged += 1
                puback = mqtt5.PubAckPacket(packet.packet_id, reason_code=PubAckReasonCode.TOPIC_NAME_INVALID)
                self._lane.add(self, self.vehicle, b"", [], puback.write(), 1)

    def _disconnect(self, packet: mqtt5.DisconnectPacket) -> None:
        assert self.session is not None
        expiry = packet.session_expiry_interval
        if expiry is not None:
            if expiry and not self.session.expiry:  # MQTT 5, section 3.14.2.2.2
                self.end(refusals.PROTOCOL_ERROR)
                return
            self.session.expiry = min(expiry, self._host.settings.gateway_session_expiry_seconds)
        if packet.reason_code == DisconnectReasonCode.NORMAL_DISCONNECTION:
            self.will = None
        self._detach()
        self._link.close()


_UNREADABLE: dict[type[packets.PacketError], Refusal] = {
    packets.ExcessiveError: refusals.EXCESSIVE,
    packets.MalformedError: refusals.MALFORMED,
    packets.MisplacedError: refusals.PROTOCOL_ERROR,
    packets.VersionError: refusals.MQTT_VERSION,
}


def _refused(packet: mqtt5.PublishPacket) -> Refusal | None:
    """What our CONNACK has ruled out."""
    if packet.qos == QoS.EXACTLY_ONCE:
        return refusals.QOS
    if packet.retain:
        return refusals.RETAIN
    if packet.topic_alias is not None:
        return refusals.TOPIC_ALIAS
    if packet.subscription_ids:
        return refusals.PROTOCOL_ERROR
    if "#" in packet.topic or "+" in packet.topic:
        return refusals.TOPIC_NAME
    return None
