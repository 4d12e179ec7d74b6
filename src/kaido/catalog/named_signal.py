"""A signal that a program in the vehicle hands over by its path (FleetWise's custom decoding signals, named)."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kaido.catalog import primitives
from kaido.catalog.signal import SCALARS
from kaido.errors import InvalidInputError, NotFoundError
from kaido.wire import kaido_wire_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kaido.catalog.signal import Signal

INTERFACE = "values"
"""Tells these from actuators on the wire; a FleetWise edge agent needs an interface of this name, for named signals."""


@dataclass(frozen=True, slots=True)
class NamedSignal:
    """A signal that is in no frame, and that no ECU is asked for.

    Attributes:
        path: of VSS; on the wire the custom decoding id.
        datatype: a scalar of VSS. What is a ``string`` is sent and stored as text, all else as a number.
        unit: in which it is handed over; that of the catalog.
    """

    path: str
    datatype: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None

    def __post_init__(self) -> None:
        if self.datatype not in SCALARS:
            raise InvalidInputError(f"{self.path} cannot be handed over", why=f"no sample carries a {self.datatype!r}")

    @property
    def source(self) -> str:
        """Where it comes from."""
        return "a program in the vehicle"

    @property
    def is_text(self) -> bool:
        """Whether its samples are texts."""
        return self.datatype == "string"


def of_catalog(catalog: Mapping[str, Signal], named: Iterable[str]) -> list[NamedSignal]:
    """The signals of paths, and of patterns in which ``*`` spans branches.

    Raises:
        NotFoundError: a path is no scalar of the catalog, or a pattern matches none; says the nearest.
    """
    known = {path: one for path, one in catalog.items() if one.datatype in SCALARS}
    wanted: set[str] = set()
    for one in named:
        found = fnmatch.filter(known, one)
        if not found:
            raise NotFoundError.of("signal in the catalog", one, known)
        wanted.update(found)
    return [_of(known[path]) for path in sorted(wanted)]


def _of(signal: Signal) -> NamedSignal:
    return NamedSignal(signal.path, signal.datatype, signal.unit, signal.min, signal.max)


def to_wire(number: int, signal: NamedSignal) -> pb.CustomDecodingSignal:
    """The message of a signal with its id."""
    return pb.CustomDecodingSignal(
        signal_id=number,
        interface_id=INTERFACE,
        custom_decoding_id=signal.path,
        primitive_type=primitives.OF_DATATYPE[signal.datatype],
    )


def from_wire(message: pb.CustomDecodingSignal) -> NamedSignal:
    """The signal of a message; one whose type is not known is a number."""
    return NamedSignal(message.custom_decoding_id, primitives.DATATYPES.get(message.primitive_type, "double"))
