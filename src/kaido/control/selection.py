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
        wanted: paths and patterns.
        paths: those of all decoder manifests of the company.

    Raises:
        NotFoundError: a path is of no signal, or a pattern matches none.
    """
    known = set(paths)
    if not known:
        raise NotFoundError(
            "there is no decoder manifest yet",
            why="without one no vehicle knows what the bits on its buses mean",
            fix="Import a CAN database: kaido catalog import FILE.dbc",
        )
    for one in wanted:
        if is_pattern(one):
            if not select([one], paths):
                raise NotFoundError(f"no signal matches '{one}'", why=_instead(one, known), fix=_LIST_THEM)
        elif one not in known:
            if any(path.startswith(f"{one}.") for path in known):
                raise NotFoundError(f"'{one}' is a branch", fix=f"Its signals are '{one}.*'")
            nearest = nearest_names(one, known)
            fix = f"Did you mean {' or '.join(nearest)}?" if nearest else _LIST_THEM
            raise NotFoundError(f"no signal '{one}' in any decoder manifest", fix=fix)


def _instead(pattern: str, known: Iterable[str]) -> str:
    first = re.split(r"[*?\[]", pattern)[0].rstrip(".")
    branches = {".".join(path.split(".")[:depth]) for path in known for depth in (1, 2)}
    nearest = nearest_names(first, branches)
    return f"there is {' and '.join(nearest)}" if nearest else ""
