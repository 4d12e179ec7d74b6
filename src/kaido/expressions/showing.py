"""An expression as text, such that reading it gives the same expression."""

from __future__ import annotations

import json
import math

from kaido.expressions.limits import within_limits
from kaido.expressions.parsing import STRENGTH
from kaido.expressions.syntax import (
    CUSTOM,
    IS_NULL,
    KEYWORDS,
    LOGIC,
    NAME,
    RESERVED,
    Binary,
    Call,
    Expression,
    IsNull,
    Member,
    Not,
    Number,
    Signal,
    Text,
    Truth,
    Window,
    balanced,
    chain,
)

_WHOLE = 1e15
"""Numbers below it are written without a fraction where they have none."""


def show(expression: Expression) -> str:
    """The expression as a person would write it; ``parse`` reads it back.

    Raises:
        InvalidInputError: it is too large.
    """
    return _shown(within_limits(expression))


def _shown(node: Expression) -> str:  # noqa: PLR0911  # one a kind of node
    match node:
        case Number():
            return f"{_number(float(node.value))} {node.unit}".rstrip()
        case Text():
            return json.dumps(node.value, ensure_ascii=False)
        case Truth():
            return "true" if node.value else "false"
        case Signal():
            return path(node.path)
        case Member():
            return f"{path(node.path)}[{', '.join(map(str, node.indices))}]"
        case Window():
            return f"{node.function}({path(node.path)})"
        case _:
            return _composed(node)


def _composed(node: Not | IsNull | Call | Binary) -> str:
    match node:
        case Not():
            return f"not {_operand(node.operand, STRENGTH['not'] + 2)}"
        case IsNull():
            return f"{IS_NULL}({_shown(node.operand)})"
        case Call():
            return _call(node.name, [_shown(one) for one in node.arguments])
        case Binary():
            return _binary(node)


def path(text: str) -> str:
    """A signal's path as an expression names it."""
    plain = text.startswith("#") or (NAME.fullmatch(text) and text.casefold() not in KEYWORDS)
    return text if plain else f"`{text}`"


def _number(value: float) -> str:
    if math.isinf(value):
        return "infinity" if value > 0 else "-infinity"
    if value.is_integer() and abs(value) < _WHOLE:
        return ("-" if math.copysign(1, value) < 0 else "") + str(abs(int(value)))
    return repr(value)


def _call(name: str, arguments: list[str]) -> str:
    if NAME.fullmatch(name) and name.casefold() not in RESERVED:
        return f"{name}({', '.join(arguments)})"
    return f"{CUSTOM}({', '.join([json.dumps(name, ensure_ascii=False), *arguments])})"


def _binary(node: Binary) -> str:
    strength = STRENGTH[node.operator]
    if node.operator in LOGIC:
        parts = chain(node)
        if balanced(node.operator, parts) != node:
            parts = [node.left, node.right]
        return f" {node.operator} ".join(_operand(part, strength + 1) for part in parts)
    comparison = node.operator not in {"+", "-", "*", "/"}
    left = _operand(node.left, strength + comparison)
    return f"{left} {node.operator} {_operand(node.right, strength + 1)}"


def _operand(node: Expression, weakest: int) -> str:
    text = _shown(node)
    strength = STRENGTH[node.operator] if isinstance(node, Binary) else STRENGTH["not"] if isinstance(node, Not) else 9
    return text if strength >= weakest else f"({text})"
