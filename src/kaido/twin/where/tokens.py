"""An expression's text as tokens."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kaido.twin.where.syntax import KEYWORDS, NAME, WhereError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_CHARACTERS = 20_000

_TOKEN = re.compile(
    rf"""\s*(?:
      (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<name>{NAME.pattern})
    | `(?P<quoted>[^`\x00-\x1f]+)`
    | (?P<text>"(?:[^"\\\x00-\x1f]|\\.)*"|'(?:[^'\\\x00-\x1f]|\\.)*')
    | (?P<symbol><=|>=|==|!=|<>|[<>=+\-*/(),])
    | (?P<end>\Z)
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Token:
    """A piece of the text: ``number``, ``name``, ``quoted``, ``text``, ``symbol``, ``word`` (a keyword) or ``end``."""

    kind: str
    text: str
    position: int


def tokens(text: str) -> Iterator[Token]:
    """The tokens of an expression, the last of kind ``end``.

    Raises:
        WhereError: something that is no token, or too long a text.
    """
    if len(text) > MAX_CHARACTERS:
        raise WhereError(f"an expression of {len(text)} characters", why=f"at most {MAX_CHARACTERS} are read")
    position = 0
    while True:
        match = _TOKEN.match(text, position)
        if match is None:
            position += len(text[position:]) - len(text[position:].lstrip())
            raise WhereError.at(text, position, _complaint(text[position]))
        kind = str(match.lastgroup)
        found, start = match[kind], match.start(kind)
        if kind == "name" and found.casefold() in KEYWORDS:
            kind, found = "word", found.casefold()
        elif kind == "text":
            found = _unquoted(text, found, start)
        yield Token(kind, found, start)
        if kind == "end":
            return
        position = match.end()


def _complaint(character: str) -> str:
    if character in "\"'":
        return "the text has no end"
    if character == "`":
        return "the name has no end"
    return f"{character!r} means nothing here"


def _unquoted(text: str, quoted: str, position: int) -> str:
    if quoted[0] == "'":
        inner = quoted[1:-1].replace("\\'", "'").replace('"', '\\"')
        quoted = f'"{inner}"'
    try:
        return str(json.loads(quoted))
    except ValueError as error:
        raise WhereError.at(text, position, "the text has an escape that means nothing") from error
