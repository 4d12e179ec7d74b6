"""Which signals a campaign's paths and patterns mean."""

from __future__ import annotations

import fnmatch
import re
from typing import TYPE_CHECKING

from kaido.errors import NotFoundError, nearest_names

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_LIST_THEM = "See: kaido catalog list"


def is_pattern(text: str) -> bool:
    """Whether it has wildcards. ``*`` spans branches: ``Vehicle.Chassis.*`` is everything below."""
    return any(sign in text for sign in "*?[")


def select(wanted: Iterable[str], paths: Collection[str]) -> list[str]:
    """The paths that are meant, in the order of ``paths``; what matches nothing is left out."""
    exact = {one for one in wanted if not is_pattern(one)}
    patterns = [fnmatch.translate(one) for one in wanted if is_pattern(one)]
    matcher = re.compile("|".join(patterns), re.IGNORECASE) if patterns else None
    return [path for path in paths if path in exact or (matcher is not None and matcher.match(path))]


def check(wanted: Iterable[str], paths: Collection[str]) -> None:
    """Whether everything that is wanted exists.

    Args:
        wanted: paths and patterns, the document's ``signals``.
        paths: those of all decoder manifests of the company.

    Raises:
        NotFoundError: a path is of no signal, or a pattern matches none; it says which place of ``signals`` it is.
    """
    known = set(paths)
    if not known:
        raise NotFoundError(
            "there is no decoder manifest yet",
            why="without one no vehicle knows what the bits on its buses mean",
            fix="Import a CAN database: kaido catalog import FILE.dbc",
        )
    for place, one in enumerate(wanted):
        missing = select([one], paths) == [] if is_pattern(one) else one not in known
        if missing:
            raise _missing(one, known).placed(f"signals[{place}]")


def _missing(name: str, known: Collection[str]) -> NotFoundError:
    if is_pattern(name):
        return NotFoundError(f"no signal matches '{name}'", why=_instead(name, known), fix=_LIST_THEM)
    if any(path.startswith(f"{name}.") for path in known):
        return NotFoundError(f"'{name}' is a branch", fix=f"Its signals are '{name}.*'")
    nearest = nearest_names(name, known)
    fix = f"Did you mean {' or '.join(nearest)}?" if nearest else _LIST_THEM
    return NotFoundError(f"no signal '{name}' in any decoder manifest", fix=fix)


def _instead(pattern: str, known: Iterable[str]) -> str:
    first = re.split(r"[*?\[]", pattern)[0].rstrip(".")
    branches = {".".join(path.split(".")[:depth]) for path in known for depth in (1, 2)}
    nearest = nearest_names(first, branches)
    return f"there is {' and '.join(nearest)}" if nearest else ""
