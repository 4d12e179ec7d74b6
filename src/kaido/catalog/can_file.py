"""CAN databases as cantools reads them: DBC, ARXML, KCD, SYM. What does not parse is named with its place."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

from kaido.catalog import text as texts
from kaido.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable

FORMATS = ("dbc", "arxml", "kcd", "sym")

_IN_MESSAGE = re.compile(r"in message '?\"?(\w+)")
_UNUSED_LABELS = re.compile(r"VAL_ (\d+) (\w+)")


def load(data: bytes, name: str) -> tuple[Any, list[str]]:
    """The cantools database of a file, and notes on what was wrong with it but could be lived with.

    Overlapping signals are accepted: databases that people have are full of them.

    Raises:
        InvalidInputError: the file is of no known format, or does not parse: says where.
    """
    text = texts.decoded(data, name)
    kind = _format_of(text, name)
    try:
        return _parse(text, kind), []
    except InvalidInputError:
        raise
    except Exception as error:  # the parsers raise whatever a broken file makes them trip over
        cause = _cause(error)
        repaired, notes = _without_unused_labels(text, str(cause))
        if not notes:
            raise _refusal(name, kind, text, cause) from error
    try:
        return _parse(repaired, kind), notes
    except Exception as error:  # as above
        raise _refusal(name, kind, text, _cause(error)) from error


def _parse(text: str, kind: str) -> Any:
    import cantools  # noqa: PLC0415  # takes a second to load; only the reader of a database needs it

    logging.getLogger("cantools").setLevel(logging.ERROR)
    database = cantools.database.load_string(text, database_format=kind, strict=False)
    if not isinstance(database, cantools.database.can.Database):
        raise InvalidInputError("the file is a diagnostics database", why="it describes no CAN messages")
    return database


def _format_of(text: str, name: str) -> str:
    ending = name.rpartition(".")[2].lower()
    if ending in FORMATS:
        return ending
    start = text[:20_000]
    if start.lstrip().startswith("<"):
        return "kcd" if "NetworkDefinition" in start else "arxml"
    if "FormatVersion" in start:
        return "sym"
    if re.search(r"^\s*(VERSION|BO_|BU_|NS_)\b", start, re.MULTILINE):
        return "dbc"
    raise InvalidInputError(
        f"{name} is no CAN database",
        why="it looks like none of DBC, ARXML, KCD, SYM",
        fix="Check that it is the right file",
    )


def _cause(error: Exception) -> BaseException:
    return error.__cause__ if error.__cause__ is not None else error


def _refusal(name: str, kind: str, text: str, cause: BaseException) -> InvalidInputError:
    why = str(cause) or type(cause).__name__
    if isinstance(cause, ParseError):
        why = re.sub(r": line (\d+), column (\d+)", "", why)
        line, column = cause.position
        why = f"line {line}, column {column + 1}: {why}"
    elif isinstance(cause, RecursionError):
        why = "it is nested too deeply"
    elif isinstance(cause, MemoryError):
        why = "it asks for more memory than a CAN database may"
    elif isinstance(cause, (KeyError, AttributeError, TypeError, IndexError, AssertionError)):
        why = f"the file is not consistent ({type(cause).__name__}: {why})"
    elif (found := _IN_MESSAGE.search(why)) and (place := _line_of(text, found[1])):
        why = f"line {place}: {why}"
    return InvalidInputError(
        f"{name} cannot be read as {kind.upper()}", why=_short(why), fix="Correct the file there and import it again"
    )


def _line_of(text: str, message: str) -> int | None:
    found = re.search(rf"^.*\b{re.escape(message)}\b", text, re.MULTILINE)
    return text.count("\n", 0, found.start()) + 1 if found else None


def _without_unused_labels(text: str, why: str) -> tuple[str, list[str]]:
    """The text without labels of signals that do not exist: cantools refuses a whole DBC for one of them."""
    if not why.startswith("unused VAL_ entries"):
        return text, []
    entries = _UNUSED_LABELS.findall(why)
    for frame_id, signal in entries:
        text = re.sub(rf'^\s*VAL_\s+{frame_id}\s+{signal}\s(?:[^";]|"[^"]*")*;', "", text, flags=re.MULTILINE)
    return text, [f"labels of {signal} in message {frame_id}: there is no such signal" for frame_id, signal in entries]


def _short(text: str, most: int = 400) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def names_of(messages: Iterable[Any]) -> dict[str, list[str]]:
    """The full names ("Message.Signal") that a signal's own name may stand for."""
    full: dict[str, list[str]] = {}
    for message in messages:
        for signal in message.signals:
            full.setdefault(signal.name, []).append(f"{message.name}.{signal.name}")
    return full
