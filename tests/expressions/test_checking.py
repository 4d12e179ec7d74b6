"""Types and units."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given

from kaido.agent import conditions
from kaido.errors import InvalidInputError
from kaido.expressions import (
    FUNCTIONS,
    Expression,
    ExpressionError,
    Type,
    check,
    parse,
    references,
    resolve,
    show,
    windowed,
)
from kaido.expressions.syntax import Signal
from tests.expressions.trees import CATALOG, DECLARED, trees


@dataclass(frozen=True)
class Known:
    datatype: str = "float"
    unit: str = ""


SIGNALS = {
    "Speed": Known(unit="km/h"),
    "Slow": Known(unit="mph"),
    "Inside": Known(unit="celsius"),
    "Outside": Known(unit="°F"),
    "Raw": Known("uint8"),
    "Clicks": Known("uint8", "clicks"),
    "Turns": Known("uint8", "turns"),
    "On": Known("boolean"),
    "State": Known("string"),
    "Cells": Known("float[]", "V"),
    "Mystery": Known(""),
    "Level": Known("uint8", "percent"),
}


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("Slow > Speed", "Slow > Speed * 0.621371192237"),
        ("60 mph < Speed", "96.56064 < Speed"),
        ("Inside > Outside", "Inside > Outside * 0.555555555556 + -17.7777777778"),
        ("Inside > 50 °F", "Inside > 10"),
        ("last_window_max(Inside) > 300 K", "last_window_max(Inside) > 26.85"),
        ("Speed - Slow > 5", "Speed - Slow * 1.609344 > 5"),
        ("Speed + 1 m/s > 2 m/s", "Speed + 3.6 > 7.2"),
        ("(Speed + 1) * 2 > 10 mph", "(Speed + 1) * 2 > 16.09344"),
        ("2 * Speed > 10 mph", "2 * Speed > 16.09344"),
        ("Speed / Slow > 1", "Speed / (Slow * 1.609344) > 1"),
        ("Speed * Slow > 100", "Speed * Slow > 100"),
        ("Raw > Speed", "Raw > Speed"),
        ("Clicks > 3", "Clicks > 3"),
        ("Clicks == Clicks", "Clicks == Clicks"),
        ("Level > 0.2 ratio", "Level > 20"),
        ("max(Speed, Speed) > 1 m/s", "max(Speed, Speed) > 3.6"),
        ("Mystery and Mystery > 5 or Mystery == 'x'", 'Mystery and Mystery > 5 or Mystery == "x"'),
        ("1 km > 5 m", "1 > 0.005"),
        ("Cells[3] > 4", "Cells[3] > 4"),
    ],
)
def test_units_meet(text: str, becomes: str) -> None:
    assert show(resolve(parse(text), SIGNALS).expression) == becomes


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("Speed > Inside", 7, "celsius and km/h are of different quantities"),
        ("Clicks > Turns", 8, "turns and clicks are of different quantities"),
        ("Raw > 5 km", 7, "Raw has no unit that is known"),
        ("Speed * Slow > 5 km", 16, "Speed * Slow has no unit that is known"),
        ("Inside + 1 °F > 3", 8, "fahrenheit is not converted to celsius within arithmetic"),
        ("Inside - Inside > 9 °F", 17, "fahrenheit is not converted to celsius within arithmetic"),
        ("max(Speed, Slow) > 1", 1, "wants its arguments in one unit, not in km/h and mph"),
        ("abs(5 km) > 1", 5, "a unit means nothing here"),
        ("is_null(5 km)", 9, "a unit means nothing here"),
        ("5 km", 1, "a unit means nothing here"),
        ("On + 1 > 2", 1, "'+' wants numbers, and On is a boolean"),
        ("State and On", 1, "State is a string"),
        ("not Speed", 5, "'not' wants conditions, and Speed is a number"),
        ("On < On", 4, "a boolean is compared with == and !="),
        ("State == 5", 7, "a string is compared with a number"),
        ("Cells > 1", 1, "Cells is an array (float[]). Name one of its values: Cells[0]"),
        ("last_window_avg(On) > 1", 1, "last_window_avg() wants a number, and On is a boolean"),
        ("abs(On) > 1", 5, "abs() wants a number here, and this is a boolean"),
        ("min(Speed) > 1", 1, "min() takes at least 2 arguments, not 1"),
        ("abs() > 1", 1, "abs() takes 1 argument, not 0"),
        ("#17 > 1", 1, "no signal '#17'"),
    ],
)
def test_what_does_not_fit_is_told(text: str, column: int, says: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        check(parse(text), SIGNALS)
    assert str(caught.value).startswith(f"column {column} of ")
    assert says in str(caught.value)


def test_the_place_is_shown() -> None:
    with pytest.raises(ExpressionError) as caught:
        parse("Vehicle.Speed > 5 and Vehicle.Speed ? 7 or a or b or c or d or e or f or g")
    assert caught.value.what == 'column 37 of "…e.Speed > 5 and Vehicle.Speed ⟨here⟩? 7 or a or b or c or d or e o…"'


def test_a_tree_without_a_text_is_shown_in_its_errors() -> None:
    with pytest.raises(ExpressionError, match="of \"⟨here⟩Off\": no signal 'Off'"):
        check(Signal("Off"), SIGNALS)


def test_signals_are_named_once_from_left_to_right() -> None:
    tree = parse("b > 1 and last_window_avg(a) > c[1] or is_null(b) and f(d)")
    assert references(tree) == ["b", "a", "c", "d"]
    assert windowed(tree) == ["a"]


@given(trees)
def test_any_tree_is_typed_or_refused(tree: Expression) -> None:
    try:
        found = resolve(tree, CATALOG, DECLARED)
    except InvalidInputError:
        return
    assert found.type in Type
    again = resolve(found.expression, CATALOG, DECLARED)
    assert again.type is found.type


def test_what_agents_know_needs_no_declaration() -> None:
    kinds = {conditions.Kind.NUMBER: Type.NUMBER, conditions.Kind.CONDITION: Type.BOOLEAN}
    assert {
        name: (tuple(kinds[one] for one in function.parameters), kinds[function.result], function.more)
        for name, function in conditions.FUNCTIONS.items()
    } == {name: (one.parameters, one.returns, one.more) for name, one in FUNCTIONS.items()}
