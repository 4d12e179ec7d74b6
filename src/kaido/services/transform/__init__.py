"""The transformations: one SQL file each, DuckDB's dialect, each making one table out of those before it.

This is their only definition. ``kaido.services.engine`` runs them with DuckDB; ``kaido.services.spark`` has SQLGlot
translate them and runs them on a cluster. So they hold what both know and mean alike: whole microseconds instead of
times, doubles written with an exponent (``0.5e0``; else it is a decimal), windows with a total order.

They begin with the tables ``samples`` (vehicle, signal, time_us, value, text), ``windows`` (car, vehicle, low, high,
bounded), ``carried`` (car, role, value), ``roles``, ``states``, ``words`` and ``numbers``.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import cache
from importlib import resources
from string import Template
from typing import TYPE_CHECKING

from kaido.services.signals import CODES

if TYPE_CHECKING:
    from kaido.services.rules import Rules

STEPS = (
    *("readings", "present", "heard", "silences", "changes", "spans", "activities"),
    *("pieces", "products", "measures", "totals", "wide", "climbs"),
    *("trips", "charges", "idles", "charge_curves", "currents", "standing"),
)
"""In the order in which they are run."""
RESULTS = ("activities", "trips", "charges", "idles", "charge_curves", "currents", "standing")
"""The tables that are asked for."""


def statement(step: str, rules: Rules) -> str:
    """The SELECT of a step, with the codes of roles and the rules' numbers in it."""
    numbers = {
        name: f"{value!r}e0" if isinstance(value, float) else str(value) for name, value in asdict(rules).items()
    }
    return _text(step).substitute({name: str(code) for name, code in CODES.items()}, **numbers)


@cache
def _text(step: str) -> Template:
    return Template(resources.files(__package__).joinpath(f"{step}.sql").read_text("utf-8"))
