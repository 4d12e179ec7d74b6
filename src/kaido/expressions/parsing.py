"""Reading an expression: precedence climbing. What fits together is a later question (``checking.py``)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kaido.expressions.limits import MAX_DEPTH, too_deep, within_limits
from kaido.expressions.syntax import (
    ARITHMETIC,
    COMPARISONS,
    CUSTOM,
    IS_NULL,
    LOGIC,
    WINDOW_FUNCTIONS,
    Binary,
    Call,
    ExpressionError,
    IsNull,
    Member,
    Not,
    Number,
    Signal,
    Text,
    Truth,
    Window,
    balanced,
)
from kaido.expressions.tokens import Token, tokens

if TYPE_CHECKING:
    from kaido.expressions.syntax import Expression

STRENGTH = {"or": 1, "and": 2, "not": 3} | dict.fromkeys(COMPARISONS, 4) | {"+": 5, "-": 5, "*": 6, "/": 6}
"""How tightly an operator binds."""

_COMPARISON, _SIGN = 4, 7
_OPERATORS = frozenset({*LOGIC, *COMPARISONS, *ARITHMETIC})
_SPELLINGS = {"=": "==", "<>": "!="}
_MOST_OPEN = 3 * MAX_DEPTH
"""Parentheses, signs and ``not`` around each other: more than the text of any expression needs."""


def parse(text: str) -> Expression:
    """The expression that ``text`` states. Nothing is known about its types yet.

    Raises:
        ExpressionError: it is none; the error names the column.
        InvalidInputError: it is too long, too large or too deep.
    """
    return within_limits(_Parser(text).whole())


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = list(tokens(text))
        self._next = 0
        self._open = 0

    def whole(self) -> Expression:
        if self._now.kind == "end":
            raise self._error("an expression is missing", fix="For example: Vehicle.Speed > 100 km/h")
        expression = self._expression(0)
        if self._now.kind != "end":
            raise self._error(f"an operator was expected, not '{self._now.text}'")
        return expression

    @property
    def _now(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._now
        self._next += token.kind != "end"
        return token

    def _take_if(self, text: str) -> bool:
        same = self._now.kind in {"symbol", "word"} and self._now.text == text
        if same:
            self._take()
        return same

    def _expect(self, symbol: str) -> None:
        if not self._take_if(symbol):
            raise self._error(f"'{symbol}' was expected, not {_shown(self._now)}")

    def _error(self, problem: str, at: Token | None = None, fix: str = "") -> ExpressionError:
        return ExpressionError.at((at or self._now).place, problem, fix)

    def _operator(self) -> str:
        """The operator that stands here, or nothing."""
        if self._now.kind not in {"symbol", "word"}:
            return ""
        name = _SPELLINGS.get(self._now.text, self._now.text)
        return name if name in _OPERATORS else ""

    def _expression(self, weakest: int) -> Expression:
        left = self._operand()
        while STRENGTH.get(name := self._operator(), 0) > weakest:
            token, strength = self._take(), STRENGTH[name]
            right = self._expression(strength)
            if name in LOGIC:
                parts = [left, right]
                while self._take_if(name):
                    parts.append(self._expression(strength))
                left = balanced(name, parts)
                continue
            left = Binary(name, left, right, place=token.place)
            if strength == _COMPARISON and self._operator() in COMPARISONS:
                fix = "Join two comparisons with 'and': 10 < x and x < 20"
                raise self._error("comparisons cannot be chained", fix=fix)
        return left

    def _operand(self) -> Expression:
        self._open += 1
        if self._open > _MOST_OPEN:
            raise too_deep()
        found = self._opened(self._take())
        self._open -= 1
        return found

    def _opened(self, token: Token) -> Expression:  # noqa: PLR0911  # one a kind of token
        match token.kind, token.text:
            case "number", _:
                return self._number(token, 1)
            case "text", text:
                return Text(text, place=token.place)
            case "word", "true" | "false":
                return Truth(token.text == "true", place=token.place)
            case "word", "nan" | "infinity":
                return Number(float(token.text), place=token.place)
            case "word", "not":
                return Not(self._expression(STRENGTH["not"]), place=token.place)
            case "symbol", "-":
                return self._negative(token)
            case "symbol", "(":
                inner = self._expression(0)
                self._expect(")")
                return inner
            case "name", name if self._now.text == "(" and self._now.kind == "symbol":
                return self._function(name, token)
            case (("name" | "quoted"), path):
                return self._signal(path, token)
        raise self._error(f"a signal, a number or a string was expected, not {_shown(token)}", token)

    def _number(self, token: Token, sign: int, at: Token | None = None) -> Number:
        value = float(token.text)
        if token.kind == "number" and not math.isfinite(value):
            raise self._error("the number is too large", token)
        return Number(sign * value, token.unit, place=(at or token).place)

    def _negative(self, token: Token) -> Expression:
        if self._now.kind == "number" or (self._now.kind == "word" and self._now.text in {"nan", "infinity"}):
            return self._number(self._take(), -1, token)
        return Binary("-", Number(0.0, place=token.place), self._expression(_SIGN), place=token.place)

    def _signal(self, path: str, token: Token) -> Expression:
        if not self._take_if("["):
            return Signal(path, place=token.place)
        indices: list[int] = []
        while not self._take_if("]"):
            if indices:
                self._expect(",")
            index = self._take()
            if index.kind != "number" or index.unit or not index.text.isdecimal() or len(index.text) > 10:  # noqa: PLR2004  # digits of a uint32
                raise self._error(f"the number of a member was expected, not {_shown(index)}", index)
            indices.append(int(index.text))
        return Member(path, tuple(indices), place=token.place)

    def _function(self, name: str, token: Token) -> Expression:
        folded = name.casefold()
        self._expect("(")
        if folded == IS_NULL:
            inner = self._expression(0)
            self._expect(")")
            return IsNull(inner, place=token.place)
        if folded in WINDOW_FUNCTIONS:
            signal = self._take()
            if signal.kind not in {"name", "quoted"}:
                raise self._error(f"{folded}() wants a signal", signal)
            self._expect(")")
            return Window(folded, signal.text, place=token.place)
        if folded == CUSTOM:
            called = self._take()
            if called.kind != "text" or not called.text:
                raise self._error('custom() wants a name first: custom("name", a, b)', called)
            if self._now.text != ")":
                self._expect(",")
            name = called.text
        return Call(name, self._arguments(), place=token.place)

    def _arguments(self) -> tuple[Expression, ...]:
        arguments: list[Expression] = []
        while not self._take_if(")"):
            if arguments:
                self._expect(",")
            arguments.append(self._expression(0))
        return tuple(arguments)


def _shown(token: Token) -> str:
    return "the end" if token.kind == "end" else f"'{token.text}'"
