"""Sessions: what the gateway remembers of a vehicle between connections, and what waits for it. Memory only."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mqtt5 import PublishPacket, QoS

from kaido.flow_names import DownKind
from kaido.wire.topics import FLEETWISE, KAIDO, matches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kaido.gateway.connection import Connection

SUBSCRIPTIONS = 32
_PACKET_IDS = 65_535
_LONGEST_EXPIRY = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Message:
    """Something for a vehicle."""

    kind: DownKind
    command_id: str
    topic: str
    payload: bytes
    qos: int
    expires: float | None
    """Unix time after which nobody wants it any more."""

    def packet(self, packet_id: int | None, *, duplicate: bool = False) -> bytes:
        """The PUBLISH."""
        left = None if self.expires is None else min(max(int(self.expires - time.time()), 1), _LONGEST_EXPIRY)
        return PublishPacket(
            self.topic,
            self.payload,
            qos=QoS(self.qos),
            packet_id=packet_id,
            duplicate=duplicate,
            message_expiry_interval=left,
        ).write()


@dataclass(frozen=True, slots=True)
class Will:
    """What a vehicle wants published should it be lost."""

    kind: int
    payload: bytes
    delay: int


class Session:
    """One vehicle's session.

    Attributes:
        subscriptions: granted QoS by topic filter.
        connection: the vehicle's connection, if there is one.
        expiry: seconds that the session outlives a connection.
        ends: when, on the gateway's clock, a session without a connection ends.
        will: what is to be published at ``will_at``, while there is no connection.
    """

    __slots__ = (
        "_count", "_moved", "_outstanding", "_packet_id", "_queue", "_queue_bound", "_queue_bytes", "_resend",
        "_unacknowledged", "_unacknowledged_bytes", "_waiting_bytes",
        "company", "connection", "ends", "expiry", "subscriptions", "vehicle", "will", "will_at",
    )  # fmt: skip

    def __init__(
        self, company: str, vehicle: str, queue_bound: int, queue_bytes: int, count: Callable[[str], None]
    ) -> None:
        self.company = company
        self.vehicle = vehicle
        self.subscriptions: dict[str, int] = {}
        self.connection: Connection | None = None
        self.expiry = 0
        self.ends = 0.0
        self.will: Will | None = None
        self.will_at = 0.0
        self._count = count
        self._moved: list[Message] | None = None
        self._queue_bound = queue_bound
        self._queue_bytes = queue_bytes
        self._queue: deque[Message] | None = None
        self._waiting_bytes = 0
        self._unacknowledged_bytes = 0
        self._unacknowledged: dict[int, Message] | None = None
        self._resend: deque[int] | None = None
        self._outstanding = 0
        self._packet_id = 0

    @property
    def waiting(self) -> int:
        """Messages that wait to be sent."""
        return len(self._queue or ())

    def offer(
        self, kind: DownKind, command_id: str, payload: bytes, expires: float | None, *, moved: bool = False
    ) -> None:
        """A message for the vehicle: sent now, or kept (the newest, up to the bound) until it can be.

        One that has ``moved`` here, from the vehicle's session at another gateway, waits until the vehicle subscribes;
        so does a command, which may come between the vehicle's CONNECT and its SUBSCRIBE. A command that is here
        already is not taken twice.
        """
        if command_id and any((one.kind, one.command_id) == (kind, command_id) for one in self.leftovers()):
            self._count("duplicate")
            return
        message = self._message(kind, command_id, payload, expires)
        may_subscribe = (moved and not self.subscriptions) or (command_id and not self._takes_commands(command_id))
        if message is None and may_subscribe:
            self._moved = [*(self._moved or ()), Message(kind, command_id, "", payload, 1, expires)][
                -self._queue_bound :
            ]
            return
        if message is None:
            self._count("not_subscribed")
            return
        if message.qos == 0:
            if self.connection is None or self.connection.choked:
                self._count("away")
            else:
                self._send(self.connection, message, None)
            return
        if self._queue is None:
            self._queue = deque()
        self._queue.append(message)
        self._waiting_bytes += len(message.payload)
        self.pump()
        while len(self._queue) > self._queue_bound or (
            len(self._queue) > 1 and self._waiting_bytes > self._queue_bytes
        ):
            self._next_waiting(self._queue)
            self._count("dropped_oldest")

    def subscribed(self) -> None:
        """The vehicle has subscribed: what has moved here can go out."""
        moved, self._moved = self._moved, None
        for message in moved or ():
            self.offer(message.kind, message.command_id, message.payload, message.expires)

    def leftovers(self) -> list[Message]:
        """What the vehicle has not acknowledged, and what waits for it."""
        return [*(self._unacknowledged or {}).values(), *(self._queue or ()), *(self._moved or ())]

    def resumed(self) -> None:
        """The vehicle is back: what it has not acknowledged is sent again, then what waits."""
        self._outstanding = 0
        self._resend = deque(self._unacknowledged) if self._unacknowledged else None
        self.pump()

    def acknowledged(self, packet_id: int) -> Message | None:
        """The vehicle has a message; this one."""
        message = self._unacknowledged.pop(packet_id, None) if self._unacknowledged else None
        if message is not None:
            self._unacknowledged_bytes -= len(message.payload)
            self._outstanding -= 1
            self.pump()
        return message

    def pump(self) -> None:
        """Send as much as the vehicle's receive maximum, its reading and the bound on bytes allow."""
        connection = self.connection
        if connection is None:
            return
        while self._outstanding < connection.receive_maximum and not connection.choked:
            if self._resend:
                packet_id = self._resend.popleft()
                message = (self._unacknowledged or {}).get(packet_id)
                if message is not None and self._send(connection, message, packet_id, duplicate=True):
                    self._outstanding += 1
            elif self._queue and self._unacknowledged_bytes < self._queue_bytes:
                self._send_new(connection, self._next_waiting(self._queue))
            else:
                return

    def _next_waiting(self, queue: deque[Message]) -> Message:
        message = queue.popleft()
        self._waiting_bytes -= len(message.payload)
        return message

    def _send_new(self, connection: Connection, message: Message) -> None:
        if message.expires is not None and message.expires <= time.time():
            self._count("expired")
            return
        if self._unacknowledged is None:
            self._unacknowledged = {}
        packet_id = self._next_packet_id(self._unacknowledged)
        self._unacknowledged[packet_id] = message
        self._unacknowledged_bytes += len(message.payload)
        if self._send(connection, message, packet_id):
            self._outstanding += 1

    def _send(
        self, connection: Connection, message: Message, packet_id: int | None, *, duplicate: bool = False
    ) -> bool:
        packet = message.packet(packet_id, duplicate=duplicate)
        if len(packet) > connection.max_packet:
            if self._unacknowledged and packet_id is not None and self._unacknowledged.pop(packet_id, None):
                self._unacknowledged_bytes -= len(message.payload)
            self._count("too_large")
            return False
        self._count("sent_again" if duplicate else "sent")
        connection.send(packet)
        return True

    def _next_packet_id(self, taken: dict[int, Message]) -> int:
        while True:
            self._packet_id = self._packet_id % _PACKET_IDS + 1
            if self._packet_id not in taken:
                return self._packet_id

    def _takes_commands(self, command_id: str) -> bool:
        return self._message(DownKind.COMMAND_REQUEST, command_id, b"", None) is not None

    def _message(self, kind: DownKind, command_id: str, payload: bytes, expires: float | None) -> Message | None:
        """The message under the topic by whose spelling the vehicle subscribed; None if it did not."""
        for prefixes in (FLEETWISE, KAIDO):
            topic = prefixes.down(self.vehicle, kind, command_id)
            granted = [qos for pattern, qos in self.subscriptions.items() if matches(pattern, topic)]
            if granted:
                return Message(kind, command_id, topic, payload, max(granted), expires)
        return None


class Sessions:
    """All sessions of a gateway, by company and vehicle."""

    def __init__(self, queue_bound: int, queue_bytes: int, count: Callable[[str], None]) -> None:
        self._sessions: dict[tuple[str, str], Session] = {}
        self._queue_bound = queue_bound
        self._queue_bytes = queue_bytes
        self._count = count

    def __len__(self) -> int:
        return len(self._sessions)

    def __iter__(self) -> Iterator[Session]:
        return iter(list(self._sessions.values()))

    def get(self, company: str, vehicle: str) -> Session | None:
        """The vehicle's session, if it has one."""
        return self._sessions.get((company, vehicle))

    def open(self, company: str, vehicle: str, *, clean: bool) -> tuple[Session, bool]:
        """The vehicle's session for a new connection, and whether it is an old one resumed."""
        key = (company, vehicle)
        known = self._sessions.get(key)
        if known is not None and not clean:
            return known, True
        session = self._sessions[key] = Session(company, vehicle, self._queue_bound, self._queue_bytes, self._count)
        return session, False

    def drop(self, session: Session) -> None:
        """Forget a session."""
        key = (session.company, session.vehicle)
        if self._sessions.get(key) is session:
            del self._sessions[key]
