from __future__ import annotations

import logging

import pytest

from kaido.runtime import clock, log


def test_what_comes_from_outside_cannot_forge_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    before = logging.root.handlers[:], logging.root.level
    try:
        log.set_up("INFO")
        log.event(logging.getLogger("kaido.x"), logging.INFO, "refused", vehicle="a\nERROR kaido: all is lost", n=1)
    finally:
        logging.root.handlers[:], logging.root.level = before
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "x: refused vehicle='a\\nERROR kaido: all is lost' n=1" in lines[0]


@pytest.mark.parametrize(
    ("seconds", "text"), [(3, "3 s"), (300, "5 min"), (7200, "2 h"), (5 * 86_400, "5 d"), (-1, "0 s")]
)
def test_ages_for_people(seconds: float, text: str) -> None:
    assert clock.age(seconds) == text
