"""Vehicles under load that take commands: each is acknowledged, noted and answered at once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import mqtt5

from kaido.flow_names import DownKind, UpKind
from kaido.wire import kaido_wire_pb2 as pb

if TYPE_CHECKING:
    from kaido.wire.topics import Prefixes


class Commands:
    """Succeeds at every command.

    Args:
        prefixes: the topics' spelling.

    Attributes:
        got: when each command came to a vehicle, by the id of both: all times, seconds of ``time.perf_counter``.
    """

    def __init__(self, prefixes: Prefixes) -> None:
        self._prefixes = prefixes
        self.got: dict[tuple[str, str], list[float]] = {}

    def subscription(self, vehicle: str) -> bytes:
        """The SUBSCRIBE of a vehicle."""
        topic = self._prefixes.down(vehicle, DownKind.COMMAND_REQUEST, "+")
        return mqtt5.SubscribePacket(1, [mqtt5.TopicFilter(topic, max_qos=mqtt5.QoS.AT_LEAST_ONCE)]).write()

    def answer(self, vehicle: str, packet: mqtt5.PublishPacket) -> bytes:
        """The PUBACK, and the response."""
        now = time.perf_counter()
        command = pb.CommandRequest.FromString(packet.payload).command_id
        self.got.setdefault((vehicle, command), []).append(now)
        said = pb.CommandResponse(status=pb.CommandResponse.SUCCEEDED, command_id=command).SerializeToString()
        topic = self._prefixes.up(vehicle, UpKind.COMMAND_RESPONSE, command)
        puback = b"" if packet.packet_id is None else mqtt5.PubAckPacket(packet.packet_id).write()
        return puback + mqtt5.PublishPacket(topic, said, qos=mqtt5.QoS.AT_MOST_ONCE).write()
