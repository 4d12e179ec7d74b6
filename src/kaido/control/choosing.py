"""The signals that a campaign means, each with its settings."""

from __future__ import annotations

import fnmatch
import re
from typing import TYPE_CHECKING, Any

from kaido.control.quantities import shown
from kaido.control.selection import is_pattern
from kaido.control.wishes import SignalWish
from kaido.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    Lines = tuple[SignalWish, ...]

_SETTINGS = ("minimum_period", "buffer", "window", "partition", "condition_only")
_TIMES = ("minimum_period", "window")


def chosen(wishes: Sequence[SignalWish], paths: Collection[str]) -> dict[str, SignalWish]:
    """The signals that are meant, in the order of ``paths``, each with its settings.

    What is said of a signal by its own name counts more than what a pattern says.

    Raises:
        InvalidInputError: two patterns, or two lines of one signal, say different things of it.
    """
    exact: dict[str, Lines] = {}
    patterns: list[tuple[re.Pattern[str], SignalWish]] = []
    for wish in wishes:
        if is_pattern(wish.path):
            patterns.append((re.compile(fnmatch.translate(wish.path), re.IGNORECASE), wish))
        else:
            exact[wish.path] = (*exact.get(wish.path, ()), wish)
    found: dict[str, SignalWish] = {}
    merged: dict[
        tuple[int, ...], dict[str, Any]
    ] = {}  # a pattern means thousands of signals; they share their settings
    for path in paths:
        named, matched = exact.get(path, ()), tuple(wish for pattern, wish in patterns if pattern.match(path))
        if named or matched:
            lines = tuple(id(wish) for wish in (*named, *matched))
            if lines not in merged:
                merged[lines] = _merged(path, named, matched)
            # Not read again: the times are milliseconds by now.
            found[path] = SignalWish.model_construct(path=path, **merged[lines])
    return found


def _merged(path: str, named: Lines, matched: Lines) -> dict[str, Any]:
    settings = {name: _said(name, path, named, matched) for name in _SETTINGS}
    window, period = settings["window"], settings["minimum_period"]
    if window and period and window < period:
        raise InvalidInputError(
            f"the campaign's window of {path} would often be empty",
            why=f"it is {shown(window)} long, and samples come {shown(period)} apart",
            fix="Make the window longer, or minimum_period shorter",
        )
    return settings


def _said(name: str, path: str, named: Lines, matched: Lines) -> Any:
    for lines in (named, matched):
        said = {value: wish for wish in lines if (value := getattr(wish, name)) is not None}
        if len(said) > 1:
            (one, first), (other, second) = list(said.items())[:2]
            both = " and ".join(shown(value) if name in _TIMES else str(value) for value in (one, other))
            raise InvalidInputError(
                f"the campaign's signals contradict each other on the {name} of {path}",
                why=f"'{first.path}' and '{second.path}' say {both}",
                fix=f"Say it once, in a line for {path} alone",
            )
        if said:
            return next(iter(said))
    return None
