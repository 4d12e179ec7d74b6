"""What flows between the rooms is called: kinds of payloads, NATS subjects and streams. ``flow`` says what is in them.

Apart from ``flow``, so that who needs a name needs no Arrow.
"""

from __future__ import annotations

import enum
import zlib


class UpKind(enum.IntEnum):
    """What a payload that a vehicle sent (or the platform itself wrote to its journal) is."""

    CHECKIN = 1
    SIGNALS = 2
    LAST_KNOWN_STATE = 3
    COMMAND_RESPONSE = 4
    FOLD = 5
    """Not from a vehicle: an Arrow stream of SAMPLE_SCHEMA rows for the twin only (the lake has them already)."""
    REPLAY = 6
    """Not from a vehicle now: a payload out of quarantine once more (``kaido.journal.replays``)."""


class DownKind(enum.IntEnum):
    """What a payload for a vehicle is; the gateway makes the topic from it."""

    DECODER_MANIFEST = 1
    COLLECTION_SCHEMES = 2
    STATE_TEMPLATES = 3
    COMMAND_REQUEST = 4
    COMMAND_SIGNATURE = 5
    """Goes right before the request that it signs (``kaido.wire.signing``)."""


IDENTITY_SUBJECT = "kaido.identity"
PRESENCE_SUBJECT = "kaido.presence"
ROLLCALL_SUBJECT = "kaido.rollcall"
COMMANDS_SUBJECT = "kaido.commands"
RECEIPTS_SUBJECT = "kaido.receipts"
RESPONSES_STREAM = "responses"
STATUS_SUBJECT = "kaido.status"


def partition_of(vehicle: str, partitions: int) -> int:
    """The journal partition of a vehicle: the same one in every process, so that its order is kept."""
    return zlib.crc32(vehicle.encode()) % partitions


def up_subject(company: str, partition: int) -> str:
    """The subject of a company's way up."""
    return f"kaido.up.{company}.{partition}"


def up_stream(company: str, partition: int) -> str:
    """The JetStream stream that keeps a company's way up."""
    return f"up-{company}-{partition}"


def partition_of_stream(stream: str) -> int:
    """The partition that a stream of :func:`up_stream` keeps."""
    return int(stream.rpartition("-")[2])


def down_subject(company: str) -> str:
    """The subject of a company's way down."""
    return f"kaido.down.{company}"


def checkins_subject(company: str) -> str:
    """The subject of checkins for control."""
    return f"kaido.checkins.{company}"


def responses_subject(company: str) -> str:
    """The subject of command responses for control."""
    return f"kaido.responses.{company}"


def twin_subject(company: str) -> str:
    """The subject that the twin answers on."""
    return f"kaido.twin.{company}"


def watch_subject(company: str) -> str:
    """The subject that says that somebody watches live values."""
    return f"kaido.watch.{company}"


def live_subject(company: str) -> str:
    """The subject of the newest values."""
    return f"kaido.live.{company}"


def every_subject(company: str) -> str:
    """The subject of every sample of some vehicles."""
    return f"kaido.every.{company}"
