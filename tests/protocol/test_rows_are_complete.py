"""The table of rows names every test, and nothing here is Kaido's."""

from __future__ import annotations

import ast
import re
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "protocol.md"


def functions() -> dict[str, set[str]]:
    """The test functions by file."""
    return {
        path.name: {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}
        for path in sorted(HERE.glob("test_rows_*.py"))
        if path.name != Path(__file__).name
    }


def test_the_table_names_every_test_and_no_other() -> None:
    known = {f"{file}::{name}" for file, names in functions().items() for name in names if name.startswith("test_")}
    named: set[str] = set()
    file = ""
    for found in re.finditer(r"`(test_rows_\w+\.py)`|`(test_\w+)`", PAGE.read_text()):
        file = found[1] or file
        if found[2]:
            named.add(f"{file}::{found[2]}")
    assert named == known


def test_no_line_here_is_kaidos() -> None:
    for path in HERE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name.partition(".")[0] == "kaido"], path.name
