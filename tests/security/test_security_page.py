"""docs/security.md and docs/mqtt.md are held to the code: every row has a test that exists, every reason its row."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from kaido.gateway import connection, packets, refusals
from kaido.gateway.refusals import Refusal
from kaido.gateway.sessions import SUBSCRIPTIONS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text()
MQTT = (ROOT / "docs" / "mqtt.md").read_text()
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
ROWS = [
    line
    for line in PAGE.splitlines()
    if line.startswith("|") and not line.startswith(("|---", "| who |", "| what |", "| attack |"))
]


def names_in(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("row", ROWS)
def test_each_row_names_a_test_that_exists(row: str) -> None:
    who, what, shown, *more = [cell.strip() for cell in row.strip("|").split("|")]
    assert who
    assert what
    assert not more
    found = TEST.fullmatch(shown)
    assert found, row
    file, name = found.groups()
    assert name.startswith("test_")
    assert name in names_in(file), f"{file} has no {name}"


def test_the_page_is_whole() -> None:
    assert len(ROWS) > 80
    assert len(set(ROWS)) == len(ROWS)


@pytest.mark.parametrize(
    "number",
    [
        connection.CONNECT_BYTES // 1024,
        packets.MOST_PROPERTIES,
        packets.MOST_FILTERS,
        connection.PACKETS_PER_TICK,
        SUBSCRIPTIONS,
    ],
)
def test_bounds_are_those_of_the_code(number: int) -> None:
    assert re.search(rf"\b{number:,}\b", PAGE)


@pytest.mark.parametrize("refusal", [each for each in vars(refusals).values() if isinstance(each, Refusal)], ids=str)
def test_each_reason_has_its_row_and_its_codes(refusal: Refusal) -> None:
    (row,) = [line for line in MQTT.splitlines() if line.startswith(f"| `{refusal.reason}` |")]
    _, connack, disconnect, when = [cell.strip() for cell in row.strip("|").split("|")]
    assert connack == (f"0x{refusal.connack:02X}" if refusal.connack else "—")
    assert disconnect in {"—", f"0x{refusal.disconnect:02X}"}
    assert when.startswith(refusal.text)
