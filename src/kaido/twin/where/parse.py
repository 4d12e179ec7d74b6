"""Reading an expression: precedence climbing, types checked on the way, errors that point at the column."""

from __future__ import annotations

import math

from kaido.errors import nearest_names
from kaido.twin.where.syntax import (
    ATTRIBUTES,
    Age,
    Binary,
    Expression,
    In,
    IsNull,
    Literal,
    Negative,
    Not,
    Reference,
    WhereError,
)
from kaido.twin.where.tokens import Token, tokens

MAX_OPERATORS = 100
"""Operators and parentheses in one expression: what bounds how deep it nests."""

_STRENGTH = {"or": 1, "and": 2, "not": 3, "in": 4, "is": 4}
_STRENGTH |= dict.fromkeys(("==", "!=", "<", ">", "<=", ">="), 4)
_STRENGTH |= {"+": 5, "-": 5, "*": 6, "/": 6}
_COMPARISON = 4
_SIGN = 7
_SPELLINGS = {"=": "==", "<>": "!="}
_FUNCTIONS = ("is_null", "age")


def parse(text: str) -> Expression:
    """The condition that ``text`` states.

    Raises:
        WhereError: it is none; the error names the column.
    """
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(tokens(text))
        self._next = 0
        self._operators = 0

    def whole(self) -> Expression:
        if self._now.kind == "end":
            raise self._error("a condition is missing", fix='For example: Vehicle.Speed > 100 and market == "JP"')
        expression = self._expression(0)
        if self._now.kind != "end":
            raise self._error(f"an operator was expected, not '{self._now.text}'")
        return self._condition(expression, self._tokens[0])

    @property
    def _now(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._now
        self._next += token.kind != "end"
        return token

    def _error(self, problem: str, at: Token | None = None, fix: str = "") -> WhereError:
        return WhereError.at(self._text, (at or self._now).position, problem, fix)

    def _expect(self, symbol: str) -> None:
        if self._take_if(symbol) is None:
            found = "the end" if self._now.kind == "end" else f"'{self._now.text}'"
            raise self._error(f"'{symbol}' was expected, not {found}")

    def _take_if(self, text: str) -> Token | None:
        same = self._now.kind in {"symbol", "word"} and self._now.text == text
        return self._take() if same else None

    def _count(self, token: Token) -> None:
        self._operators += 1
        if self._operators > MAX_OPERATORS:
            raise self._error(f"more than {MAX_OPERATORS} operators and parentheses", token)

    def _expression(self, weakest: int) -> Expression:
        start = self._now
        left = self._operand()
        while (strength := self._strength()) > weakest:
            operator = self._take()
            self._count(operator)
            left = self._joined(left, start, operator, strength)
            if strength == _COMPARISON and self._strength() == _COMPARISON:
                raise self._error("comparisons cannot be chained", fix="Join two comparisons with 'and'")
        return left

    def _strength(self) -> int:
        if self._now.kind not in {"symbol", "word"}:
            return 0
        if self._now.text == "not":  # only as in `not in`
            return _COMPARISON if self._tokens[self._next + 1].text == "in" else 0
        return _STRENGTH.get(_SPELLINGS.get(self._now.text, self._now.text), 0)

    def _joined(self, left: Expression, start: Token, operator: Token, strength: int) -> Expression:
        name = _SPELLINGS.get(operator.text, operator.text)
        if name == "not":
            self._expect("in")
            return Not(self._in(left, start))
        if name == "in":
            return self._in(left, start)
        if name == "is":
            negated = self._take_if("not")
            self._expect("null")
            null = IsNull(self._value(left, start))
            return Not(null) if negated else null
        right_start = self._now
        right = self._expression(strength)
        if name in {"and", "or"}:
            return Binary(name, self._condition(left, start), self._condition(right, right_start))
        if strength == _COMPARISON:
            return self._comparison(name, operator, (left, start), (right, right_start))
        return Binary(name, self._number(left, start), self._number(right, right_start))

    def _comparison(
        self, name: str, operator: Token, left: tuple[Expression, Token], right: tuple[Expression, Token]
    ) -> Expression:
        kinds = {_kind(self._value(*left)), _kind(self._value(*right))}
        if {"text", "number"} <= kinds:
            raise self._error("a text is compared with a number", operator)
        if "text" in kinds and name not in {"==", "!="}:
            raise self._error(f"texts are compared with == and !=, not with {name}", operator)
        return Binary(name, left[0], right[0])

    def _in(self, left: Expression, start: Token) -> Expression:
        self._expect("(")
        values = [self._literal()]
        while self._take_if(","):
            values.append(self._literal())
        self._expect(")")
        kinds = {_kind(value) for value in values} | ({_kind(self._value(left, start))} - {"signal"})
        if len(kinds) > 1:
            raise self._error("texts and numbers are mixed in the list", start)
        return In(left, tuple(values))

    def _literal(self) -> Literal:
        token = self._now
        found = self._operand()
        if isinstance(found, Negative) and isinstance(found.operand, Literal):
            found = Literal(-float(found.operand.value))
        if not isinstance(found, Literal):
            raise self._error("a number or a text was expected", token)
        return found

    def _operand(self) -> Expression:  # noqa: PLR0911  # one a kind of token
        token = self._take()
        match token.kind, token.text:
            case "number", text:
                value = float(text)
                if not math.isfinite(value):
                    raise self._error("the number is too large", token)
                return Literal(value)
            case "text", text:
                return Literal(text)
            case "word", "true" | "false":
                return Literal(token.text == "true")
            case "word", "not":
                self._count(token)
                start = self._now
                return Not(self._condition(self._expression(_STRENGTH["not"]), start))
            case "symbol", "-":
                self._count(token)
                start = self._now
                return Negative(self._number(self._expression(_SIGN), start))
            case "symbol", "(":
                self._count(token)
                inner = self._expression(0)
                self._expect(")")
                return inner
            case "name", name if self._now.text == "(" and self._now.kind == "symbol":
                return self._function(name, token)
            case (("name" | "quoted"), name):
                return Reference(name, token.position)
        found = "the end" if token.kind == "end" else f"'{token.text}'"
        raise self._error(f"a signal, a number or a text was expected, not {found}", token)

    def _function(self, name: str, token: Token) -> Expression:
        if name.casefold() not in _FUNCTIONS:
            nearest = nearest_names(name, _FUNCTIONS) or _FUNCTIONS
            raise self._error(f"no function '{name}'", token, f"Did you mean {' or '.join(nearest)}?")
        self._count(token)
        self._expect("(")
        start = self._now
        inner = self._value(self._expression(0), start)
        self._expect(")")
        if name.casefold() == "is_null":
            return IsNull(inner)
        if not isinstance(inner, Reference) or inner.is_attribute:
            raise self._error("age() wants a signal", start)
        return Age(inner)

    def _condition(self, expression: Expression, start: Token) -> Expression:
        if _kind(expression) not in {"condition", "signal"}:
            raise self._error("this is a value, not a condition", start, "Compare it with something")
        return expression

    def _value(self, expression: Expression, start: Token) -> Expression:
        if _kind(expression) == "condition" and not isinstance(expression, Literal):
            raise self._error("this is a condition, not a value", start)
        return expression

    def _number(self, expression: Expression, start: Token) -> Expression:
        if _kind(expression) not in {"number", "signal"}:
            raise self._error("arithmetic wants numbers", start)
        return expression


def _kind(expression: Expression) -> str:
    """``condition``, ``number``, ``text``, or ``signal`` (whose values can be either)."""
    match expression:
        case Reference(path):
            return "text" if path in ATTRIBUTES else "signal"
        case Literal(str()):
            return "text"
        case Literal(bool()):
            return "condition"
        case Literal() | Negative() | Age():
            return "number"
        case Binary(operator) if operator in {"+", "-", "*", "/"}:
            return "number"
    return "condition"
