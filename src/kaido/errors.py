"""The roots of every error that Kaido raises on purpose.

An error says what is wrong, why, and what to do next. The API answers it as a problem document, the command line
prints it and exits with its ``exit_code``; neither shows a stack trace.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterable


class KaidoError(Exception):
    """Something failed in a way that we foresaw.

    Args:
        what: the thing that is wrong, named.
        why: the reason, if it is known.
        fix: the next step, a command where there is one.
    """

    code = "error"
    status = 500
    exit_code = 1
    field = ""
    """The place in a document that is wrong, as ``signals[2].window``; empty where that is not known."""
    column: int | None = None
    """In the text of that field, from 1."""

    def __init__(self, what: str, *, why: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.fix = fix

    def __str__(self) -> str:
        text = self.what
        if self.why:
            text += f": {self.why}"
        if self.fix:
            text += f". {self.fix}"
        return text

    def placed(self, field: str, column: int | None = None) -> Self:
        """The same error, with the place in a document that it is about; a column that is known stays."""
        self.field = field
        self.column = column if column is not None else self.column
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), self.what, self.why, self.fix))

    def problem(self) -> dict[str, Any]:
        """The error as the API and ``--json`` show it."""
        place = {"field": self.field} if self.field else {}
        column = {} if self.column is None else {"column": self.column}
        return {"error": self.code, "what": self.what, "why": self.why, "fix": self.fix} | place | column


def _rebuild(kind: type[KaidoError], what: str, why: str, fix: str) -> KaidoError:
    return kind(what, why=why, fix=fix)


class InvalidInputError(KaidoError):
    """What was given cannot be read or makes no sense."""

    code = "invalid_input"
    status = 422
    exit_code = 4


class NotFoundError(KaidoError):
    """A name that does not exist."""

    code = "not_found"
    status = 404
    exit_code = 3

    @classmethod
    def of(cls, kind: str, name: str, known: Iterable[str], *, fix: str = "") -> NotFoundError:
        """An error that names the nearest of the known names."""
        nearest = nearest_names(name, known)
        hint = f"Did you mean {' or '.join(nearest)}?" if nearest else fix
        return cls(f"no {kind} '{name}'", fix=hint)


class ConflictError(KaidoError):
    """The name is taken, or the state forbids the change."""

    code = "conflict"
    status = 409
    exit_code = 5


class UnavailableError(KaidoError):
    """Something we depend on is away: a port, a folder, NATS, a database. Trying again may help."""

    code = "unavailable"
    status = 503
    exit_code = 6


class ForbiddenError(KaidoError):
    """The caller is known but may not do this."""

    code = "forbidden"
    status = 403
    exit_code = 7


class UnauthenticatedError(ForbiddenError):
    """The caller did not prove who it is."""

    code = "unauthenticated"
    status = 401


class TooManyError(KaidoError):
    """More often than a stated limit; trying again later helps.

    Args:
        retry_after_s: how much later.
    """

    code = "too_many"
    status = 429
    exit_code = 6

    def __init__(self, what: str, *, why: str = "", fix: str = "", retry_after_s: float = 1.0) -> None:
        super().__init__(what, why=why, fix=fix)
        self.retry_after_s = retry_after_s


class TooLargeError(InvalidInputError):
    """More than a stated limit."""

    code = "too_large"
    status = 413


ALL_ERRORS: tuple[type[KaidoError], ...] = (
    KaidoError,
    InvalidInputError,
    NotFoundError,
    ConflictError,
    UnavailableError,
    ForbiddenError,
    UnauthenticatedError,
    TooManyError,
    TooLargeError,
)


def from_problem(problem: dict[str, Any]) -> KaidoError:
    """The error that a problem document of the API describes."""
    kinds = {kind.code: kind for kind in ALL_ERRORS}
    kind = kinds.get(str(problem.get("error", "")), KaidoError)
    column = problem.get("column")
    return kind(
        str(problem.get("what") or "the request failed"),
        why=str(problem.get("why") or ""),
        fix=str(problem.get("fix") or ""),
    ).placed(str(problem.get("field") or ""), column if isinstance(column, int) else None)


def nearest_names(name: str, known: Iterable[str], count: int = 2) -> list[str]:
    """Up to ``count`` of the known names that look most like ``name``, best first."""
    folded = {candidate.casefold(): candidate for candidate in known}
    wanted = name.casefold()
    close = difflib.get_close_matches(wanted, folded, n=count, cutoff=0.6)
    likeness = {match: difflib.SequenceMatcher(None, wanted, match).ratio() for match in close}
    best = max(likeness.values(), default=0.0)
    return [folded[match] for match in close if likeness[match] > best - 0.1]
