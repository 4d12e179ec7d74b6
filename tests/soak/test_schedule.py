from __future__ import annotations

from collections import Counter

import pytest

from kaido.soak.schedule import KILLED, draw


@pytest.mark.parametrize(("minutes", "kills"), [(60, 20), (30, 10), (2, 2)])
def test_every_part_is_killed_in_proportion(minutes: float, kills: int) -> None:
    events = draw(minutes, 1)
    assert Counter(one.part for one in events if one.deed == "kill") == dict.fromkeys(KILLED, kills)
    assert events == sorted(events)
    assert 0 < events[0].at_s < events[-1].at_s < 60 * minutes


def test_the_same_seed_draws_the_same() -> None:
    assert draw(10, 3) == draw(10, 3) != draw(10, 4)
