"""What happens to cars: lights, tunnels, ferries, tow trucks, clocks that jump, and signals that are not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kaido.lake import Lake
from kaido.services.derive import How, catch_up
from kaido.services.rules import Rules
from tests.services.core.lives import NOON, Life, derived, minutes

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path, "acme")


def _derive(lake: Lake, life: Life) -> None:
    lake.append(life.rows(), app_id="test", version=1)
    catch_up(lake)


def test_a_steady_drive_has_the_distance_and_energy_that_arithmetic_gives(lake: Lake) -> None:
    life = Life().say(0, power_state="ON", soc=80).drive(0, 30).say(30, power_state="OFF", soc=70)
    _derive(lake, life)
    (trip,) = derived(lake, "trips")
    assert minutes(trip) == (0, 30)
    assert trip["energy_out_wh"] == pytest.approx(6_000, rel=1e-3)
    assert trip["distance_speed_m"] == pytest.approx(30_000, rel=2e-3)
    assert trip["distance_odometer_m"] == pytest.approx(30_000, rel=1e-3)
    assert (trip["soc_start_percent"], trip["soc_end_percent"]) == (80, 70)
    assert trip["complete"]
    assert trip["notes"] is None


def test_lights_and_a_stop_of_some_minutes_end_no_trip_but_switching_off_does(lake: Lake) -> None:
    life = Life().say(0, power_state="ON").drive(0, 5).drive(6, 10, odometer=105)  # a light
    for minute in range(11, 22):  # waiting, powered
        life.say(minute, power=-500 - minute)
    life.drive(22, 30, odometer=109).say(30, power_state="OFF")
    life.say(34, power_state="ON").drive(34, 40, odometer=117).say(40, power_state="OFF")
    _derive(lake, life)
    assert [minutes(trip) for trip in derived(lake, "trips")] == [(0, 30), (34, 40)]


def test_samples_of_a_wrong_clock_are_left_out_and_counted(lake: Lake) -> None:
    life = Life().say(-55 * 525_960, soc=80).say(3 * 525_960, soc=70).say(0, power_state="ON").drive(0, 10)
    lake.append(life.rows(), app_id="test", version=1)
    day_us = 86_400_000_000
    done = catch_up(lake, How(rules=Rules(latest_us=round(NOON.timestamp() * 1e6) + day_us)))
    assert done is not None
    assert done.left_out == 2
    (trip,) = derived(lake, "activities")
    assert minutes(trip) == (0, 10)
    assert not derived(lake, "trips")[0]["complete"]


def test_standing_for_long_with_power_on_is_no_trip(lake: Lake) -> None:
    life = Life().say(0, power_state="ON").drive(0, 5)
    for minute in range(6, 60):
        life.say(minute, power=-500.0 - minute)
    life.drive(60, 65, odometer=105).say(65, power_state="OFF")
    _derive(lake, life)
    assert [minutes(trip) for trip in derived(lake, "trips")] == [(0, 5), (60.03, 65)]


def test_a_tunnel_ends_no_trip_and_its_energy_is_filled_in(lake: Lake) -> None:
    life = Life().say(0, power_state="ON").drive(0, 10).say(10, speed=60)
    life.drive(13, 20, odometer=113).say(20, power_state="OFF")
    _derive(lake, life)
    (trip,) = derived(lake, "trips")
    assert minutes(trip) == (0, 20)
    assert trip["energy_out_wh"] == pytest.approx(4_000, rel=0.01)
    assert trip["longest_gap_s"] == pytest.approx(180, abs=3)


def test_a_long_silence_is_driven_through_where_the_odometer_went_on(lake: Lake) -> None:
    life = Life().say(0, power_state="ON").drive(0, 10)
    life.drive(40, 50, odometer=140).say(50, power_state="OFF")
    parked = Life("other").say(0, power_state="ON").drive(0, 10)
    parked.drive(40, 50, odometer=110).say(50, power_state="OFF")
    lake.append(parked.rows(), app_id="other", version=1)
    _derive(lake, life)
    through, first, second = derived(lake, "trips")
    assert minutes(through) == (0, 50)
    assert not through["complete"]
    assert "nothing was heard for 30 min" in through["notes"]
    assert (minutes(first)[0], minutes(second)) == (0, (40, 50))


def test_a_ferry_and_a_tow_truck_move_a_car_without_a_trip(lake: Lake) -> None:
    life = Life().say(0, power_state="OFF", odometer=100.0, latitude=35.0, longitude=139.0)
    for minute in range(1, 60):
        life.say(minute, latitude=35.0 + minute / 500, longitude=139.0)
    _derive(lake, life)
    assert derived(lake, "trips") == []
    (idle,) = derived(lake, "idles")
    assert "moved without being driven" in idle["notes"]


def test_a_clock_that_jumps_back_is_noted_and_loses_no_trip(lake: Lake) -> None:
    life = Life().say(0, power_state="ON").drive(0, 10)
    life.drive(8, 20, odometer=110).say(20, power_state="OFF")  # two minutes are told twice
    _derive(lake, life)
    (trip,) = derived(lake, "trips")
    assert minutes(trip) == (0, 20)
    assert "went back" in trip["notes"]


def test_speed_alone_makes_trips(lake: Lake) -> None:
    life = Life()
    for begin in (0.0, 8.0, 60.0):
        life.say(begin, speed=0).say(begin + 0.1, speed=50).say(begin + 5, speed=0)
    _derive(lake, life)
    first, second = derived(lake, "trips")
    assert (minutes(first), minutes(second)) == ((0.1, 13), (60.1, 65))
    assert first["energy_out_wh"] is None


def test_an_odometer_alone_makes_trips(lake: Lake) -> None:
    life = Life()
    for minute in range(10):
        life.say(minute, odometer=100 + 0.8 * min(minute, 7))
    _derive(lake, life)
    (trip,) = derived(lake, "trips")
    assert minutes(trip) == (0, 7)
    assert trip["distance_m"] == pytest.approx(5_600)


def test_a_cable_and_the_state_of_charge_make_a_charge(lake: Lake) -> None:
    life = Life().say(0, soc=40, cable=0).say(2, cable=1)
    for step in range(21):
        life.say(5 + 6 * step, soc=40 + step)
    life.say(200, cable=0)
    _derive(lake, life)
    (charge,) = derived(lake, "charges")
    assert minutes(charge) == (5, 125)
    assert (charge["soc_start_percent"], charge["soc_end_percent"]) == (40, 60)
    assert charge["energy_battery_wh"] is None
    assert "power is not known" in charge["notes"]


def test_power_alone_makes_a_charge_while_the_car_is_off(lake: Lake) -> None:
    life = Life().say(0, power_state="OFF", power=0)
    for step in range(181):
        life.say(10 + step / 6, power=7_000 + step % 3)
    life.say(40.1, power=0).say(41, power=0)
    _derive(lake, life)
    (charge,) = derived(lake, "charges")
    assert minutes(charge) == (10, 40.1)
    assert charge["energy_battery_wh"] == pytest.approx(3_500, rel=0.01)


def test_a_charge_with_pauses_is_one_until_it_is_unplugged(lake: Lake) -> None:
    life = Life().say(0, power_state="OFF", cable=1, charging=0)
    for begin, end in ((10, 30), (60, 90)):
        life.say(begin, charging=1, power=7_000).say(end, charging=0, power=0)
    life.say(100, cable=0).say(110, cable=1).say(115, charging=1, power=7_000).say(130, charging=0, power=0)
    _derive(lake, life)
    first, second = derived(lake, "charges")
    assert (minutes(first), minutes(second)) == ((10, 90), (115, 130))
    assert (first["interruptions"], first["charging_s"]) == (1, 50 * 60)


def test_sentinels_are_no_values(lake: Lake) -> None:
    life = Life().say(-0.1, soc=1_023, voltage=511.5).say(0, power_state="ON", soc=80)
    life.drive(0, 5).say(3, soc=102.3, voltage=511.5, current=-9_999).say(5, power_state="OFF", soc=79)
    _derive(lake, life)
    (trip,) = derived(lake, "trips")
    assert (trip["soc_start_percent"], trip["soc_end_percent"]) == (80, 79)
    assert trip["energy_out_wh"] == pytest.approx(1_000, rel=0.01)


def test_what_a_parked_car_loses_is_told_by_what_it_stores(lake: Lake) -> None:
    life = Life().say(0, power_state="OFF", energy=50.0, soc=80).say(600, energy=49.6, soc=79.4)
    _derive(lake, life)
    (idle,) = derived(lake, "idles")
    assert idle["energy_wh"] == pytest.approx(400)
    assert not idle["complete"]
    assert "still going" in idle["notes"]
