"""Kaido's own definitions of the messages, and those written a second time from the protocol alone, are the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf.descriptor import FieldDescriptor

from kaido.wire import kaido_wire_pb2 as pb
from tests.protocol.messages import WIRE

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor

MESSAGES = (
    "Checkin", "DecoderManifest", "CollectionSchemes", "VehicleData", "StateTemplates", "LastKnownStateData",
    "CommandRequest", "CommandResponse",
)  # fmt: skip
OURS = 1000
"""Fields from this number on are beyond the protocol: no other agent reads them."""
NOT_USED = {("CollectionScheme", 16), ("VehicleData", 9)}
"""Of the protocol, and of no concern here: uploads to S3."""
TYPES = {
    FieldDescriptor.TYPE_STRING: "string", FieldDescriptor.TYPE_DOUBLE: "double", FieldDescriptor.TYPE_FLOAT: "float",
    FieldDescriptor.TYPE_BOOL: "bool", FieldDescriptor.TYPE_UINT32: "uint", FieldDescriptor.TYPE_UINT64: "uint",
    FieldDescriptor.TYPE_SINT32: "sint", FieldDescriptor.TYPE_SINT64: "sint", FieldDescriptor.TYPE_ENUM: "uint",
}  # fmt: skip


@pytest.mark.parametrize("name", MESSAGES)
def test_fields_numbers_and_types_agree(name: str) -> None:
    compare(getattr(pb, name).DESCRIPTOR, name, set())


def compare(own: Descriptor, other: str, seen: set[str]) -> None:
    if other in seen or other in {"Empty", "PrimitiveInComplex"}:
        return
    seen.add(other)
    described: dict[int, Any] = {number: (kind, many) for _, number, kind, many in WIRE._messages[other]}
    known = {field.number: field for field in own.fields if field.number < OURS}
    unused = {number for message, number in NOT_USED if message == other}
    assert known.keys() - unused == described.keys(), other
    for number, (kind, many) in described.items():
        field = known[number]
        assert field.is_repeated == many, (other, number)
        if field.message_type is None:
            assert TYPES[field.type] == kind, (other, number)
        else:
            compare(field.message_type, kind, seen)
