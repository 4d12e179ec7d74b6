"""Vehicles whose clock is wrong: what a checkin says the time is, against when it arrived.

Only checkins tell: they are sent live, while data may rightly be old when they come (from an outbox after a week in a
garage, from a recorded drive). Data are stored with the times that the vehicle gave them.
"""

from __future__ import annotations

WRONG_S = 60.0
"""Seconds beyond which a clock is called wrong: no link that works takes so long."""
STEADY_S = 60.0
"""Two checkins in a row have to agree so far: one that waited on its way says nothing about the clock."""
MOST = 10_000
"""Vehicles that are remembered."""
SHOWN = 20


class Clocks:
    """The vehicles of all companies whose last checkins gave a wrong time."""

    def __init__(self) -> None:
        self._off: dict[tuple[str, str], tuple[float, bool]] = {}

    def checked_in(self, company: str, vehicle: str, timestamp_ms: int, arrival_us: int) -> bool:
        """Take a checkin in; whether it is the one by which the vehicle's clock is first known to be wrong.

        Args:
            company: whose vehicle.
            vehicle: its id.
            timestamp_ms: what it says the time is; 0 where it says nothing.
            arrival_us: when the gateway got it.
        """
        key = (company, vehicle)
        offset_s = timestamp_ms / 1e3 - arrival_us / 1e6
        before = self._off.pop(key, None)
        if not timestamp_ms or abs(offset_s) <= WRONG_S:
            return False
        certain = before is not None and abs(offset_s - before[0]) <= STEADY_S
        if len(self._off) < MOST:
            self._off[key] = (offset_s, certain)
        return certain and before is not None and not before[1]

    def wrong(self, company: str) -> dict[str, float]:
        """The clocks known to be wrong: vehicle and seconds ahead (negative: behind), the worst first."""
        found = {
            vehicle: round(offset_s, 1)
            for (owner, vehicle), (offset_s, certain) in self._off.items()
            if certain and owner == company
        }
        return dict(sorted(found.items(), key=lambda one: -abs(one[1])))
