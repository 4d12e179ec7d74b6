"""From a CAN database and a mapping to a decoder manifest."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from kaido.catalog import bits, can_file, multiplexing, units, vss
from kaido.catalog.actuator_signal import of_catalog as actuators_of
from kaido.catalog.can_signal import CanSignal
from kaido.catalog.manifest import DecoderManifest, check_name
from kaido.catalog.named_signal import of_catalog as named_of
from kaido.catalog.signal import is_path
from kaido.errors import InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kaido.catalog.mapping import Mapping, Target
    from kaido.catalog.signal import Signal

MOST_SIGNALS = 100_000
MOST_NOTES = 100


def read_can_database(
    data: bytes,
    name: str,
    *,
    manifest: str = "",
    mapping: Mapping | None = None,
    namespace: str = "",
    interface: str | None = "can0",
    catalog: Iterable[Signal] = (),
    actuators: Iterable[str] = (),
    values: Iterable[str] = (),
) -> DecoderManifest:
    """The decoder manifest of a CAN database (DBC, ARXML, KCD, SYM).

    A signal that the mapping names gets the path and the unit of the catalog; all others are named
    ``namespace.Message.Signal`` in the database's own unit. Signals that no decoder could read are left out with a
    note. Not for files of strangers: ``kaido.catalog.sandbox`` does the same with its hands tied.

    Args:
        data: the file.
        name: the file's name; its ending tells the format.
        manifest: the manifest's name; the file's where empty.
        mapping: CAN signal to catalog, see ``kaido.catalog.mapping``.
        namespace: of unmapped signals; the manifest's name where empty.
        interface: the bus that the database describes; None for any.
        catalog: signals that mapped paths may name, besides ``standard()``.
        actuators: paths and patterns of the catalog's actuators that the vehicle has, besides those that are mapped.
        values: paths and patterns of what programs in the vehicle hand over; what is mapped is left out.

    Raises:
        InvalidInputError: the file does not parse (says where), a unit does not convert, a name cannot be.
        NotFoundError: the mapping names a CAN signal or a path that is not there; says the nearest.
    """
    manifest = manifest or _clean(PurePath(name).stem, r"[^A-Za-z0-9_.\-]") or "manifest"
    check_name(manifest)
    namespace = namespace or re.sub(r"^(?=[0-9_])", "N", _clean(manifest, r"[^A-Za-z0-9_]"))
    if not is_path(namespace):
        raise InvalidInputError(f"{namespace!r} is no namespace", why="it is letters, digits and _, parted by dots")
    database, notes = can_file.load(data, name)
    known = {signal.path: signal for signal in (*vss.standard(), *catalog)}
    reader = _Reader(namespace, interface or "", known, _targets(database.messages, mapping or {}), notes)
    signals = reader.read(database.messages)
    if not signals:
        raise InvalidInputError(f"{name} has no signals that can be decoded", why="; ".join(reader.notes[:3]))
    commanded = actuators_of(known, [signal.path for signal in signals], actuators)
    mapped = {signal.path for signal in signals}
    named = [one for one in named_of(known, values) if one.path not in mapped]
    return DecoderManifest.of(manifest, signals, notes=reader.notes, actuators=commanded, values=named)


@dataclass
class _Reader:
    namespace: str
    interface: str
    catalog: dict[str, Signal]
    targets: dict[str, Target]
    notes: list[str] = field(default_factory=list)

    def read(self, messages: Sequence[Any]) -> list[CanSignal]:
        """All signals of all messages, in the order of identifiers and bits."""
        if sum(len(message.signals) for message in messages) > MOST_SIGNALS:
            raise InvalidInputError("the database is too large", why=f"it has more than {MOST_SIGNALS} signals")
        found: list[CanSignal] = []
        names: set[str] = set()
        for message in sorted(messages, key=lambda one: (one.is_extended_frame, one.frame_id, one.name)):
            if message.is_container:
                self._note(f"{message.name} holds other messages (a container), which cannot be decoded: left out")
                continue
            label = message.name if message.name not in names else f"{message.name}_{message.frame_id:X}"
            names.add(message.name)
            for signal, name, ids in multiplexing.distinct(message):
                one = self._signal(message, signal, f"{label}.{name}", ids)
                if one is not None:
                    found.append(one)
        return found

    def _signal(self, message: Any, signal: Any, label: str, ids: list[int] | None) -> CanSignal | None:
        source = f"{message.name}.{signal.name}"
        path, factor, offset, unit = self._meaning(source, label, signal)
        minimum, maximum = self._limits(signal, path, factor, offset)
        big_endian = signal.byte_order == "big_endian"
        try:
            read = CanSignal(
                path=path,
                message_id=message.frame_id,
                extended=message.is_extended_frame,
                start_bit_lsb=bits.lsb_from_dbc(signal.start, signal.length, big_endian=big_endian),
                length=signal.length,
                big_endian=big_endian,
                signed=signal.is_signed and not signal.is_float,
                is_float=signal.is_float,
                factor=signal.scale * factor,
                offset=signal.offset * factor + offset,
                interface=self.interface,
                unit=unit,
                source=source,
                minimum=minimum,
                maximum=maximum,
                selectors=multiplexing.selectors(message, signal, ids),
                labels=tuple(sorted((int(raw), str(text)[:200]) for raw, text in (signal.choices or {}).items())),
            )
        except (InvalidInputError, OverflowError) as error:
            self._note(f"{source} is left out: {error}")
            return None
        if read.bytes_needed > message.length:
            self._note(f"{source} is left out: it needs {read.bytes_needed} bytes, its message has {message.length}")
            return None
        return read

    def _meaning(self, source: str, label: str, signal: Any) -> tuple[str, float, float, str]:
        """Path, factor and offset from the database's value, and unit."""
        target = self.targets.get(source)
        stated = (target.unit if target else "") or (signal.unit or "").strip()
        if target is None:
            path = f"{self.namespace}.{_clean(label, r'[^A-Za-z0-9_.]')}"
            return path, 1.0, 0.0, units.canonical(stated) or stated[:64]
        known = self.catalog.get(target.path)
        if known is None and target.path.partition(".")[0] in {path.partition(".")[0] for path in self.catalog}:
            fix = "Import a VSS catalog that has it, or choose a path outside of it"
            raise NotFoundError.of("signal in the catalog", target.path, self.catalog, fix=fix)
        wanted = known.unit if known else ""
        if target.scale is not None or not wanted:
            return target.path, target.scale or 1.0, target.offset, wanted or units.canonical(stated) or stated[:64]
        factor, offset = self._convert(source, stated, target.path, wanted)
        return target.path, factor, offset, wanted

    def _convert(self, source: str, stated: str, path: str, wanted: str) -> tuple[float, float]:
        given, target = units.canonical(stated), units.canonical(wanted)
        if given is None or target is None:
            what = f"has the unit {stated!r}" if stated else "states no unit"
            self._note(f"{source} {what}; its values are taken as {wanted} of {path}")
            return 1.0, 0.0
        converted = units.conversion(given, target)
        if converted is None:
            raise InvalidInputError(
                f"{source} cannot be {path}",
                why=f"it is in {stated}, which does not convert to {wanted}",
                fix="Give its unit, or scale and offset, in the mapping",
            )
        if given != target:
            self._note(f"{source} is converted from {given} to {wanted} of {path}")
        return converted

    def _limits(self, signal: Any, path: str, factor: float, offset: float) -> tuple[float | None, float | None]:
        """The smallest and largest value: as the database states them, else as the catalog does."""
        if signal.minimum is not None and signal.maximum is not None:
            low, high = sorted(float(limit) * factor + offset for limit in (signal.minimum, signal.maximum))
            return low, high
        known = self.catalog.get(path)
        return (known.min, known.max) if known else (None, None)

    def _note(self, text: str) -> None:
        if len(self.notes) < MOST_NOTES:
            self.notes.append(text)
        elif len(self.notes) == MOST_NOTES:
            self.notes.append("and more of the kind")


def _targets(messages: Sequence[Any], mapping: Mapping) -> dict[str, Target]:
    """The mapping by full names."""
    by_name = can_file.names_of(messages)
    full = {name for names in by_name.values() for name in names}
    targets: dict[str, Target] = {}
    for key, target in mapping.items():
        names = [key] if key in full else by_name.get(key, [])
        if not names:
            raise NotFoundError.of("CAN signal", key, [*full, *by_name], fix="See the names in the CAN database")
        if len(names) > 1:
            raise InvalidInputError(
                f"the mapping's {key!r} is not clear", why=f"it could be {', '.join(names[:5])}", fix="Name one of them"
            )
        targets[names[0]] = target
    return targets


def _clean(name: str, pattern: str) -> str:
    return re.sub(pattern, "_", name)
