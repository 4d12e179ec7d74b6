"""An expression's text as tokens."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kaido.catalog.units import canonical, names
from kaido.errors import nearest_names
from kaido.expressions.limits import MAX_CHARACTERS, too_long
from kaido.expressions.syntax import KEYWORDS, NAME, ExpressionError, Place

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = re.compile(
    rf"""\s*(?:
      (?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<name>{NAME.pattern}|\#[0-9]+)
    | `(?P<quoted>[^`\x00-\x1f]+)`
    | (?P<text>"(?:[^"\\\x00-\x1f]|\\.)*"|'(?:[^'\\\x00-\x1f]|\\.)*')
    | (?P<symbol><=|>=|==|!=|<>|&&|\|\||[<>=+\-*/(),\[\]!])
    | (?P<end>\Z)
    )""",
    re.VERBOSE,
)
_UNIT = re.compile(r"[ \t]*(?P<unit>[A-Za-z°℃%][A-Za-z0-9_.²^]*(?:/[A-Za-z0-9_.²^]+)*)")
_INSTEAD = {"&&": "and", "||": "or", "!": "not"}


@dataclass(frozen=True)
class Token:
    """A piece of the text.

    Attributes:
        kind: ``number``, ``name``, ``quoted``, ``text``, ``symbol``, ``word`` (a keyword) or ``end``.
        text: a string without its quotes, a keyword in lower case.
        place: where it begins.
        unit: the VSS unit that stands behind a number.
    """

    kind: str
    text: str
    place: Place
    unit: str = ""


def tokens(text: str) -> Iterator[Token]:
    """The tokens of an expression, the last of kind ``end``.

    Raises:
        ExpressionError: something that is no token.
        InvalidInputError: the text is too long.
    """
    if len(text) > MAX_CHARACTERS:
        raise too_long(len(text))
    position = 0
    while True:
        match = _TOKEN.match(text, position)
        if match is None:
            position += len(text[position:]) - len(text[position:].lstrip())
            raise ExpressionError.at(Place(text, position), _complaint(text[position]))
        kind = str(match.lastgroup)
        found, place, unit = match[kind], Place(text, match.start(kind)), ""
        position = match.end()
        if kind == "name" and found.casefold() in KEYWORDS:
            kind, found = "word", found.casefold()
        elif kind == "text":
            found = _unquoted(found, place)
        elif kind == "number":
            unit, position = _unit(text, position)
        elif kind == "symbol" and found in _INSTEAD:
            raise ExpressionError.at(place, f"'{found}' means nothing here", f"Write {_INSTEAD[found]}")
        yield Token(kind, found, place, unit)
        if kind == "end":
            return


def _unit(text: str, position: int) -> tuple[str, int]:
    """The longest unit that stands here, and where it ends: ``km/h``, and ``km`` of ``km/Vehicle.Speed``."""
    match = _UNIT.match(text, position)
    if match is None or match["unit"].casefold() in KEYWORDS:
        return "", position
    written, start = match["unit"], match.start("unit")
    part = written
    while part:
        if unit := canonical(part):
            return unit, start + len(part)
        part = part.rpartition("/")[0]
    if "." in written:  # a signal: what is missing before it is an operator
        return "", position
    nearest = nearest_names(written, names())
    fix = f"Did you mean {' or '.join(nearest)}?" if nearest else f"The units: {', '.join(names())}"
    raise ExpressionError.at(Place(text, start), f"no unit '{written}'", fix)


def _complaint(character: str) -> str:
    if character in "\"'":
        return "the string has no end"
    if character == "`":
        return "the name has no end"
    return f"{character!r} means nothing here"


def _unquoted(quoted: str, place: Place) -> str:
    inner = quoted[1:-1]
    if quoted[0] == "'":
        changed = {"\\'": "'", '"': '\\"'}
        inner = re.sub(r"\\.|\"", lambda found: changed.get(found[0], found[0]), inner)
    try:
        text = str(json.loads(f'"{inner}"'))
        text.encode()
    except ValueError as error:
        raise ExpressionError.at(place, "the string has an escape that means nothing") from error
    return text
