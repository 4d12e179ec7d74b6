"""Reading VSS: what ``vspec export json`` and ``vspec export yaml`` of vss-tools write."""

from __future__ import annotations

import functools
import math
from importlib import resources
from typing import TYPE_CHECKING, Any

from kaido.catalog import text
from kaido.catalog.signal import DATATYPES, KINDS, Signal, is_path
from kaido.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_NODES = 100_000
"""VSS has about 1,500 leaves; this is where a file is called hostile."""

MOST_ALLOWED = 1_000
"""Values in a list of the only ones."""

_NOT_SIGNALS = frozenset({"branch", "struct", "property", "ComplexDataTypes"})


def read_vss(data: bytes, name: str) -> list[Signal]:
    """The signals of a VSS export, sorted by path. Leaves of struct types are left out.

    Args:
        data: JSON (nested) or YAML (flat).
        name: what to call the file in errors.

    Raises:
        InvalidInputError: it cannot be read, is no VSS, or a leaf is wrong: says where.
    """
    content = text.parsed(data, name)
    if not isinstance(content, dict):
        raise _not_vss(name, "it is no table of names")
    signals: dict[str, Signal] = {}
    for count, (path, node) in enumerate(_nodes(content)):
        if count >= MOST_NODES:
            raise InvalidInputError(f"{name} is too large", why=f"it has more than {MOST_NODES} nodes")
        signal = _signal(name, path, node)
        if signal is not None:
            signals[path] = signal
    if not signals:
        raise _not_vss(name, "it has no sensor, actuator or attribute")
    return [signals[path] for path in sorted(signals)]


@functools.cache
def standard() -> tuple[Signal, ...]:
    """The signals that Kaido itself uses, as VSS names them."""
    data = resources.files("kaido.catalog").joinpath("standard.yaml").read_bytes()
    return tuple(read_vss(data, "standard.yaml"))


@functools.cache
def _standard_by_path() -> dict[str, Signal]:
    return {signal.path: signal for signal in standard()}


def standard_signal(path: str) -> Signal | None:
    """The signal of :func:`standard` with this path."""
    return _standard_by_path().get(path)


def _nodes(content: dict[Any, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every node with its full path. Not recursive, so depth costs nothing."""
    pending = [(str(path), node) for path, node in reversed(content.items()) if path not in _NOT_SIGNALS]
    while pending:
        path, node = pending.pop()
        if not isinstance(node, dict):
            node = {}  # a node that is none: named by _signal
        yield path, node
        children = node.get("children")
        if isinstance(children, dict):
            pending.extend((f"{path}.{child}", inner) for child, inner in reversed(children.items()))


def _signal(name: str, path: str, node: dict[str, Any]) -> Signal | None:
    kind = str(node.get("type", "")).lower()
    if kind in _NOT_SIGNALS:
        return None
    if kind not in KINDS:
        raise _not_vss(name, f"{path[:100]} has type {str(node.get('type'))[:40]!r}, not {', '.join(KINDS)} or branch")
    if not is_path(path):
        raise InvalidInputError(f"{name} has a signal named {path[:100]!r}", why="that is no VSS path")
    datatype = str(node.get("datatype", ""))
    if datatype not in DATATYPES:
        if "." in datatype:
            return None
        raise InvalidInputError(f"{name}: {path} has datatype {datatype[:40]!r}", why="VSS has no such datatype")
    return Signal(
        path=path,
        kind=kind,
        datatype=datatype,
        unit=str(node.get("unit") or "")[:64],
        description=" ".join(str(node.get("description") or "").split())[:2000],
        min=_number(node.get("min")),
        max=_number(node.get("max")),
        allowed=_allowed(node.get("allowed")),
        critical=node.get("critical") is True,
    )


def _allowed(value: Any) -> tuple[str | float, ...]:
    """The list of the only values; an entry that can be none is left out."""
    if not isinstance(value, list):
        return ()
    entries = (one if isinstance(one, str) else _number(one) for one in value[:MOST_ALLOWED])
    return tuple(one for one in entries if one is not None)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _not_vss(name: str, why: str) -> InvalidInputError:
    fix = "Give a file that `vspec export json` or `vspec export yaml` of vss-tools wrote"
    return InvalidInputError(f"{name} is no VSS catalog", why=why, fix=fix)
