"""Protocol buffers by hand: enough of proto3 for the wire's messages, written from the encoding's specification."""

from __future__ import annotations

import re
import struct
from typing import Any

UNKNOWN = "unknown fields"
"""Where decoded values keep the numbers of fields that the tables do not have."""

_FIXED = {"double": ("<d", 1), "float": ("<f", 5)}
_VARINTS = ("uint", "bool", "sint")
_SCALARS = (*_FIXED, *_VARINTS, "string")
_FIELD = re.compile(r"(\w+) (\d+) (\w+)(\*?)")


class Schema:
    """Messages by tables of text, a line each: ``Name: field 1 type, field 2 type*``; ``*`` is repeated.

    A type is uint, bool, sint, double, float, string, or the name of a message. Values are dicts by field name.
    """

    def __init__(self, tables: str) -> None:
        lines = tables.replace("\n  ", " ").strip().splitlines()
        self._messages = {
            name: [(field, int(number), kind, bool(many)) for field, number, kind, many in _FIELD.findall(rest)]
            for name, _, rest in (line.partition(":") for line in lines)
        }
        used = {kind for fields in self._messages.values() for _, _, kind, _ in fields}
        assert used <= {*_SCALARS, *self._messages}, used - {*_SCALARS, *self._messages}

    def encode(self, message: str, values: dict[str, Any]) -> bytes:
        """The bytes of values; what is None is left out."""
        fields = {name: (number, kind, many) for name, number, kind, many in self._messages[message]}
        out = b""
        for name, value in values.items():
            number, kind, many = fields[name]
            for one in value if many else () if value is None else (value,):
                out += self._field(number, kind, one)
        return out

    def decode(self, message: str, data: bytes) -> dict[str, Any]:
        """The values: repeated fields are always there, others only where they were sent."""
        fields = {number: (name, kind, many) for name, number, kind, many in self._messages[message]}
        found: dict[str, Any] = {name: [] for name, _, many in fields.values() if many}
        at = 0
        while at < len(data):
            tag, at = _varint(data, at)
            raw, at = _raw(data, at, tag & 7)
            if tag >> 3 not in fields:
                found.setdefault(UNKNOWN, []).append(tag >> 3)
                continue
            name, kind, many = fields[tag >> 3]
            if many:
                found[name] += [self._value(kind, one) for one in _unpacked(kind, raw)]
            else:
                found[name] = self._value(kind, raw)
        return found

    def _field(self, number: int, kind: str, value: Any) -> bytes:
        if kind in _FIXED:
            shape, wire = _FIXED[kind]
            return _to_varint(number << 3 | wire) + struct.pack(shape, value)
        if kind in _VARINTS:
            zigzag = value << 1 ^ value >> 63 if kind == "sint" else int(value)
            return _to_varint(number << 3) + _to_varint(zigzag & (1 << 64) - 1)
        data = value.encode() if kind == "string" else self.encode(kind, value)
        return _to_varint(number << 3 | 2) + _to_varint(len(data)) + data

    def _value(self, kind: str, raw: Any) -> Any:
        if kind in self._messages:
            return self.decode(kind, raw)
        if kind == "string":
            return raw.decode()
        if kind in _FIXED:
            return struct.unpack(_FIXED[kind][0], raw)[0]
        return {"sint": raw >> 1 ^ -(raw & 1), "bool": bool(raw)}.get(kind, raw)


def _unpacked(kind: str, raw: Any) -> list[Any]:
    if kind not in _VARINTS or isinstance(raw, int):
        return [raw]
    found, at = [], 0
    while at < len(raw):
        one, at = _varint(raw, at)
        found.append(one)
    return found


def _raw(data: bytes, at: int, wire: int) -> tuple[Any, int]:
    if wire == 0:
        return _varint(data, at)
    length, at = _varint(data, at) if wire == 2 else ({1: 8, 5: 4}[wire], at)
    assert at + length <= len(data), "the message ends in the middle of a field"
    return data[at : at + length], at + length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _to_varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
