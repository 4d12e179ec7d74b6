"""Conditions over VSS names: text, tree and the wire's condition nodes."""

from kaido.expressions.checking import check, resolve
from kaido.expressions.limits import MAX_CHARACTERS, MAX_DEPTH, MAX_NODES
from kaido.expressions.model import ACTIONS, FUNCTIONS, Described, Function, Resolved, Type
from kaido.expressions.on_wire import from_wire, to_wire
from kaido.expressions.parsing import parse
from kaido.expressions.showing import show
from kaido.expressions.syntax import (
    Expression,
    ExpressionError,
    compared_signals,
    compared_texts,
    depth,
    references,
    windowed,
)

__all__ = [
    "ACTIONS",
    "FUNCTIONS",
    "MAX_CHARACTERS",
    "MAX_DEPTH",
    "MAX_NODES",
    "Described",
    "Expression",
    "ExpressionError",
    "Function",
    "Resolved",
    "Type",
    "check",
    "compared_signals",
    "compared_texts",
    "depth",
    "from_wire",
    "parse",
    "references",
    "resolve",
    "show",
    "to_wire",
    "windowed",
]
