"""How large an expression may be: whatever walks one may then recurse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kaido.errors import InvalidInputError
from kaido.expressions.syntax import nodes

if TYPE_CHECKING:
    from kaido.expressions.syntax import Expression

MAX_CHARACTERS = 100_000
MAX_NODES = 1_000
MAX_DEPTH = 30
"""Levels of a tree. protobuf reads 100 nested messages; a level takes up to three of them, a scheme around it four."""

_GROUP = "Split it into several campaigns, or let a custom function of the vehicle compute a part"


def too_deep() -> InvalidInputError:
    """The error of a tree with too many levels."""
    return InvalidInputError("the condition is too deep", why=f"it nests more than {MAX_DEPTH} levels", fix=_GROUP)


def too_many() -> InvalidInputError:
    """The error of a tree with too many nodes."""
    return InvalidInputError("the condition is too large", why=f"it has more than {MAX_NODES:,} parts", fix=_GROUP)


def too_long(characters: int) -> InvalidInputError:
    """The error of a text that is too long."""
    why = f"it has {characters:,} characters; at most {MAX_CHARACTERS:,} are read"
    return InvalidInputError("the condition is too long", why=why, fix=_GROUP)


def within_limits(expression: Expression) -> Expression:
    """The expression, if it is not too large.

    Raises:
        InvalidInputError: it is.
    """
    for count, (_, depth) in enumerate(nodes(expression), 1):
        if depth > MAX_DEPTH:
            raise too_deep()
        if count > MAX_NODES:
            raise too_many()
    return expression
