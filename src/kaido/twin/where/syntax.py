"""What an expression consists of, and how it is written."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kaido.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterator

ATTRIBUTES = ("id", "vin", "model", "market", "platform")
"""Words that mean an attribute of the vehicle, not a signal."""

KEYWORDS = ("and", "or", "not", "in", "is", "null", "true", "false")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*")


class WhereError(InvalidInputError):
    """An expression that makes no sense, with the column (from 1) where it stops to."""

    def __init__(self, what: str, *, why: str = "", fix: str = "") -> None:
        super().__init__(what, why=why, fix=fix)

    @classmethod
    def at(cls, text: str, position: int, problem: str, fix: str = "") -> WhereError:
        """The error that points into ``text``."""
        found = cls(f"column {position + 1} of {_excerpt(text, position)}", why=problem, fix=fix)
        found.column = position + 1
        return found


def _excerpt(text: str, position: int, width: int = 30) -> str:
    start, end = max(position - width, 0), position + width
    before = ("…" if start else "") + text[start:position]
    return json.dumps(before + "⟨here⟩" + text[position:end] + ("…" if end < len(text) else ""), ensure_ascii=False)


@dataclass(frozen=True)
class Literal:
    """A number, a text or a truth value."""

    value: float | str | bool

    def __str__(self) -> str:
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        return json.dumps(self.value, ensure_ascii=False) if isinstance(self.value, str) else repr(self.value)


@dataclass(frozen=True)
class Reference:
    """A signal's path or an attribute; ``position`` is where it stands."""

    path: str
    position: int = field(default=0, compare=False)

    @property
    def is_attribute(self) -> bool:
        """Whether it means an attribute of the vehicle."""
        return self.path in ATTRIBUTES

    def __str__(self) -> str:
        plain = NAME.fullmatch(self.path) and self.path.casefold() not in (*KEYWORDS, "age", "is_null")
        return self.path if plain else f"`{self.path}`"


@dataclass(frozen=True)
class Not:
    """True where ``operand`` is not."""

    operand: Expression

    def __str__(self) -> str:
        return f"not ({self.operand})"


@dataclass(frozen=True)
class Binary:
    """``and``, ``or``, a comparison or arithmetic."""

    operator: str
    left: Expression
    right: Expression

    def __str__(self) -> str:
        return f"({self.left}) {self.operator} ({self.right})"


@dataclass(frozen=True)
class Negative:
    """The number with the other sign."""

    operand: Expression

    def __str__(self) -> str:
        return f"-({self.operand})"


@dataclass(frozen=True)
class In:
    """Whether ``operand`` is one of ``values``."""

    operand: Expression
    values: tuple[Literal, ...]

    def __str__(self) -> str:
        return f"({self.operand}) in ({', '.join(map(str, self.values))})"


@dataclass(frozen=True)
class IsNull:
    """Whether there is no value."""

    operand: Expression

    def __str__(self) -> str:
        return f"is_null({self.operand})"


@dataclass(frozen=True)
class Age:
    """Seconds since the time of a signal's value."""

    operand: Reference

    def __str__(self) -> str:
        return f"age({self.operand})"


Expression = Literal | Reference | Not | Binary | Negative | In | IsNull | Age


def references(expression: Expression) -> Iterator[Reference]:
    """The signals and attributes of an expression, from left to right."""
    match expression:
        case Reference():
            yield expression
        case Binary():
            yield from references(expression.left)
            yield from references(expression.right)
        case Not() | Negative() | In() | IsNull() | Age():
            yield from references(expression.operand)
