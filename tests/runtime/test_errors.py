from __future__ import annotations

import pickle

import pytest

from kaido.errors import ALL_ERRORS, KaidoError, NotFoundError, from_problem, nearest_names


@pytest.mark.parametrize("kind", ALL_ERRORS)
def test_an_error_crosses_processes_and_the_api(kind: type[KaidoError]) -> None:
    error = kind("what", why="why", fix="fix")
    for copy in (pickle.loads(pickle.dumps(error)), from_problem(error.problem())):
        assert type(copy) is kind
        assert copy.problem() == error.problem()
    assert str(error) == "what: why. fix"


def test_an_unknown_name_brings_the_nearest() -> None:
    error = NotFoundError.of("signal", "Vehicle.Sped", ["Vehicle.Speed", "Vehicle.Body"])
    assert error.fix == "Did you mean Vehicle.Speed?"
    assert nearest_names("xyz", ["Vehicle.Speed"]) == []
