from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaido.catalog import units


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("km/h", "km/h"),
        ("KPH", "km/h"),
        ("[kph]", "km/h"),
        ("degC", "celsius"),
        ("°C", "celsius"),
        ("deg C", "celsius"),
        ("C", "celsius"),
        ("%", "percent"),
        ("1/min", "rpm"),
        ("RPM", "rpm"),
        ("deg/s", "degrees/s"),
        ("m/s2", "m/s^2"),
        ("kW", "kW"),
        ("kwh", "kWh"),
        ("mV", "mV"),
        ("", None),
        ("furlong", None),
    ],
)
def test_spellings_of_can_databases(spelling: str, name: str | None) -> None:
    assert units.canonical(spelling) == name


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        (10, "m/s", "km/h", 36),
        (60, "mph", "km/h", 96.56064),
        (212, "fahrenheit", "celsius", 100),
        (0, "celsius", "kelvin", 273.15),
        (1, "kWh", "Wh", 1000),
        (0.5, "ratio", "percent", 50),
        (2.5, "bar", "kPa", 250),
        (1, "mile", "km", 1.609344),
    ],
)
def test_conversions(value: float, source: str, target: str, expected: float) -> None:
    converted = units.conversion(source, target)
    assert converted is not None
    factor, offset = converted
    assert math.isclose(value * factor + offset, expected)


def test_other_quantities_do_not_convert() -> None:
    assert units.conversion("km/h", "km") is None


@pytest.mark.parametrize("name", list(units._UNITS))
def test_a_unit_converts_to_itself_exactly(name: str) -> None:
    assert units.conversion(name, name) == (1.0, 0.0)
    assert units.canonical(name) == name


@given(st.text(max_size=12))
def test_any_text_is_a_unit_or_none(text: str) -> None:
    name = units.canonical(text)
    assert name is None or name in units._UNITS
