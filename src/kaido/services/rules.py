"""The numbers that the transformations decide by. ``docs/methods`` says why each is what it is."""

from __future__ import annotations

from dataclasses import dataclass, field

from kaido.runtime import clock

_SECOND = 1_000_000
_MINUTE = 60 * _SECOND
_DAY = 24 * 60 * _MINUTE


@dataclass(frozen=True)
class Rules:
    """Times in microseconds.

    Attributes:
        quiet_us: silence of all signals from which on a moving car's values are unknown.
        lost_us: silence after which a state no longer holds.
        crawl_mps: mean speed by odometer over such a silence from which on it was driven through.
        off_us: power off for at most so long is no end of a trip.
        stand_us: standing with power on for at most so long is part of a trip.
        stop_us: the same where the power state is unknown.
        moving_us: less movement than this is no trip.
        flicker_us: less charging than this is no charge.
        pause_us: longest pause of a charge with its cable in.
        unseen_us: the same where the cable's state is unknown.
        steady_us: silence in which a charge goes on.
        inflow_w: power into a standing car's battery that is a charge, where nothing else tells.
        rise_us: steps of the state of charge that are at most so far apart are a charge, where nothing else tells.
        dense_us: samples at most so far apart are joined by a line; a value further from the next holds.
        doze_us: longest time that a value holds in idles: sleeping cars do not say that they fell asleep.
        slot_us: a piece of a charge curve.
        climb_us: altitudes are averaged over this before they are compared.
        earliest_us: what is said to have been before (the year 2000), a wrong clock says.
        latest_us: the same of what is said to be after: a day from now.
    """

    quiet_us: int = 20 * _SECOND
    lost_us: int = 10 * _MINUTE
    crawl_mps: float = 1.5
    off_us: int = 60 * _SECOND
    stand_us: int = 15 * _MINUTE
    stop_us: int = 5 * _MINUTE
    moving_us: int = 10 * _SECOND
    flicker_us: int = 30 * _SECOND
    pause_us: int = 120 * _MINUTE
    unseen_us: int = 10 * _MINUTE
    steady_us: int = 180 * _MINUTE
    inflow_w: float = 500.0
    rise_us: int = 120 * _MINUTE
    dense_us: int = 2 * _SECOND
    doze_us: int = 60 * _SECOND
    slot_us: int = 5 * _MINUTE
    climb_us: int = 30 * _SECOND
    earliest_us: int = 946_684_800 * _SECOND
    latest_us: int = field(default_factory=lambda: clock.now_us() + _DAY)

    @property
    def settled_us(self) -> int:
        """How far from new samples an old decision stands: no rule looks further."""
        return max(self.stand_us, self.pause_us, self.rise_us, self.lost_us, self.stop_us, self.steady_us)
