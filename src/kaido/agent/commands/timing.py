"""How long a command is valid (``docs/decisions/0016-commands-in-the-car.md``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kaido.agent.commands.outcomes import TIMED_OUT, CommandError, Reason

if TYPE_CHECKING:
    from kaido.agent.commands.request import Command

LONGEST_MS = 30 * 86_400_000
"""A timeout that is longer counts as this; so long a command without one is remembered in any case."""
_END_MS = 253_402_300_799_000
"""The end of the year 9999."""


@dataclass(frozen=True)
class Validity:
    """What a vehicle's clock makes of a command's times.

    Attributes:
        expires_ms: the end by the vehicle's clock, ms since the epoch.
        remaining_s: until then, but never more than the command's timeout: a clock that is behind wins no time.
        ahead_s: how far in the future the command was issued by the vehicle's clock; 0 where it was not.
    """

    expires_ms: int
    remaining_s: float | None
    ahead_s: float


def validity(command: Command, now_ms: int) -> Validity:
    """How long a command is valid that came at ``now_ms`` of the vehicle's clock."""
    issued_ms = command.issued_ms or now_ms
    ahead_s = max(0, issued_ms - now_ms) / 1e3
    if not command.timeout_ms:
        return Validity(now_ms + LONGEST_MS, None, ahead_s)
    timeout_ms = min(command.timeout_ms, LONGEST_MS)
    left_ms = min(issued_ms + timeout_ms - now_ms, timeout_ms)
    return Validity(min(issued_ms + timeout_ms, _END_MS), left_ms / 1e3, ahead_s)


def check(command: Command, now_ms: int) -> None:
    """Whether a command is still valid.

    Raises:
        CommandError: it is not.
    """
    remaining_s = validity(command, now_ms).remaining_s
    if remaining_s is not None and remaining_s <= 0:
        raise CommandError(
            Reason.TIMED_OUT_BEFORE_DISPATCH,
            f"it was valid for {command.timeout_ms / 1e3:g} s and came {-remaining_s:.1f} s after its end, by the "
            "vehicle's clock",
            TIMED_OUT,
        )
