"""What a CONNECT is answered with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqtt5 import ConnAckPacket, QoS

from kaido.gateway import refusals
from kaido.gateway.refusals import Refusal
from kaido.gateway.sessions import Will
from kaido.gateway.subscribing import own_prefixes
from kaido.wire.topics import up_kind

if TYPE_CHECKING:
    import mqtt5

    from kaido.company import Identity
    from kaido.gateway.connection import Connection
    from kaido.gateway.gateway import Gateway

KEEP_ALIVE_SECONDS = 1_200
"""The longest keep-alive: a car that went into a tunnel for good is noticed after half an hour."""


def connect(host: Gateway, connection: Connection, packet: mqtt5.ConnectPacket) -> None:
    """Take or refuse a CONNECT. User name and password are ignored: the certificate says who it is."""
    will = packet.will
    identity = connection.identity
    if isinstance(identity, Refusal):
        connection.end(identity)
        return
    refusal = _refusal(host, identity, packet) or _will_refusal(identity, packet.will)
    if refusal is not None:
        connection.end(refusal)
        return
    expiry = min(packet.session_expiry_interval, host.settings.gateway_session_expiry_seconds)
    keep_alive = min(packet.keep_alive or KEEP_ALIVE_SECONDS, KEEP_ALIVE_SECONDS)
    session, present = host.enter(identity, clean=packet.clean_start)
    session.expiry = expiry
    if will is not None:
        kind = up_kind(will.topic, identity.vehicle)
        # A will on a topic that nobody reads is taken and forgotten.
        connection.will = Will(int(kind), will.payload or b"", will.will_delay_interval) if kind else None
    lane = host.lanes.lane(identity.company, identity.vehicle)
    connection.established(session, lane, packet, keep_alive)
    connection.send(
        ConnAckPacket(
            session_present=present,
            session_expiry_interval=expiry if expiry != packet.session_expiry_interval else None,
            server_keep_alive=keep_alive if keep_alive != packet.keep_alive else None,
            receive_max=host.settings.gateway_receive_maximum,
            max_qos=QoS.AT_LEAST_ONCE,
            retain_available=False,
            max_packet_size=host.settings.gateway_max_packet_bytes,
            topic_alias_max=0,
            subscription_id_available=False,
            shared_subscription_available=False,
        ).write()
    )
    if present:
        session.resumed()


def _refusal(host: Gateway, identity: Identity, packet: mqtt5.ConnectPacket) -> Refusal | None:
    if packet.authentication_method is not None:
        return refusals.AUTHENTICATION_METHOD
    if packet.client_id != identity.vehicle:
        return refusals.CLIENT_ID
    if host.draining:
        return refusals.SHUTTING_DOWN
    return None if host.ready else refusals.NOT_READY


def _will_refusal(identity: Identity, will: mqtt5.Will | None) -> Refusal | None:
    if will is None:
        return None
    if will.qos == QoS.EXACTLY_ONCE:
        return refusals.QOS
    if will.retain:
        return refusals.RETAIN
    return None if will.topic.startswith(own_prefixes(identity.vehicle)) else refusals.WILL_TOPIC
