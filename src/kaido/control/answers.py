"""Checkins against what is wanted: which documents a vehicle is missing now."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from kaido.flow_names import DownKind
from kaido.wire.syncids import is_state

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kaido.control.plan import Wanted

RESEND_S = 30.0
"""The same document goes to the same vehicle no sooner than this; twice as late each time it did not help."""
LONGEST_RESEND_S = 3_600.0
SEEN_S = 3_600.0
"""A vehicle whose last checkin is older is not pushed to; its next checkin is answered."""
MOST_VEHICLES = 500_000
MOST_HELD = 1_000
"""Sync ids that are remembered of a checkin: a vehicle that lists more is not to fill our memory."""

Key = tuple[str, str]
"""A company and a vehicle's id."""


class Document(NamedTuple):
    """A document to send."""

    kind: DownKind
    id: str
    payload: bytes


@dataclass(slots=True)
class Sent:
    """A document that a vehicle was sent and has not confirmed.

    Attributes:
        id: which one.
        first: when it was first sent.
        at: when it was last sent.
        times: how often.
        problem: why it could not be sent at all.
    """

    id: str
    first: float
    at: float
    times: int = 1
    problem: str = ""

    @property
    def wait_s(self) -> float:
        """How long to wait before it is sent again."""
        return min(RESEND_S * 2.0 ** min(self.times - 1, 30), LONGEST_RESEND_S)


@dataclass(slots=True)
class Vehicle:
    """What is known of a vehicle.

    Attributes:
        held: the sync ids of its last checkin.
        seen: when that was.
        sent: what it was sent since and has not confirmed.
    """

    held: frozenset[str] = frozenset()
    seen: float = 0.0
    sent: dict[DownKind, Sent] = field(default_factory=dict)


class Answers:
    """Remembers what vehicles hold and what they were sent, bounded; decides what goes out. No I/O.

    Times are Unix seconds: what is remembered outlives the process.
    """

    def __init__(self) -> None:
        self._vehicles: OrderedDict[Key, Vehicle] = OrderedDict()
        self._changed: dict[Key, None] = {}
        self._version = 0

    def __len__(self) -> int:
        return len(self._vehicles)

    def restore(self, vehicles: Iterable[tuple[Key, Vehicle]]) -> None:
        """Take what was known before a restart; what was heard since counts more."""
        for key, vehicle in vehicles:
            self._vehicles.setdefault(key, vehicle)

    def checkin(self, company: str, vehicle_id: str, held: Sequence[str], now: float) -> None:
        """A vehicle says what it holds."""
        key = (company, vehicle_id)
        vehicle = self._vehicles.get(key)
        if vehicle is None:
            vehicle = self._vehicles[key] = Vehicle()
            if len(self._vehicles) > MOST_VEHICLES:
                self._vehicles.popitem(last=False)
        else:
            self._vehicles.move_to_end(key)
        vehicle.held, vehicle.seen = frozenset(held[:MOST_HELD]), now
        self._changed[key] = None

    def held(self, company: str, vehicle_id: str) -> frozenset[str]:
        """The sync ids of a vehicle's last checkin, as far as it came here."""
        vehicle = self._vehicles.get((company, vehicle_id))
        return vehicle.held if vehicle is not None else frozenset()

    def connected_anew(self, vehicles: Iterable[Key]) -> None:
        """What they were sent before may have gone with their last session: their next checkin is answered at once."""
        for vehicle in (self._vehicles.get(key) for key in vehicles):
            for sent in vehicle.sent.values() if vehicle is not None else ():
                sent.at -= LONGEST_RESEND_S

    def seen(self, now: float) -> list[Key]:
        """The vehicles whose last checkin is not long ago: company and id."""
        return [key for key, vehicle in self._vehicles.items() if now - vehicle.seen < SEEN_S]

    def changed(self, most: int) -> list[tuple[Key, Vehicle]]:
        """Some of the vehicles that became others since they were last given out, those that wait longest first."""
        keys = list(islice(self._changed, most))
        for key in keys:
            del self._changed[key]
        return [(key, vehicle) for key in keys if (vehicle := self._vehicles.get(key)) is not None]

    def not_kept(self, keys: Iterable[Key]) -> None:
        """What ``changed`` gave out could not be kept: give it out again."""
        self._changed.update(dict.fromkeys(keys))

    def missing(self, company: str, vehicle_id: str, wanted: Wanted, now: float) -> list[Document]:
        """What to send a vehicle so that it holds what is wanted.

        A new manifest takes the schemes with it, so both go; schemes are replaced as a whole, of state templates only
        the difference goes.
        """
        key = (company, vehicle_id)
        vehicle = self._vehicles.get(key)
        if vehicle is None:
            return []
        if vehicle.held == wanted.held and not vehicle.sent:
            return []
        documents: list[Document] = []
        holds = wanted.manifest in vehicle.held
        if not _is_settled(vehicle, DownKind.DECODER_MANIFEST, wanted.manifest, holds=holds):
            documents.append(Document(DownKind.DECODER_MANIFEST, wanted.manifest, wanted.manifest_document))
        states = frozenset(one for one in vehicle.held if is_state(one))
        holds = vehicle.held - states - {wanted.manifest} == wanted.schemes
        if not _is_settled(vehicle, DownKind.COLLECTION_SCHEMES, wanted.schemes_id, holds=holds):
            documents.append(Document(DownKind.COLLECTION_SCHEMES, wanted.schemes_id, wanted.schemes_document))
        if states == wanted.states.ids:
            vehicle.sent.pop(DownKind.STATE_TEMPLATES, None)
        else:
            documents.append(self._difference(wanted, states, now))
        sent = [one for one in documents if _is_time(vehicle, one, now)]
        if sent:
            self._changed[key] = None
        return sent

    def _difference(self, wanted: Wanted, states: frozenset[str], now: float) -> Document:
        """The versions of differences never fall, from one process to the next by the clock."""
        self._version = max(self._version + 1, int(now * 1e6))
        return Document(DownKind.STATE_TEMPLATES, *wanted.states.difference(states, self._version))

    def unsendable(self, company: str, vehicle_id: str, document: Document, why: str) -> None:
        """A document can never be sent as it is; that stands in its place until another one is wanted."""
        vehicle = self._vehicles.get((company, vehicle_id))
        sent = vehicle.sent.get(document.kind) if vehicle is not None else None
        if sent is not None and sent.id == document.id:
            sent.problem = why

    def unsent(self, company: str, vehicle_id: str, kind: DownKind) -> None:
        """A document could not be sent after all: the next occasion may try."""
        vehicle = self._vehicles.get((company, vehicle_id))
        if vehicle is not None:
            vehicle.sent.pop(kind, None)


def _is_settled(vehicle: Vehicle, kind: DownKind, identifier: str, *, holds: bool) -> bool:
    """Whether nothing of a kind is to be sent: the vehicle holds what it should, and nothing else is on its way."""
    sent = vehicle.sent.get(kind)
    if not holds or (sent is not None and sent.id != identifier and sent.at >= vehicle.seen):
        return False
    vehicle.sent.pop(kind, None)
    return True


def _is_time(vehicle: Vehicle, document: Document, now: float) -> bool:
    """Whether to send it now, which is then noted."""
    before = vehicle.sent.get(document.kind)
    if before is None or before.id != document.id:
        vehicle.sent[document.kind] = Sent(document.id, now, now)
        return True
    if before.problem:  # nothing went out: whoever could not send it looks again
        before.at, before.problem = now, ""
        return True
    if 0 <= now - before.at < before.wait_s:  # a clock that was set back must not silence us
        return False
    before.at, before.times = now, before.times + 1
    return True
