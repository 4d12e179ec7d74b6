"""The tables that the electric services derive from the lake, as ``flow.TABLES`` lists them.

Times are UTC; energies Wh, powers W, distances m, durations s, temperatures °C, states of charge percent. Power and
current *into* the battery are positive, and ``power_max_w`` of a trip is the most that was drawn from it. What could
not be known is null, never a guess.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

_MOMENT = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True)
class Derived:
    """A derived table.

    Attributes:
        name: below the company's folder, and in SQL.
        time: the column by whose UTC day it is partitioned.
        schema: its columns.
    """

    name: str
    time: str
    schema: pa.Schema


def _text(*names: str) -> list[pa.Field]:
    return [pa.field(name, pa.string(), nullable=False) for name in names]


def _moments(*names: str) -> list[pa.Field]:
    return [pa.field(name, _MOMENT, nullable=False) for name in names]


def _numbers(*names: str) -> list[pa.Field]:
    return [pa.field(name, pa.float64()) for name in names]


_REMARKS = [pa.field("complete", pa.bool_(), nullable=False), pa.field("notes", pa.string())]

CARRIED = (
    *("speed", "odometer", "power_state", "gear", "latitude", "longitude", "power", "voltage", "current", "soc"),
    *(
        "energy",
        "battery_temperature",
        "connected",
        "charging",
        "cable",
        "plug",
        "ac_voltage",
        "ac_current_1",
        "ac_current_2",
    ),
    *("ac_current_3", "dc_voltage", "dc_current", "ambient", "climate", "engine", "fuel", "generator"),
)
"""Roles of signals (``kaido.services.signals``) whose values an activity begins with."""

ACTIVITIES = Derived(
    "activities",
    "start",
    pa.schema(
        [*_text("id", "vehicle", "kind"), *_moments("start", "end"), *_numbers(*(f"last_{role}" for role in CARRIED))]
    ),
)
"""The whole life of each vehicle, without a gap: kind is ``trip``, ``charge`` or ``idle``; and what was known then."""

TRIPS = Derived(
    "trips",
    "start",
    pa.schema(
        [
            *_text("id", "vehicle"),
            *_moments("start", "end"),
            *_numbers("duration_s", "moving_s", "distance_m", "distance_odometer_m", "distance_speed_m"),
            *_numbers("energy_out_wh", "energy_in_wh", "auxiliary_wh", "soc_start_percent", "soc_end_percent"),
            *_numbers("speed_max_kmh", "speed_mean_kmh", "power_max_w", "temperature_c"),
            *_numbers("elevation_gain_m", "elevation_loss_m"),
            *_numbers("start_latitude", "start_longitude", "end_latitude", "end_longitude", "longest_gap_s"),
            *_REMARKS,
            *_numbers("fuel_l", "engine_s", "generator_wh"),
            *_numbers("stored_start_wh", "stored_end_wh", "measured_s", "battery_temperature_c"),
        ]
    ),
)
CHARGES = Derived(
    "charges",
    "start",
    pa.schema(
        [
            *_text("id", "vehicle"),
            *_moments("start", "end"),
            *_text("kind", "connector"),
            *_numbers("latitude", "longitude", "energy_battery_wh", "charge_ah", "energy_wall_wh"),
            *_numbers("soc_start_percent", "soc_end_percent", "charging_s"),
            pa.field("interruptions", pa.int64(), nullable=False),
            *_numbers("power_max_w", "power_mean_w", "battery_temperature_c"),
            *_REMARKS,
            *_numbers("stored_start_wh", "stored_end_wh", "measured_s", "temperature_c"),
        ]
    ),
)
CURVES = Derived(
    "charge_curves",
    "time",
    pa.schema(
        [
            *_text("charge", "vehicle"),
            *_moments("time"),
            *_numbers("energy_battery_wh", "energy_wall_wh", "soc_percent", "power_w"),
        ]
    ),
)
IDLES = Derived(
    "idles",
    "start",
    pa.schema(
        [
            *_text("id", "vehicle"),
            *_moments("start", "end"),
            *_numbers("energy_wh", "soc_start_percent", "soc_end_percent", "temperature_c"),
            *_REMARKS,
            *_numbers("latitude", "longitude", "stored_start_wh", "stored_end_wh", "measured_s"),
        ]
    ),
)
CURRENTS = Derived(
    "currents",
    "start",
    pa.schema(
        [
            *_text("id", "vehicle"),
            *_moments("start", "end"),
            *_text("kind"),
            *_numbers("charge_in_ah", "charge_out_ah", "inflow_s", "counted_s"),
            pa.field("energy_by", pa.string()),
            *_numbers("soc_start_percent", "soc_end_percent"),
            pa.field("complete", pa.bool_(), nullable=False),
        ]
    ),
)
"""What the battery's current sensor counted over each trip and charge (``id`` is theirs), as it counts: how far it is
off is estimated from this. ``inflow_s`` is how long current flowed into the battery, ``counted_s`` how long it was
known; ``energy_by`` is ``current`` or ``power``: what the energies of that trip or charge came from."""
BATTERY = Derived(
    "battery",
    "month",
    pa.schema(
        [
            *_text("id", "vehicle"),
            *_moments("month", "date"),
            *_text("chemistry", "method"),
            pa.field("sessions", pa.int64(), nullable=False),
            pa.field("left_out", pa.int64(), nullable=False),
            *_numbers("charge_ah", "charge_ah_low", "charge_ah_high", "energy_wh", "energy_wh_low", "energy_wh_high"),
            *_numbers("health_percent", "health_percent_low", "health_percent_high"),
            *_numbers("fade_percent", "fade_percent_low", "fade_percent_high", "scatter"),
            pa.field("missing", pa.string()),
            *_numbers("fast_share_percent", "mean_temperature_c", "mean_depth_percent", "full_charges_a_year"),
        ]
    ),
)
"""What is known of each battery at the end of each month; a value is null where there is too little data, and
``missing`` says what is."""
DERIVED = (TRIPS, CHARGES, CURVES, IDLES, CURRENTS, ACTIVITIES)
"""In the order in which they are written: ``activities`` is last, and says how far all of them are."""
ALL = (*DERIVED, BATTERY)
"""Those and what is estimated from them."""
