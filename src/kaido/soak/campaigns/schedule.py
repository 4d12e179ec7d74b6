"""Which process is killed when: drawn by lot, the same for the same seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kaido.soak.schedule import FEWEST_KILLS, LEAD, REST, Event

if TYPE_CHECKING:
    import random

AGENTS = "agents"
KILLS_A_MINUTE = {"gateway": 2.0, "control": 2.0, AGENTS: 3.0}


def draw(minutes: float, lot: random.Random) -> list[Event]:
    """The kills of a soak, in order."""
    seconds = 60 * minutes
    parts = [part for part, rate in KILLS_A_MINUTE.items() for _ in range(max(FEWEST_KILLS, round(rate * minutes)))]
    return sorted(Event(lot.uniform(LEAD * seconds, REST * seconds), "kill", part) for part in parts)
