"""How a campaign's vehicles stand, as pages show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

KINDS = {
    "holds": "good",
    "dropped": "good",
    "due": "warn",
    "waiting": "warn",
    "later_wave": "wait",
    "offline": "off",
    "never_seen": "off",
    "revoked": "off",
    "expired": "off",
}
"""How a reason is coloured; all others are faults."""
WORDS = {
    "holds": "as wanted",
    "dropped": "dropped",
    "due": "about to be sent",
    "waiting": "sent, not confirmed",
    "not_taken": "does not take it",
    "too_large": "too large",
    "offline": "offline",
    "never_seen": "never seen",
    "other_manifest": "other manifest",
    "no_manifest": "no manifest",
    "unfit": "unfit",
    "later_wave": "later wave",
    "expired": "expired",
    "revoked": "revoked",
}
STATES = {
    "draft": "",
    "running": "good",
    "paused": "bad",
    "suspended": "warn",
    "stopped": "",
    "expired": "",
}
"""How a campaign's state is coloured."""


@dataclass(frozen=True)
class Share:
    """Vehicles that stand alike, as a part of a bar that is 100 wide."""

    reason: str
    word: str
    kind: str
    meaning: str
    vehicles: int
    start: float
    width: float
    examples: list[dict[str, Any]]


@dataclass(frozen=True)
class Standing:
    """A campaign's status, counted.

    Attributes:
        status: as the API says it.
        wanted: vehicles that should hold it.
        held: vehicles that hold what they should.
        differing: vehicles that are not as they should be.
        shares: the vehicles by reason.
    """

    status: dict[str, Any]
    wanted: int
    held: int
    differing: int
    shares: list[Share]


def standing(status: dict[str, Any]) -> Standing:
    """Of what ``GET /v1/campaigns/{name}/status`` answers."""
    shares, start = [], 0.0
    for one in status["reasons"]:
        width = 100 * one["vehicles"] / status["vehicles"]
        reason = one["reason"]
        kind, word = KINDS.get(reason, "bad"), WORDS.get(reason, reason)
        shares.append(Share(reason, word, kind, one["meaning"], one["vehicles"], start, width, one["examples"]))
        start += width
    return Standing(
        status=status,
        wanted=sum(one["wanted"] for one in status["compiled"]),
        held=sum(one["vehicles"] for one in status["reasons"] if one["reason"] == "holds"),
        differing=status["vehicles"] - status["converged"],
        shares=shares,
    )
