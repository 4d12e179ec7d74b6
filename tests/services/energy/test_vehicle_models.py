"""Vehicle models as data: ours, a company's own, and what a wrong file is told."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaido.errors import InvalidInputError
from kaido.services.energy.models import UNKNOWN, models, parse, vehicle_of
from kaido.sim.models import MODELS

if TYPE_CHECKING:
    from pathlib import Path

OWN = "My Car: {mass_kg: 1500, body: {rolling: 0.01, drag_area_m2: 0.7}, usable_wh: 50000, also: [mc]}"


def test_the_simulated_fleet_s_models_are_known() -> None:
    assert {model.name for model in MODELS} <= models().keys()


def test_names_count_whatever_their_capitals() -> None:
    assert vehicle_of(" nissan LEAF ").name == "Nissan Leaf 40 kWh"
    for unknown in ("no such car", "", None):
        assert vehicle_of(unknown) is UNKNOWN


def test_a_company_s_file_adds_replaces_and_is_read_anew(tmp_path: Path) -> None:
    file = tmp_path / "vehicle-models" / "acme.yaml"
    file.parent.mkdir()
    file.write_text(OWN)
    assert vehicle_of("MC", tmp_path, "acme").mass_kg == 1500
    assert vehicle_of("MC", tmp_path, "other") is UNKNOWN
    file.write_text(OWN.replace("1500", "1600"))
    os.utime(file, ns=(1, 1))
    assert vehicle_of("My Car", tmp_path, "acme").mass_kg == 1600
    assert vehicle_of("My Car", tmp_path, "acme").assumed == ("motor power", "heating")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[1, 2]", "no mapping"),
        ("a: [", "no YAML"),
        ("a: {mass_kg: 1500}", "either road_load or body"),
        (OWN.replace("1500", "-1"), "mass_kg"),
        (OWN.replace("1500", ".nan"), "mass_kg"),
        (OWN.replace("usable_wh", "usable_kwh"), "usable_kwh"),
        (OWN.replace("0.01", "1"), "rolling"),
    ],
)
def test_a_wrong_file_is_told_where(text: str, why: str) -> None:
    with pytest.raises(InvalidInputError, match=why):
        parse(text, "acme.yaml")


@settings(max_examples=50, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(list(OWN)), max_size=60).map("".join)))
def test_any_text_gives_models_or_says_why_not(text: str) -> None:
    try:
        found = parse(text, "x")
    except InvalidInputError:
        return
    assert all(vehicle.mass_kg > 0 for vehicle in found.values())
