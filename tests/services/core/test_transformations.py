"""The SQL itself: one definition, that another engine understands too."""

from __future__ import annotations

import pytest

from kaido.flow_electric import CARRIED
from kaido.services.rules import Rules
from kaido.services.signals import CODES, PRODUCTS, ROLES, WORDS
from kaido.services.transform import RESULTS, STEPS, statement


@pytest.mark.parametrize("step", STEPS)
def test_every_statement_is_translated_for_spark(step: str) -> None:
    pytest.importorskip("sqlglot", reason="the extra 'spark' is not installed")
    from kaido.services.spark import translated  # noqa: PLC0415  # needs the extra

    assert translated(statement(step, Rules())).startswith(("SELECT", "WITH"))


@pytest.mark.parametrize("step", STEPS)
def test_nothing_is_left_to_fill_in(step: str) -> None:
    assert "$" not in statement(step, Rules())


def test_results_are_steps() -> None:
    assert set(RESULTS) <= set(STEPS)


def test_every_role_but_the_altitude_is_carried_over_a_boundary() -> None:
    assert set(CARRIED) == {role.name for role in ROLES} - {"altitude"}


def test_codes_are_each_of_one_role() -> None:
    assert len(set(CODES.values())) == len(ROLES) + len(PRODUCTS)
    assert set(WORDS) <= set(CODES)
