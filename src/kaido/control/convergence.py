"""For a vehicle and a campaign: what it should hold against what it holds, and why they differ. Pure rules."""

from __future__ import annotations

import enum
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from kaido.control.compiling import Scheme
from kaido.control.life import State
from kaido.flow_names import DownKind

if TYPE_CHECKING:
    from kaido.company import Vehicle
    from kaido.control import answers
    from kaido.control.compiling import Unfit
    from kaido.control.plan import Aim
    from kaido.control.presence_records import Contact

NOT_TAKEN_TIMES = 3
"""Sent so often and still not held, a document is one that the vehicle does not take."""
SILENT_S = 900.0
"""Where nobody knows who is connected, a vehicle is offline whose last checkin is older."""


class Reason(enum.StrEnum):
    """How a vehicle stands to a campaign. The first two are as it should be."""

    HOLDS = "holds"
    DROPPED = "dropped"
    DUE = "due"
    WAITING = "waiting"
    NOT_TAKEN = "not_taken"
    TOO_LARGE = "too_large"
    OFFLINE = "offline"
    NEVER_SEEN = "never_seen"
    OTHER_MANIFEST = "other_manifest"
    NO_MANIFEST = "no_manifest"
    UNFIT = "unfit"
    LATER_WAVE = "later_wave"
    EXPIRED = "expired"
    REVOKED = "revoked"


MEANINGS: dict[Reason, str] = {
    Reason.HOLDS: "holds what it should",
    Reason.DROPPED: "does not hold it, as it should",
    Reason.DUE: "is about to be sent what it lacks",
    Reason.WAITING: "was sent what it lacks; its next checkin has not come",
    Reason.NOT_TAKEN: "was sent what it lacks several times, and does not take it",
    Reason.TOO_LARGE: "what it lacks is too large to be sent",
    Reason.OFFLINE: "is not connected",
    Reason.NEVER_SEEN: "never checked in",
    Reason.OTHER_MANIFEST: "holds another decoder manifest",
    Reason.NO_MANIFEST: "nobody knows its decoder manifest",
    Reason.UNFIT: "its decoder manifest lacks what the campaign needs",
    Reason.LATER_WAVE: "its wave has not come",
    Reason.EXPIRED: "holds it still although its time is over; it collects nothing for it",
    Reason.REVOKED: "is revoked",
}
CONVERGED = frozenset({Reason.HOLDS, Reason.DROPPED})


class Standing(NamedTuple):
    """How a vehicle stands to a campaign.

    Attributes:
        wanted: the sync id that it should hold; None for none.
        held: those of the campaign's that it holds.
        since: since when it is so, where that is known.
        detail: more, for a person.
        checkin: when it last checked in.
    """

    vehicle: str
    reason: Reason
    wanted: str | None
    held: tuple[str, ...]
    since: datetime | None
    detail: str
    checkin: datetime | None


class Group(NamedTuple):
    """A vehicle's manifest, and the version that the campaign has for it, compiled; None where it has none for it."""

    manifest: str | None
    scheme: Scheme | Unfit | None


