"""Which SQL may run at all: one statement that only reads, from the tables that are there.

DuckDB itself parses the text and gives its syntax tree; what is not on the lists below is refused. This is the
first of several walls: the connection has no access to anything outside, and the process around it neither.
"""

from __future__ import annotations

import difflib
import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

TABLE_FUNCTIONS = frozenset({"generate_series", "json_each", "json_tree", "range", "repeat", "unnest"})
"""Functions that make rows out of nothing but their arguments."""
NODES = frozenset({"CTE_NODE", "RECURSIVE_CTE_NODE", "SELECT_NODE", "SET_OPERATION_NODE"})
"""Kinds of query that only read; a data-modifying WITH has another."""
REFUSED_FUNCTIONS = frozenset(
    {
        "combine", "currval", "current_setting", "finalize", "getvariable", "getenv", "json_deserialize_sql",
        "json_serialize_plan", "nextval", "setval", "to_aggregate_state", "which_secret", "write_log",
    }
)  # fmt: skip
"""Scalar functions that look at, or change, something other than their arguments."""
REFUSED_PREFIXES = ("__internal", "duckdb_", "inet_", "pg_", "pragma_")


class RefusedError(Exception):
    """The text may not run.

    Args:
        kind: the code of the KaidoError that it becomes.
        what: one line.
        why: the reason.
        fix: what to do.
    """

    def __init__(self, kind: str, what: str, why: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.problem = {"error": kind, "what": what, "why": why, "fix": fix}


def check(connection: duckdb.DuckDBPyConnection, sql: str, tables: list[str]) -> None:
    """Refuse SQL that is not one reading statement over the tables."""
    ((text,),) = connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchall()
    tree = json.loads(text)
    if tree.get("error"):
        if tree.get("error_type") == "parser":
            raise syntax_error(sql, tree)
        raise _only_queries()
    statements = tree.get("statements", [])
    if len(statements) != 1:
        count = "no statement" if not statements else f"{len(statements)} statements"
        raise RefusedError("invalid_input", f"the SQL holds {count}", fix="Give exactly one SELECT")
    nodes = list(_walk(statements[0]))
    known = {name.casefold() for name in tables}
    for node in nodes:
        for entry in (node.get("cte_map") or {}).get("map", []) if isinstance(node.get("cte_map"), dict) else []:
            known.add(_cte_name(str(entry["key"])))
    for node in nodes:
        _check_node(node, known, tables)


def _cte_name(name: str) -> str:
    """A name of WITH, which must be plain: one that looks like a file would become one outside of its scope."""
    if not re.fullmatch(r"\w+", name):
        raise RefusedError("invalid_input", f'WITH "{name}" is no plain name', fix="Use letters, digits and _")
    return name.casefold()


def _check_node(node: dict[str, Any], known: set[str], tables: list[str]) -> None:
    kind = str(node.get("type", ""))
    if kind.endswith("_NODE") and kind not in NODES:
        raise _only_queries()
    if kind == "SHOW_REF" and node.get("table_name") not in ("", '"tables"'):
        raise RefusedError("forbidden", "this SHOW is not open here", fix="Try: SHOW TABLES, DESCRIBE signals")
    if kind == "BASE_TABLE":
        name = ".".join(part for part in (_text(node, "catalog_name"), _text(node, "schema_name")) if part)
        name = f"{name}.{node['table_name']}" if name else str(node["table_name"])
        if name.casefold() not in known:
            nearest = difflib.get_close_matches(name.casefold(), tables, n=1)
            hint = f"Did you mean {nearest[0]}? " if nearest else ""
            raise RefusedError("not_found", f"no table '{name}'", fix=f"{hint}The tables are {', '.join(tables)}")
    if kind == "TABLE_FUNCTION":
        name = str((node.get("function") or {}).get("function_name", ""))
        if name.casefold() not in TABLE_FUNCTIONS:
            raise RefusedError(
                "forbidden",
                f"the table function '{name}' is not open here",
                why="queries read the company's own tables and nothing else",
                fix=f"The tables are {', '.join(tables)}",
            )
    if node.get("class") in ("FUNCTION", "WINDOW"):
        name = str(node.get("function_name", "")).casefold()
        if name in REFUSED_FUNCTIONS or name.startswith(REFUSED_PREFIXES):
            raise RefusedError("forbidden", f"the function '{name}' is not open here")


def syntax_error(sql: str, error: dict[str, Any]) -> RefusedError:
    """The problem that an error of DuckDB (as JSON) is, with its place in the text."""
    message = str(error.get("error_message") or error.get("exception_message") or "it cannot be run")
    message = message.split("\n\nLINE ", maxsplit=1)[0].split("\nLINE ", maxsplit=1)[0].strip()
    place = ""
    if str(error.get("position", "")).isdigit():
        before = sql.encode()[: int(error["position"])].decode(errors="replace")
        place = f" at line {before.count(chr(10)) + 1}, column {len(before) - before.rfind(chr(10))}"
    return RefusedError("invalid_input", f"the SQL cannot be run{place}", " ".join(message.split()))


def _only_queries() -> RefusedError:
    return RefusedError(
        "forbidden", "only queries run here", why="the statement is not a SELECT", fix="Give exactly one SELECT"
    )


def _text(node: dict[str, Any], key: str) -> str:
    return str(node.get(key) or "")


def _walk(tree: Any) -> Iterator[dict[str, Any]]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
