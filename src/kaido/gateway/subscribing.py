"""What a SUBSCRIBE and an UNSUBSCRIBE are answered with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqtt5 import SubAckPacket, SubAckReasonCode, UnsubAckPacket, UnsubAckReasonCode

from kaido.gateway import refusals
from kaido.gateway.sessions import SUBSCRIPTIONS
from kaido.wire.topics import FLEETWISE, KAIDO, may_subscribe

if TYPE_CHECKING:
    import mqtt5

    from kaido.gateway.connection import Connection
    from kaido.gateway.gateway import Gateway
    from kaido.gateway.sessions import Session


def own_prefixes(vehicle: str) -> tuple[str, ...]:
    """What every topic of a vehicle begins with."""
    return (*FLEETWISE.own(vehicle), *KAIDO.own(vehicle), f"$aws/things/{vehicle}/")


def subscribe(host: Gateway, connection: Connection, packet: mqtt5.SubscribePacket) -> None:
    """Grant each filter that lies under the vehicle's own id, at most QoS 1."""
    if packet.subscription_id is not None:
        connection.end(refusals.SUBSCRIPTION_ID)
        return
    session = connection.session
    assert session is not None
    codes = []
    for wanted in packet.topic_filters:
        code = _code(session, wanted)
        if code == SubAckReasonCode.NOT_AUTHORIZED:
            host.note(connection, refusals.FOREIGN_FILTER, filter=wanted.pattern)
        elif int(code) <= 1:
            session.subscriptions[wanted.pattern] = int(code)
        codes.append(code)
    connection.send(SubAckPacket(packet.packet_id, codes).write())
    session.subscribed()


def unsubscribe(connection: Connection, packet: mqtt5.UnsubscribePacket) -> None:
    """Forget filters."""
    session = connection.session
    assert session is not None
    codes = [
        UnsubAckReasonCode.NO_SUBSCRIPTION_EXISTED
        if session.subscriptions.pop(pattern, None) is None
        else UnsubAckReasonCode.SUCCESS
        for pattern in packet.patterns
    ]
    connection.send(UnsubAckPacket(packet.packet_id, codes).write())


def _code(session: Session, wanted: mqtt5.TopicFilter) -> SubAckReasonCode:
    pattern = wanted.pattern
    if pattern.startswith("$share/"):
        return SubAckReasonCode.SHARED_SUBSCRIPTIONS_NOT_SUPPORTED
    if not _well_formed(pattern):
        return SubAckReasonCode.TOPIC_FILTER_INVALID
    if not may_subscribe(pattern, session.vehicle):
        return SubAckReasonCode.NOT_AUTHORIZED
    if len(session.subscriptions) >= SUBSCRIPTIONS and pattern not in session.subscriptions:
        return SubAckReasonCode.QUOTA_EXCEEDED
    return SubAckReasonCode(min(int(wanted.max_qos), 1))


def _well_formed(pattern: str) -> bool:
    """Whether wildcards stand alone in their level, and ``#`` in the last (MQTT 5, section 4.7.1)."""
    levels = pattern.split("/")
    if not pattern or any(len(level) > 1 and ("#" in level or "+" in level) for level in levels):
        return False
    return "#" not in levels[:-1]
