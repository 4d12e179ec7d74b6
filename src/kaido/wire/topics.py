"""Topics: which message goes where, in both spellings that ``docs/guide/fleetwise-edge.md`` names.

``$aws/iotfleetwise/vehicles/{id}/`` and ``$aws/commands/things/{id}/`` are what a stock FleetWise edge agent uses;
``kaido/v/{id}/`` and ``kaido/c/{id}/`` are ours. A gateway takes both and answers in the one the vehicle subscribed to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from kaido.flow_names import DownKind, UpKind

VEHICLE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_:.\-]{0,127}")
"""A vehicle id: letters, digits and ``_ : . -``, at most 128 characters, so that it is safe in a topic and a path."""

_RESPONSE = re.compile(r"executions/[^/]+/response/protobuf")
_UP_TAILS = {
    "checkins": UpKind.CHECKIN,
    "signals": UpKind.SIGNALS,
    "last_known_states/data": UpKind.LAST_KNOWN_STATE,
}
_DOWN_TAILS = {
    DownKind.DECODER_MANIFEST: "decoder_manifests",
    DownKind.COLLECTION_SCHEMES: "collection_schemes",
    DownKind.STATE_TEMPLATES: "last_known_states/config",
}
_COMMAND_TAILS = {
    DownKind.COMMAND_SIGNATURE: "signature",
    DownKind.COMMAND_REQUEST: "request/protobuf",
}
"""Below ``executions/{command_id}/``. The signature is ours: a stock agent does not subscribe to it."""


@dataclass(frozen=True)
class Prefixes:
    """One spelling of the topics. ``{id}`` stands for the vehicle id."""

    vehicle: str
    commands: str

    def own(self, vehicle: str) -> tuple[str, str]:
        """The two prefixes under which this vehicle, and no other, publishes and subscribes."""
        return self.vehicle.replace("{id}", vehicle), self.commands.replace("{id}", vehicle)

    def up(self, vehicle: str, kind: UpKind, command_id: str = "") -> str:
        """The topic on which a vehicle publishes."""
        data, commands = self.own(vehicle)
        if kind is UpKind.COMMAND_RESPONSE:
            return f"{commands}executions/{command_id}/response/protobuf"
        tails = {known: tail for tail, known in _UP_TAILS.items()}
        return data + tails[kind]

    def down(self, vehicle: str, kind: DownKind, command_id: str = "") -> str:
        """The topic on which the cloud publishes to a vehicle."""
        data, commands = self.own(vehicle)
        if kind in _COMMAND_TAILS:
            return f"{commands}executions/{command_id}/{_COMMAND_TAILS[kind]}"
        return data + _DOWN_TAILS[kind]

    def command(self, vehicle: str, topic: str) -> tuple[DownKind, str] | None:
        """What a topic of the way down says about which command; None where it is about none."""
        prefix = f"{self.own(vehicle)[1]}executions/"
        command_id, _, tail = topic.removeprefix(prefix).partition("/")
        kinds = {known: kind for kind, known in _COMMAND_TAILS.items()}
        return (kinds[tail], command_id) if topic.startswith(prefix) and tail in kinds else None

    def subscriptions(self, vehicle: str) -> list[str]:
        """The topic filters that a vehicle subscribes to."""
        return [self.down(vehicle, kind, "+") for kind in (*_DOWN_TAILS, *_COMMAND_TAILS)]


FLEETWISE = Prefixes("$aws/iotfleetwise/vehicles/{id}/", "$aws/commands/things/{id}/")
KAIDO = Prefixes("kaido/v/{id}/", "kaido/c/{id}/")


def up_kind(topic: str, vehicle: str, spellings: tuple[Prefixes, ...] = (FLEETWISE, KAIDO)) -> UpKind | None:
    """What a publish on ``topic`` by ``vehicle`` is; None where the vehicle may not publish there."""
    for prefixes in spellings:
        data, commands = prefixes.own(vehicle)
        if topic.startswith(data):
            return _UP_TAILS.get(topic[len(data) :])
        if topic.startswith(commands) and _RESPONSE.fullmatch(topic, len(commands)):
            return UpKind.COMMAND_RESPONSE
    return None


def may_subscribe(topic_filter: str, vehicle: str, spellings: tuple[Prefixes, ...] = (FLEETWISE, KAIDO)) -> bool:
    """Whether every topic that the filter can match lies under the vehicle's own id."""
    own = [prefix for prefixes in spellings for prefix in prefixes.own(vehicle)]
    own.append(f"$aws/things/{vehicle}/jobs/")
    return any(topic_filter.startswith(prefix) for prefix in own)


def matches(topic_filter: str, topic: str) -> bool:
    """Whether an MQTT topic filter (with ``+`` and ``#``) matches a topic (MQTT 5, section 4.7)."""
    wanted, given = topic_filter.split("/"), topic.split("/")
    if topic.startswith("$") and wanted[0] in {"+", "#"}:
        return False
    for index, part in enumerate(wanted):
        if part == "#":
            return True
        if index >= len(given) or (part != "+" and part != given[index]):
            return False
    return len(wanted) == len(given)
