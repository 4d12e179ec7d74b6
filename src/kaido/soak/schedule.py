"""What is done to the platform and when: drawn by lot, the same for the same seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

Deed = Literal["kill", "stop", "stall", "storm", "hostile"]

KILLED = ("gateway", "nats", "ingest", "api")
KILLS_PER_HOUR = 20
"""Of each of them."""
FEWEST_KILLS = 2
OTHERS: tuple[tuple[Deed, str], ...] = (
    ("stop", "gateway"),
    ("stop", "ingest"),
    ("stop", "control"),
    ("stall", "gateway"),
    ("stall", "nats"),
    ("stall", "ingest"),
    ("storm", ""),
    ("hostile", ""),
)
"""Done once in ten minutes each, and at least once."""
LEAD, REST = 0.04, 0.9
"""The part of the time before the first deed, and after the last: the platform comes up, and comes to rest."""


@dataclass(frozen=True, order=True)
class Event:
    """A deed at a moment.

    Attributes:
        at_s: seconds from the beginning.
        deed: ``kill`` is SIGKILL, ``stop`` SIGTERM, ``stall`` SIGSTOP for some seconds; a ``storm`` is all vehicles
            connecting anew at once, ``hostile`` is garbage and half-open clients at the gateway.
        part: the process it is done to, if it is done to one.
    """

    at_s: float
    deed: Deed
    part: str


def draw(minutes: float, seed: int) -> list[Event]:
    """The deeds of a soak, in order."""
    lot = random.Random(seed)  # noqa: S311  # it has to be repeatable, not secret
    kills = max(FEWEST_KILLS, round(KILLS_PER_HOUR * minutes / 60))
    deeds: list[tuple[Deed, str]] = [("kill", part) for part in KILLED for _ in range(kills)]
    deeds += [one for one in OTHERS for _ in range(max(1, round(minutes / 10)))]
    seconds = 60 * minutes
    return sorted(Event(lot.uniform(LEAD * seconds, REST * seconds), deed, part) for deed, part in deeds)
