"""States and outcomes of commands, as pages show them."""

from __future__ import annotations

from typing import NamedTuple

STATES = {
    "awaiting approval": "warn",
    "waiting": "warn",
    "sent": "warn",
    "delivered": "warn",
    "in progress": "warn",
}
"""Where a command has no outcome yet, and how that is coloured."""
OUTCOMES = {
    "succeeded": "good",
    "failed": "bad",
    "timed out": "bad",
    "expired before delivery": "bad",
    "rejected by policy": "bad",
    "cancelled": "off",
}
"""What becomes of a command, and how that is coloured."""
UNSENT = ("awaiting approval", "waiting")
"""Where it can still be cancelled."""
KINDS = STATES | OUTCOMES


class Part(NamedTuple):
    """Vehicles at which a command stands alike, as a part of a bar that is 100 wide."""

    word: str
    kind: str
    vehicles: int
    start: float
    width: float


def tally(counts: dict[str, int]) -> list[Part]:
    """How many vehicles have each outcome or, without one, state: as ``counts`` of the API."""
    whole = sum(counts.values()) or 1
    found, start = [], 0.0
    for word in [*OUTCOMES, *STATES]:
        if count := counts.get(word, 0):
            width = 100 * count / whole
            found.append(Part(word, KINDS[word], count, start, width))
            start += width
    return found


def is_open(counts: dict[str, int]) -> bool:
    """Whether some of its vehicles have no outcome yet."""
    return any(counts.get(state) for state in STATES)


def unsent(counts: dict[str, int]) -> int:
    """To how many vehicles it was not sent yet."""
    return sum(counts.get(state, 0) for state in UNSENT)
