"""An actuator as a vehicle knows it: by its path, on an interface of its own (FleetWise's custom decoding signals)."""

from __future__ import annotations

import fnmatch
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kaido.catalog import primitives
from kaido.catalog.signal import SCALARS, is_path
from kaido.errors import InvalidInputError, NotFoundError
from kaido.wire import kaido_wire_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from kaido.catalog.signal import Signal

INTERFACE = "actuators"
"""What a FleetWise edge agent looks for the dispatcher of a command under, where the manifest names no other."""


@dataclass(frozen=True, slots=True)
class ActuatorSignal:
    """Something that a vehicle can be commanded to set. A sensor may have the same path: what it was set to.

    Attributes:
        path: of VSS; on the wire the custom decoding id.
        datatype: of its value, as VSS names it; empty where the manifest does not say.
        interface: whoever in the vehicle carries it out.
    """

    path: str
    datatype: str = ""
    interface: str = INTERFACE

    def __post_init__(self) -> None:
        if self.datatype and self.datatype not in SCALARS:
            raise InvalidInputError(f"{self.path} is no actuator", why=f"a command cannot carry a {self.datatype}")


def check(actuators: Iterable[ActuatorSignal]) -> None:
    """Whether they can be those of one manifest.

    Raises:
        InvalidInputError: a path is none, or is there twice.
    """
    for path, count in Counter(one.path for one in actuators).items():
        if not is_path(path):
            raise InvalidInputError(f"{path[:100]!r} is no path of an actuator")
        if count > 1:
            raise InvalidInputError(f"the actuator {path} is there {count} times")


def of_catalog(catalog: Mapping[str, Signal], mapped: Collection[str], named: Iterable[str]) -> list[ActuatorSignal]:
    """The actuators of a vehicle: what is mapped and an actuator in the catalog, and what is named.

    Args:
        catalog: by path.
        mapped: the paths that the vehicle's buses show.
        named: paths, and patterns in which ``*`` spans branches.

    Raises:
        NotFoundError: a path is no actuator of the catalog, or a pattern matches none; says the nearest.
    """
    known = {path: one for path, one in catalog.items() if one.kind == "actuator" and one.datatype in SCALARS}
    wanted = known.keys() & set(mapped)
    for one in named:
        found = fnmatch.filter(known, one)
        if not found:
            raise NotFoundError.of("actuator in the catalog", one, known)
        wanted.update(found)
    return [ActuatorSignal(path, known[path].datatype) for path in sorted(wanted)]


def to_wire(number: int, actuator: ActuatorSignal) -> pb.CustomDecodingSignal:
    """The message of an actuator with its id."""
    return pb.CustomDecodingSignal(
        signal_id=number,
        interface_id=actuator.interface,
        custom_decoding_id=actuator.path,
        primitive_type=primitives.OF_DATATYPE.get(actuator.datatype, pb.NULL),
    )


def from_wire(message: pb.CustomDecodingSignal) -> ActuatorSignal:
    """The actuator of a message."""
    datatype = primitives.DATATYPES.get(message.primitive_type, "")
    return ActuatorSignal(message.custom_decoding_id, datatype, message.interface_id)
