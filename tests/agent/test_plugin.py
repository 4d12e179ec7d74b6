from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from kaido.agent.plugin import load_actuators, load_software
from kaido.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODULE = """
from kaido.agent import Actuators, Software

def horn(order):
    print("honk")

def actuators():
    made = Actuators()
    made.register("Vehicle.Body.Horn.IsActive", horn)
    return made

def software():
    made = Software()
    made.function("loud", lambda: True)
    return made

def nothing():
    return None
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "my_own_car.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path
    sys.modules.pop("my_own_car", None)


def test_a_module_in_the_working_directory(folder: Path) -> None:
    assert folder
    found = load_actuators("my_own_car:actuators").find(1, "Vehicle.Body.Horn.IsActive")
    assert found is not None


def test_software_too(folder: Path) -> None:
    assert folder
    assert "loud" in load_software("my_own_car:software").functions
    with pytest.raises(InvalidInputError, match="returns no software"):
        load_software("my_own_car:actuators")


@pytest.mark.parametrize("name", ["", "my_own_car", "my_own_car:", "my_own_car:none", "no_car:actuators", ":a", "..:a"])
def test_what_is_not_there_is_told_so(folder: Path, name: str) -> None:
    assert folder
    with pytest.raises(InvalidInputError, match="names no actuators"):
        load_actuators(name)


def test_what_returns_something_else_is_told_so(folder: Path) -> None:
    assert folder
    with pytest.raises(InvalidInputError, match="returns no actuators"):
        load_actuators("my_own_car:nothing")
