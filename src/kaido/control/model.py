"""What a campaign is, and what is on record of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from kaido.control.life import Action, State
    from kaido.control.spec import CampaignSpec


@dataclass(frozen=True)
class By:
    """Who changes something, and why."""

    who: str = "local"
    why: str = ""


PLATFORM = "kaido"
"""Who changes a campaign when nobody does: time, or a limit."""


@dataclass(frozen=True)
class Base:
    """The version that vehicles hold whose wave of the newest version has not come.

    Attributes:
        version: its number.
        wave: the wave that it had reached, from 0.
        spec: what it asks for.
    """

    version: int
    wave: int
    spec: CampaignSpec


@dataclass(frozen=True)
class Campaign:
    """A campaign of a company.

    Attributes:
        sync_id: its version: the name and a hash of the specification. Vehicles hold it under ids of the same name,
            one for each decoder manifest.
        state: what it does; one whose time is over is expired, also before that is on record.
        spec: what it asks for.
        version: from 1; an edit makes the next one.
        wave: the wave it is in, from 0.
        wave_since: since when.
        base: what vehicles hold whose wave has not come.
        changed: when its version, state or wave last changed.
        why: the reason that was given then.
    """

    company: str
    sync_id: str
    state: State
    created: datetime
    spec: CampaignSpec
    version: int
    wave: int
    wave_since: datetime
    base: Base | None
    changed: datetime
    why: str

    @property
    def name(self) -> str:
        """Its name in its company."""
        return self.spec.name


@dataclass(frozen=True)
class Change:
    """A change of a campaign, as it is on record.

    Attributes:
        version: the version behind it; so are ``state`` and ``wave``.
    """

    moment: datetime
    who: str
    what: Action
    why: str
    version: int
    state: State
    wave: int


@dataclass(frozen=True)
class Version:
    """A version of a campaign, as it is on record."""

    version: int
    sync_id: str
    created: datetime
    spec: CampaignSpec
