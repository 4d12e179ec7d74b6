"""Files that people give us, as text, YAML or JSON: an error says where they go wrong."""

from __future__ import annotations

import json
from typing import Any

import yaml

from kaido.errors import InvalidInputError

_DEEPEST = 100
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def decoded(data: bytes, name: str, *, fallback: str = "cp1252") -> str:
    """A file's text: UTF-8 (with or without byte-order mark), UTF-16 with its mark, else ``fallback``.

    Raises:
        InvalidInputError: the file is empty or binary.
    """
    if not data.strip():
        raise InvalidInputError(f"{name} is empty")
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    if b"\0" in data and not marked:
        raise InvalidInputError(f"{name} is no text", why=f"a zero byte at position {data.index(0)}")
    try:
        return data.decode("utf-16" if marked else "utf-8-sig")
    except UnicodeDecodeError:
        return data.decode(fallback, errors="replace")


def parsed(data: bytes, name: str) -> Any:
    """A JSON or YAML file's content.

    Raises:
        InvalidInputError: it is neither; says the line and column.
    """
    text = decoded(data, name)
    if text.lstrip().startswith(("{", "[")):
        return _json(text, name)
    try:
        _check_shape(text, name)
        return yaml.load(text, Loader=_Loader)  # noqa: S506  # a safe loader, the quick one in C
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise InvalidInputError(f"{name} is no YAML", why=f"{where}{error.problem}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InvalidInputError(f"{name} is no YAML", why=str(error) or type(error).__name__) from error


def _check_shape(text: str, name: str) -> None:
    """Refuse what grows without end when it is built: aliases of aliases, nesting without a floor."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            where = f"line {event.start_mark.line + 1}: " if event.start_mark else ""
            raise InvalidInputError(f"{name} uses YAML aliases", why=f"{where}they are not taken here")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEEPEST:
                raise InvalidInputError(f"{name} is no YAML that makes sense", why="it is nested too deeply")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _json(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise InvalidInputError(f"{name} is no JSON", why=f"{where}: {error.msg}") from error
    except RecursionError as error:
        raise InvalidInputError(f"{name} is no JSON that makes sense", why="it is nested too deeply") from error
