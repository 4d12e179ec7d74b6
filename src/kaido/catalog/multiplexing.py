"""A database's multiplexing as selectors: each signal carries all conditions under which it is in a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kaido.catalog import bits
from kaido.catalog.can_signal import MAX_SELECTOR_BITS, Selector
from kaido.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable

DEEPEST = 8


def distinct(message: Any) -> list[tuple[Any, str, list[int] | None]]:
    """The signals of a cantools message, each once: the signal, a name of its own, all its multiplexer ids.

    SYM files repeat a signal for each value of the multiplexer, in the same place or in another one.
    """
    found: dict[tuple[Any, ...], tuple[Any, str, list[int] | None]] = {}
    names: set[str] = set()
    for signal in message.signals:
        place = (signal.name, signal.start, signal.length, signal.byte_order, signal.multiplexer_signal)
        if place in found:
            ids = found[place][2]
            if ids is not None:
                ids.extend(signal.multiplexer_ids or ())
            continue
        name, number = signal.name, 1
        while name in names:
            number += 1
            name = f"{signal.name}_{number}"
        names.add(name)
        found[place] = signal, name, None if signal.multiplexer_ids is None else list(signal.multiplexer_ids)
    return list(found.values())


def selectors(message: Any, signal: Any, ids: list[int] | None) -> tuple[Selector, ...]:
    """The selectors of a signal of a cantools message, the outermost multiplexer first.

    Args:
        message: the message.
        signal: one of its signals.
        ids: the multiplexer's values at which it is in a frame; None for always.

    Raises:
        InvalidInputError: its multiplexer is not in the message, is no short integer, or is its own.
    """
    by_name = {one.name: one for one in message.signals}
    chain: list[Selector] = []
    while ids is not None:
        multiplexer = by_name.get(signal.multiplexer_signal)
        if multiplexer is None:
            raise InvalidInputError(f"its multiplexer {signal.multiplexer_signal!r} is not in the message")
        if multiplexer.is_float or multiplexer.length > MAX_SELECTOR_BITS:
            raise InvalidInputError(f"its multiplexer {multiplexer.name} is no integer of up to 32 bits")
        if len(chain) == DEEPEST:
            raise InvalidInputError(f"its multiplexers are nested more than {DEEPEST} deep")
        chain.append(_selector(multiplexer, ids))
        signal, ids = multiplexer, multiplexer.multiplexer_ids
    return tuple(reversed(chain))


def _selector(multiplexer: Any, ids: Iterable[int]) -> Selector:
    big_endian = multiplexer.byte_order == "big_endian"
    length: int = multiplexer.length
    lowest = -(1 << length - 1) if multiplexer.is_signed else 0
    possible = {int(value) & (1 << length) - 1 for value in ids if lowest <= value < 1 << length}
    return Selector(
        start_bit_lsb=bits.lsb_from_dbc(multiplexer.start, length, big_endian=big_endian),
        length=length,
        big_endian=big_endian,
        ranges=tuple(_ranges(sorted(possible))),
    )


def _ranges(values: list[int]) -> Iterable[tuple[int, int]]:
    """Runs of neighbours."""
    first = 0
    for place in range(1, len(values) + 1):
        if place == len(values) or values[place] != values[place - 1] + 1:
            yield values[first], values[place - 1]
            first = place
