"""The converted start bit (of the least significant bit) against cantools, over every signal of opendbc's databases."""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path
from typing import Any

import numpy as np
import opendbc.dbc
import pytest
from cantools.database.can import Message
from opendbc.dbc.generator.generator import generate_all

from kaido.can.decode import Decoder
from kaido.can.frames import EXTENDED, Frames
from kaido.catalog import CanSignal, can_file
from kaido.catalog.bits import first_in_transmission, flip, lsb_from_dbc
from kaido.catalog.database import _Reader
from kaido.catalog.manifest import DecoderManifest
from kaido.errors import InvalidInputError

LEAST_DATABASES = 30


def whole_databases() -> dict[str, str]:
    folder = Path(opendbc.dbc.__file__).parent
    texts = {file.stem: file.read_text() for file in sorted(folder.glob("*.dbc"))}
    return {name: text for name, text in texts.items() if "IMPORT" not in text} | dict(generate_all())


def payloads(message: Any, signal: Any, dice: random.Random) -> list[bytes]:
    """The signal at its extremes and at random, all other bits 0 or 1."""
    bits = signal.length
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signal.is_signed else (0, (1 << bits) - 1)
    raws = [(low, True), (high, False), (dice.randint(low, high), True), (dice.randint(low, high), False)]
    return [message.encode({signal.name: raw}, scaling=False, padding=padding, strict=False) for raw, padding in raws]


def test_every_signal_of_opendbc() -> None:
    dice = random.Random(7)
    databases: list[str] = []
    signals: list[CanSignal] = []
    known: set[Any] = set()
    for name, text in whole_databases().items():
        try:
            database, _ = can_file.load(text.encode(), f"{name}.dbc")
        except InvalidInputError:
            continue  # a dozen of the files do not parse at all
        databases.append(name)
        found = _Reader("N", "can0", {}, {}).read(database.messages)
        check(found, database, dice, known)
        signals += found
    assert len(databases) >= LEAST_DATABASES
    assert len(signals) > 20_000
    assert sum(signal.big_endian for signal in signals) > 10_000


def check(every: list[CanSignal], database: Any, dice: random.Random, known: set[Any]) -> None:
    """Each signal, but for those that another database has too: what both readers make of it is in ``known``."""
    theirs = {f"{message.name}.{one.name}": (message, one) for message in database.messages for one in message.signals}
    signals = []
    for signal in every:
        message, one = theirs[signal.source]
        shape = (
            message.length,
            one.start,
            one.length,
            one.byte_order,
            one.is_signed,
            one.is_float,
            one.scale,
            one.offset,
        )
        ours = (signal.start_bit_lsb, signal.length, signal.big_endian, signal.signed, signal.is_float)
        key = (*shape, *ours, signal.factor, signal.offset)
        if key not in known:
            known.add(key)
            signals.append(signal)
    if not signals:
        return
    # Each signal in a message of its own, as an agent receives it: the wire's start bit is all there is to go by.
    alone = [
        dataclasses.replace(one, path=f"S{index}", message_id=index, extended=True, selectors=(), interface="")
        for index, one in enumerate(signals)
    ]
    received = DecoderManifest.from_wire(DecoderManifest.of("x", alone).to_wire())
    ids: list[int] = []
    data: list[bytes] = []
    truths: list[list[Any]] = []
    for index, signal in enumerate(signals):
        message, one = theirs[signal.source]
        single = Message(1, "M", message.length, [without_multiplexing(one)], strict=False)
        given = payloads(single, one, dice)
        ids += [index] * len(given)
        data += [payload.ljust(64, b"\0") for payload in given]
        truths.append([decoded(single, payload)[one.name] for payload in given])
    count = len(ids)
    frames = Frames(
        np.arange(count, dtype=np.int64),
        np.zeros(count, np.uint16),
        ("can0",),
        np.array(ids, np.uint32),
        np.full(count, EXTENDED, np.uint8),
        np.full(count, 64, np.uint8),
        np.frombuffer(b"".join(data), np.uint8).reshape(count, 64).copy(),
    )
    columns = Decoder(received.signals).columns(frames)
    for signal, truth in zip(received.signals, truths, strict=True):
        np.testing.assert_array_equal(columns[signal.path][1], np.array(truth, np.float64))


def decoded(message: Message, payload: bytes) -> Any:
    return message.decode(payload, decode_choices=False)


def without_multiplexing(signal: Any) -> Any:
    return type(signal)(
        signal.name, signal.start, signal.length, signal.byte_order, signal.is_signed, conversion=signal.conversion
    )


@pytest.mark.parametrize(
    ("start", "length", "lsb"),
    [(7, 8, 0), (7, 16, 8), (0, 1, 0), (0, 2, 15), (5, 10, 12), (39, 32, 56), (3, 4, 0), (2, 5, 14)],
)
def test_big_endian_by_hand(start: int, length: int, lsb: int) -> None:
    assert lsb_from_dbc(start, length, big_endian=True) == lsb
    assert flip(first_in_transmission(lsb, length)) == start


def test_little_endian_start_bits_stay() -> None:
    assert lsb_from_dbc(13, 20, big_endian=False) == 13
