"""docs/expressions.md says what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from google.protobuf.json_format import MessageToDict

from kaido.errors import InvalidInputError
from kaido.expressions import (
    FUNCTIONS,
    MAX_CHARACTERS,
    MAX_DEPTH,
    MAX_NODES,
    check,
    from_wire,
    parse,
    resolve,
    show,
    to_wire,
)
from kaido.expressions.syntax import ARITHMETIC, COMPARISONS, LOGIC, WINDOW_FUNCTIONS
from tests.expressions.trees import CATALOG, DECLARED

PAGE = (Path(__file__).parents[2] / "docs" / "expressions.md").read_text()
SECTIONS = dict(
    zip(re.findall(r"^## (.+)$", PAGE, re.MULTILINE), re.split(r"^## .+$", PAGE, flags=re.MULTILINE)[1:], strict=True)
)
CODE = re.compile(r"`` ?(.+?) ?``|`([^`]+)`")


def codes(text: str) -> list[str]:
    return [first or second for first, second in CODE.findall(text)]


def rows(section: str) -> list[list[str]]:
    lines = [line for line in SECTIONS[section].splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


IDS = {path: number for number, path in enumerate(CATALOG, 1)}
PATHS = {number: path for path, number in IDS.items()}


@pytest.mark.parametrize(("text", "yields", "becomes"), rows("Examples"))
def test_each_example_is_what_it_says(text: str, yields: str, becomes: str) -> None:
    (text,), (becomes,) = codes(text), codes(becomes)
    found = resolve(parse(text), CATALOG, DECLARED)
    assert found.type == yields
    message = to_wire(found.expression, IDS)
    assert show(from_wire(message, PATHS)) == becomes


@pytest.mark.parametrize(("text", "answer"), rows("Mistakes"))
def test_each_mistake_is_answered_so(text: str, answer: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        check(parse(codes(text)[0]), CATALOG, DECLARED)
    assert codes(answer)[0] in str(caught.value)


def test_every_value_can_be_read() -> None:
    for cell, _ in rows("Values"):
        for text in codes(cell):
            parse(text)


def test_the_operators_are_all_there() -> None:
    listed = [operator for row in rows("Operators") for operator in codes(row[0])]
    assert sorted(listed) == sorted([*LOGIC, "not", *COMPARISONS, *ARITHMETIC])
    assert [codes(row[0])[0] for row in rows("Operators")[:3]] == ["or", "and", "not"]


def test_the_functions_are_all_there() -> None:
    listed = [text.partition("(")[0] for row in rows("Functions") for text in codes(row[0])]
    assert sorted(listed) == sorted([*WINDOW_FUNCTIONS, "is_null", "custom", "name", *FUNCTIONS])


def test_the_tree_is_that_of_the_example() -> None:
    [shown] = re.findall(r"^```json\n(.+?)^```", PAGE, re.MULTILINE | re.DOTALL)
    tree = resolve(parse("Vehicle.Speed > 60 mph and not Vehicle.IsMoving"), CATALOG).expression
    message = to_wire(tree, {"Vehicle.Speed": 1, "Vehicle.IsMoving": 2})
    assert json.loads(shown) == MessageToDict(message)


def test_the_limits_are_those_of_the_code() -> None:
    assert [row[1] for row in rows("Limits")] == [f"{MAX_CHARACTERS:,}", f"{MAX_NODES:,}", str(MAX_DEPTH)]
