"""Signals as JSON objects: fields that have their default are left out."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from kaido.catalog.can_signal import CanSignal, Selector
from kaido.catalog.named_signal import NamedSignal
from kaido.catalog.obd_signal import ObdSignal

_FLOATS = ("factor", "scaling", "offset", "minimum", "maximum")


def from_signal(signal: CanSignal) -> dict[str, Any]:
    """The JSON object of a signal."""
    document = _stated(signal)
    if signal.selectors:
        document["selectors"] = [
            {**asdict(one), "ranges": [list(pair) for pair in one.ranges]} for one in signal.selectors
        ]
    if signal.labels:
        document["labels"] = [list(pair) for pair in signal.labels]
    return document


def to_signal(document: dict[str, Any]) -> CanSignal:
    """The signal of a JSON object.

    Raises:
        InvalidInputError: the bits cannot be.
        KeyError, TypeError, ValueError: the object is not one of ours.
    """
    given = dict(document)
    given["labels"] = tuple((int(raw), str(text)) for raw, text in given.get("labels", ()))
    given["selectors"] = tuple(
        Selector(
            start_bit_lsb=one["start_bit_lsb"],
            length=one["length"],
            big_endian=one["big_endian"],
            ranges=tuple((int(first), int(last)) for first, last in one["ranges"]),
        )
        for one in given.get("selectors", ())
    )
    return CanSignal(**_with_floats(given))


def from_obd_signal(signal: ObdSignal) -> dict[str, Any]:
    """The JSON object of a signal that has to be asked for."""
    return _stated(signal)


def to_obd_signal(document: dict[str, Any]) -> ObdSignal:
    """The signal of a JSON object of :func:`from_obd_signal`.

    Raises:
        InvalidInputError: the bits cannot be.
        TypeError, ValueError: the object is not one of ours.
    """
    return ObdSignal(**_with_floats(document))


def from_named_signal(signal: NamedSignal) -> dict[str, Any]:
    """The JSON object of a signal that a program hands over."""
    return _stated(signal)


def to_named_signal(document: dict[str, Any]) -> NamedSignal:
    """The signal of a JSON object of :func:`from_named_signal`.

    Raises:
        InvalidInputError: no sample carries its datatype.
        TypeError, ValueError: the object is not one of ours.
    """
    return NamedSignal(**_with_floats(document))


def _stated(signal: CanSignal | ObdSignal | NamedSignal) -> dict[str, Any]:
    """The fields that do not have their default."""
    document = {f.name: value for f in fields(signal) if (value := getattr(signal, f.name)) != f.default}
    return _with_floats(document)


def _with_floats(document: dict[str, Any]) -> dict[str, Any]:
    """An integer would make another text, and so another sync id."""
    return {name: float(value) if name in _FLOATS and value is not None else value for name, value in document.items()}