class Case(NamedTuple):
    """A vehicle and a campaign, with all that is known of both.

    Attributes:
        aim: which version the campaign has for whom.
        group: the vehicle's manifest, and the campaign compiled for it.
        known: what it holds and was sent.
    """

    vehicle: Vehicle
    aim: Aim
    group: Group
    known: answers.Vehicle | None

    @property
    def held(self) -> tuple[str, ...]:
        """The campaign's schemes that it holds."""
        return schemes_of(self.aim.campaign.name, self.known.held) if self.known is not None else ()

    @property
    def wanted(self) -> str | None:
        """What it should hold of the campaign."""
        is_offered = self.aim.campaign.state is State.RUNNING and not self.vehicle.revoked
        return self.group.scheme.sync_id if is_offered and isinstance(self.group.scheme, Scheme) else None

    @property
    def is_settled(self) -> bool:
        """Whether it is as it should be; then nobody needs to know of its connection."""
        return self.held == ((self.wanted,) if self.wanted else ())

    def standing(self, now: datetime, contact: Contact | None = None) -> Standing:
        """How the vehicle stands; ``contact`` is its connection, where somebody knows of it."""
        reason, since, detail = self._reason(now, contact)
        checkin = _moment(self.known.seen) if self.known and self.known.seen else None
        return Standing(self.vehicle.id, reason, self.wanted, self.held, since, detail, checkin)

    def _reason(self, now: datetime, contact: Contact | None) -> tuple[Reason, datetime | None, str]:
        campaign, wanted = self.aim.campaign, self.wanted
        if self.vehicle.revoked:
            return Reason.REVOKED, self.vehicle.revoked, ""
        if self.is_settled and wanted:
            return Reason.HOLDS, None, ""
        if wanted is None and campaign.state is State.RUNNING and self.aim.means(self.vehicle) and not self.held:
            return self._never_to_hold()
        if self.is_settled:
            return Reason.DROPPED, None, f"the campaign is {campaign.state.value}"
        return self._differing(now, contact)

    def _never_to_hold(self) -> tuple[Reason, datetime | None, str]:
        """It is meant, but there is nothing for it."""
        campaign = self.aim.campaign
        if self.aim.offer(self.vehicle) is None:
            waves = len(campaign.spec.rollout.waves) if campaign.spec.rollout else 0
            return Reason.LATER_WAVE, campaign.wave_since, f"the campaign is in wave {campaign.wave + 1} of {waves}"
        if self.group.manifest is None:
            return Reason.NO_MANIFEST, None, "none is named as its model, and it names none itself"
        return Reason.UNFIT, None, getattr(self.group.scheme, "reason", "")

    def _differing(self, now: datetime, contact: Contact | None) -> tuple[Reason, datetime | None, str]:
        """Something is to be sent, or was."""
        detail = _difference(self.wanted, self.held)
        if self.known is None or not self.known.seen:
            return Reason.NEVER_SEEN, None, detail
        if self.wanted is None and self.aim.campaign.state is State.EXPIRED:
            return Reason.EXPIRED, self.aim.campaign.spec.expiry, detail
        offline = self._offline_since(now, contact)
        if offline is not None:
            return Reason.OFFLINE, offline, detail
        return self._answering(detail)

    def _answering(self, detail: str) -> tuple[Reason, datetime | None, str]:
        """It is connected, and has not what it should have."""
        assert self.known is not None
        sent, manifest = self._sent(), self.group.manifest
        since = _moment(sent.first) if sent else None
        if sent is not None and sent.problem:
            return Reason.TOO_LARGE, since, sent.problem
        if sent is not None and sent.times >= NOT_TAKEN_TIMES and self.known.seen > sent.first:
            return Reason.NOT_TAKEN, since, f"sent {sent.times} times; {detail}"
        if manifest is not None and manifest not in self.known.held and self.wanted:
            others = sorted(one for one in self.known.held if one.startswith(f"{manifest.partition('@')[0]}@"))
            holds = f"holds {others[0]}" if others else "does not hold it"
            return Reason.OTHER_MANIFEST, since, f"{holds}, should hold {manifest}{_sent_text(sent)}"
        return Reason.DUE if sent is None else Reason.WAITING, since, detail + _sent_text(sent)

    def _offline_since(self, now: datetime, contact: Contact | None) -> datetime | None:
        assert self.known is not None
        if contact is not None and contact.connected is not None:
            return None if contact.connected else contact.seen
        silent = now.timestamp() - self.known.seen > SILENT_S
        return _moment(self.known.seen) if silent else None

    def _sent(self) -> answers.Sent | None:
        """The document that it was sent and that would settle the difference."""
        assert self.known is not None
        sent = self.known.sent
        if self.group.manifest is not None and self.group.manifest not in self.known.held:
            return sent.get(DownKind.DECODER_MANIFEST)
        return sent.get(DownKind.COLLECTION_SCHEMES)


@lru_cache(10_000)
def schemes_of(campaign: str, held: frozenset[str]) -> tuple[str, ...]:
    """Those of a campaign among what a vehicle holds; in a fleet thousands hold the same."""
    return tuple(sorted(one for one in held if one.startswith(f"{campaign}@")))


def _difference(wanted: str | None, held: tuple[str, ...]) -> str:
    if wanted is None:
        return f"still holds {', '.join(held)}"
    return f"holds {', '.join(held)}, should hold {wanted}" if held else f"should hold {wanted}"


def _sent_text(sent: answers.Sent | None) -> str:
    if sent is None:
        return ""
    return f"; sent {sent.times} times" if sent.times > 1 else "; sent once"


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
