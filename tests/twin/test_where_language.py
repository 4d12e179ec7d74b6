"""The where-language: what it means, and how it refuses what means nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaido.twin.texts import TextColumn
from kaido.twin.where import Expression, Number, WhereError, evaluate, parse
from kaido.twin.where.syntax import Age, Binary, In, IsNull, Literal, Negative, Not, Reference

NAN = float("nan")


@dataclass
class Columns:
    """A fleet of three: speeds, a flag, a text, models."""

    size: int = 3
    cells: dict[str, list[float | str | None]] = field(
        default_factory=lambda: {
            "Vehicle.Speed": [120.0, 80.0, None],
            "Vehicle.Limit": [100.0, 100.0, 100.0],
            "Vehicle.Light": [1.0, 0.0, None],
            "Vehicle.State": ["charging", None, "parked"],
            "Vehicle.Mixed": ["on", 5.0, None],
            "model": ["Leaf", "Zoe", None],
            "market": ["JP", "EU", "EU"],
            "id": ["a", "b", "c"],
        }
    )

    def numbers(self, path: str) -> Number:
        cells = [None if isinstance(cell, str) else cell for cell in self.cells[path]]
        values = np.array([NAN if cell is None else cell for cell in cells])
        return Number(values, np.array([cell is not None for cell in cells]))

    def texts(self, path: str) -> TextColumn | None:
        column = TextColumn(self.size)
        texts = [cell if isinstance(cell, str) else None for cell in self.cells[path]]
        column.assign(np.arange(self.size), texts)
        return column if any(texts) else None

    def ages(self, path: str) -> Number:
        number = self.numbers(path)
        return Number(np.array([1.0, 60.0, NAN]), number.present)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("Vehicle.Speed > 100", "a"),
        ("100 < Vehicle.Speed", "a"),
        ("Vehicle.Speed <= 80", "b"),
        ("Vehicle.Speed != 80", "a"),
        ("not Vehicle.Speed > 100", "bc"),
        ("not (Vehicle.Light == true)", "bc"),
        ("Vehicle.Light", "a"),
        ("Vehicle.Light == false", "b"),
        ("Vehicle.Speed > Vehicle.Limit", "a"),
        ("Vehicle.Speed - Vehicle.Limit > 10 + 2 * 3", "a"),
        ("(Vehicle.Speed - Vehicle.Limit) / 2 == -10", "b"),
        ("Vehicle.Limit / 0 > 1", ""),
        ("-Vehicle.Speed < -100", "a"),
        ("Vehicle.Speed > 100 or market == 'EU'", "abc"),
        ("Vehicle.Speed > 100 and market == 'EU' or model == \"Zoe\"", "b"),
        ("market in ('JP', \"US\")", "a"),
        ("market not in ('JP', 'US')", "bc"),
        ("Vehicle.Speed in (80, -1)", "b"),
        ("is_null(Vehicle.Speed)", "c"),
        ("Vehicle.Speed is null", "c"),
        ("Vehicle.Speed IS NOT NULL", "ab"),
        ("is_null(model)", "c"),
        ("is_null(Vehicle.Mixed)", "c"),
        ("model != 'Leaf'", "b"),
        ("'Leaf' == model", "a"),
        ("Vehicle.State == 'charging'", "a"),
        ("Vehicle.Mixed == 'on' or Vehicle.Mixed == 5", "ab"),
        ("Vehicle.Speed == 'fast'", ""),
        ("model == model", "ab"),
        ("age(Vehicle.Speed) < 30", "a"),
        ("id == 'b'", "b"),
        ("`Vehicle.Speed` > 1e2", "a"),
        ("true", "abc"),
        ("1 = 1 and 2 <> 1", "abc"),
    ],
)
def test_what_an_expression_means(text: str, holds: str) -> None:
    mask = evaluate(parse(text), Columns())
    assert "".join(name for name, here in zip("abc", mask, strict=True) if here) == holds


@pytest.mark.parametrize(
    ("text", "column", "problem"),
    [
        ("", 1, "a condition is missing"),
        ("Vehicle.Speed >", 16, "not the end"),
        ("Vehicle.Speed > 100 and", 24, "not the end"),
        ("Vehicle.Speed > 100 100", 21, "an operator was expected"),
        ("(Vehicle.Speed > 100", 21, "')' was expected"),
        ("Vehicle.Speed ? 1", 15, "'?' means nothing here"),
        ("model == 'Leaf", 10, "the text has no end"),
        ("model == 'a\\q'", 10, "escape"),
        ("model > 'Leaf'", 7, "texts are compared with == and !="),
        ("model == 5", 7, "a text is compared with a number"),
        ("model + 1 == 2", 1, "arithmetic wants numbers"),
        ("1 < Vehicle.Speed < 3", 19, "cannot be chained"),
        ("5", 1, "a value, not a condition"),
        ("Vehicle.Speed > 5 and 'x'", 23, "a value, not a condition"),
        ("Vehicle.Speed + 1", 1, "a value, not a condition"),
        ("(Vehicle.Speed > 1) > 2", 1, "a condition, not a value"),
        ("avg(Vehicle.Speed) > 2", 1, "no function 'avg'"),
        ("age(5) > 2", 5, "age() wants a signal"),
        ("market in ()", 12, "was expected, not ')'"),
        ("market in ('a', 5)", 1, "mixed"),
        ("market in (Vehicle.Speed)", 12, "a number or a text was expected"),
        ("Vehicle.Speed > 1e999", 17, "too large"),
    ],
)
def test_an_error_points_at_the_column(text: str, column: int, problem: str) -> None:
    with pytest.raises(WhereError) as raised:
        parse(text)
    assert raised.value.what.startswith(f"column {column} of ")
    assert problem in raised.value.why


def test_nesting_is_bounded() -> None:
    for text in ("(" * 5_000, "not " * 4_000, "-" * 5_000 + "1", "1" + "+1" * 5_000, "Vehicle.A and " * 1_000):
        with pytest.raises(WhereError, match="more than 100 operators"):
            parse(text)
    with pytest.raises(WhereError, match="at most 20000"):
        parse(" " * 20_001)


NUMBERS = st.recursive(
    st.one_of(
        st.floats(allow_nan=False, allow_infinity=False, min_value=0).map(Literal),
        st.sampled_from([Reference("Vehicle.Speed"), Reference("Vehicle.Light"), Age(Reference("Vehicle.Speed"))]),
    ),
    lambda inner: st.one_of(
        inner.map(Negative), st.builds(Binary, st.sampled_from(["+", "-", "*", "/"]), inner, inner)
    ),
    max_leaves=6,
)
CONDITIONS = st.recursive(
    st.one_of(
        st.booleans().map(Literal),
        st.builds(Binary, st.sampled_from(["==", "!=", "<", ">", "<=", ">="]), NUMBERS, NUMBERS),
        st.builds(Binary, st.sampled_from(["==", "!="]), st.just(Reference("model")), st.text().map(Literal)),
        st.builds(In, st.just(Reference("market")), st.lists(st.text().map(Literal), min_size=1).map(tuple)),
        st.builds(In, NUMBERS, st.lists(st.floats(-5, 5).map(Literal), min_size=1).map(tuple)),
        st.builds(IsNull, NUMBERS),
        st.just(Reference("Vehicle.Light")),
    ),
    lambda inner: st.one_of(inner.map(Not), st.builds(Binary, st.sampled_from(["and", "or"]), inner, inner)),
    max_leaves=6,
)


@settings(deadline=None)
@given(CONDITIONS)
def test_what_is_printed_reads_back(expression: Expression) -> None:
    assert parse(str(expression)) == expression


@settings(deadline=None)
@given(CONDITIONS)
def test_not_is_the_complement(expression: Expression) -> None:
    fleet = Columns()
    assert (evaluate(expression, fleet) != evaluate(Not(expression), fleet)).all()


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from("()'\"`\\<>=!+-*/,.0123456789eaVnotindrsul \n\x00é"), max_size=60))
def test_arbitrary_text_is_read_or_refused(text: str) -> None:
    try:
        expression = parse(text)
    except WhereError:
        return
    assert parse(str(expression)) == expression
