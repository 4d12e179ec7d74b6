"""Decoder manifests: what the bits on a car's buses mean, under an id that changes with the content."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from kaido.catalog import actuator_signal, documents, on_wire
from kaido.catalog.can_signal import CanSignal
from kaido.catalog.named_signal import NamedSignal
from kaido.errors import InvalidInputError, NotFoundError
from kaido.wire.syncids import sync_id as content_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kaido.catalog.actuator_signal import ActuatorSignal
    from kaido.catalog.obd_signal import ObdSignal
    from kaido.wire import kaido_wire_pb2 as pb

    AnySignal = CanSignal | ObdSignal | NamedSignal
    """A signal as it comes: in frames, when asked for, or from a program."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}")


@dataclass(frozen=True)
class DecoderManifest:
    """The signals of one vehicle model, in the order of their ids.

    Attributes:
        name: stays from version to version.
        sync_id: the version: the name and a hash of the signals.
        signals: those in CAN frames; no two signals have the same path.
        ids: the id of each signal on the wire, of ``signals``, then of ``obd``, then of ``values``. Ours are 1, 2 ...
        notes: what the import of the CAN database wants people to know. Not part of the content.
        obd: signals that have to be asked for.
        actuators: what can be commanded, each under an id of its own.
        actuator_ids: their ids; ours follow those of the signals.
        values: signals that programs in the vehicle hand over.
    """

    name: str
    sync_id: str
    signals: tuple[CanSignal, ...]
    ids: tuple[int, ...]
    notes: tuple[str, ...] = field(default=(), compare=False)
    obd: tuple[ObdSignal, ...] = ()
    actuators: tuple[ActuatorSignal, ...] = ()
    actuator_ids: tuple[int, ...] = ()
    values: tuple[NamedSignal, ...] = ()

    @classmethod
    def of(
        cls,
        name: str,
        signals: Iterable[CanSignal],
        *,
        notes: Iterable[str] = (),
        obd: Iterable[ObdSignal] = (),
        actuators: Iterable[ActuatorSignal] = (),
        values: Iterable[NamedSignal] = (),
    ) -> DecoderManifest:
        """A manifest of ours: ids by position, the sync id by content.

        Raises:
            InvalidInputError: the name cannot be one, or two signals or two actuators have the same path.
        """
        check_name(name)
        kept, asked, commanded, named = tuple(signals), tuple(obd), tuple(actuators), tuple(values)
        actuator_signal.check(commanded)
        seen: dict[str, AnySignal] = {}
        every: tuple[AnySignal, ...] = (*kept, *asked, *named)
        for signal in every:
            if (other := seen.setdefault(signal.path, signal)) is not signal:
                raise InvalidInputError(
                    f"two signals are both named {signal.path}",
                    why=f"{_where(other)} and {_where(signal)}",
                    fix="Map each to a path of its own",
                )
        documented = [*map(documents.from_signal, kept), *map(documents.from_obd_signal, asked)]
        documented += [{"value": documents.from_named_signal(one)} for one in named]
        documented += [{"actuator": asdict(one)} for one in commanded]
        content = json.dumps(documented, sort_keys=True, separators=(",", ":"))
        ids = tuple(range(1, len(seen) + 1))
        actuator_ids = tuple(range(len(ids) + 1, len(ids) + len(commanded) + 1))
        sync_id = content_id(name, content.encode())
        return cls(name, sync_id, kept, ids, tuple(notes), asked, commanded, actuator_ids, named)

    def with_obd(self, obd: Iterable[ObdSignal]) -> DecoderManifest:
        """This manifest with signals that have to be asked for, but for those whose names it has already."""
        added = [signal for signal in obd if signal.path not in self._ids]
        asked = (*self.obd, *added)
        return DecoderManifest.of(
            self.name, self.signals, notes=self.notes, obd=asked, actuators=self.actuators, values=self.values
        )

    @property
    def all_signals(self) -> tuple[AnySignal, ...]:
        """Every signal, in the order of ``ids``."""
        return (*self.signals, *self.obd, *self.values)

    @cached_property
    def texts(self) -> frozenset[int]:
        """The ids of the signals whose samples are texts, not numbers."""
        named = self.ids[len(self.signals) + len(self.obd) :]
        return frozenset(number for number, one in zip(named, self.values, strict=True) if one.is_text)

    @cached_property
    def _paths(self) -> dict[int, str]:
        return {number: signal.path for number, signal in zip(self.ids, self.all_signals, strict=True)}

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {path: number for number, path in self._paths.items()}

    def path_of(self, signal_id: int) -> str:
        """The path of the signal with this id.

        Raises:
            NotFoundError: the manifest has no such id.
        """
        try:
            return self._paths[signal_id]
        except KeyError:
            raise NotFoundError(f"manifest {self.sync_id} has no signal id {signal_id}") from None

    def id_of(self, path: str) -> int:
        """The id of the signal with this path.

        Raises:
            NotFoundError: the manifest has no such signal; names the nearest.
        """
        try:
            return self._ids[path]
        except KeyError:
            fix = f"See: kaido catalog show {self.name}"
            raise NotFoundError.of(f"signal in manifest {self.name}", path, self._ids, fix=fix) from None

    @cached_property
    def _actuators(self) -> dict[int, ActuatorSignal]:
        return dict(zip(self.actuator_ids, self.actuators, strict=True))

    def actuator_of(self, signal_id: int) -> ActuatorSignal | None:
        """The actuator with this id, if there is one."""
        return self._actuators.get(signal_id)

    def actuator_id_of(self, path: str) -> int:
        """The id by which the actuator with this path is commanded.

        Raises:
            NotFoundError: the manifest has no such actuator; names the nearest.
        """
        ids = {one.path: number for number, one in self._actuators.items()}
        if path not in ids:
            fix = "Name it under `actuators` in the mapping file, and import the CAN database again"
            raise NotFoundError.of(f"actuator in manifest {self.name}", path, ids, fix=fix)
        return ids[path]

    def to_wire(self) -> pb.DecoderManifest:
        """The manifest as a vehicle gets it."""
        own, named = len(self.signals), len(self.signals) + len(self.obd)
        return on_wire.to_wire(
            self.sync_id,
            zip(self.ids[:own], self.signals, strict=True),
            zip(self.ids[own:named], self.obd, strict=True),
            self._actuators.items(),
            zip(self.ids[named:], self.values, strict=True),
        )

    @classmethod
    def from_wire(cls, message: pb.DecoderManifest) -> DecoderManifest:
        """The manifest as a vehicle knows it: but for actuators and values, a signal's path is its id in decimal.

        Raises:
            InvalidInputError: two signals have one id, or bits lie outside of a frame.
        """
        numbered, asked = on_wire.from_wire(message), on_wire.obd_from_wire(message)
        named, commanded = on_wire.custom_from_wire(message)
        ids = (*(number for number, _ in (*numbered, *asked)), *named)
        every = len(numbered) + len(asked) + len(message.custom_decoding_signals)
        if len({*ids, *commanded}) != every:
            raise InvalidInputError(
                f"manifest {message.sync_id!r} cannot be used", why="it gives one id to two signals"
            )
        name = message.sync_id.partition("@")[0]
        signals = tuple(signal for _, signal in numbered)
        obd = tuple(signal for _, signal in asked)
        return cls(
            name,
            message.sync_id,
            signals,
            ids,
            obd=obd,
            actuators=tuple(commanded.values()),
            actuator_ids=tuple(commanded),
            values=tuple(named.values()),
        )

    def to_json(self) -> dict[str, Any]:
        """The manifest as a JSON document."""
        document: dict[str, Any] = {
            "name": self.name,
            "sync_id": self.sync_id,
            "signals": [documents.from_signal(signal) for signal in self.signals],
        }
        if self.obd:
            document["obd"] = [documents.from_obd_signal(signal) for signal in self.obd]
        if self.values:
            document["values"] = [documents.from_named_signal(one) for one in self.values]
        if self.actuators:
            document["actuators"] = [asdict(one) for one in self.actuators]
        if self.notes:
            document["notes"] = list(self.notes)
        return document

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> DecoderManifest:
        """The manifest of a document of ours.

        Raises:
            InvalidInputError: the document is not one, or its sync id is not that of its content.
        """
        try:
            signals = [documents.to_signal(item) for item in document["signals"]]
            obd = [documents.to_obd_signal(item) for item in document.get("obd", ())]
            commanded = [actuator_signal.ActuatorSignal(**item) for item in document.get("actuators", ())]
            named = [documents.to_named_signal(item) for item in document.get("values", ())]
            notes = document.get("notes", ())
            manifest = cls.of(document["name"], signals, notes=notes, obd=obd, actuators=commanded, values=named)
            expected = document["sync_id"]
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInputError("this is no decoder manifest of Kaido", why=str(error)) from error
        if manifest.sync_id != expected:
            raise InvalidInputError(
                f"the decoder manifest {expected} was changed", why=f"its content is that of {manifest.sync_id}"
            )
        return manifest


def _where(signal: AnySignal) -> str:
    if signal.source or isinstance(signal, NamedSignal):
        return signal.source
    return hex(signal.message_id) if isinstance(signal, CanSignal) else signal.request.hex(" ")


def check_name(name: str) -> str:
    """The name of a manifest, if it can be one.

    Raises:
        InvalidInputError: it cannot.
    """
    if not NAME.fullmatch(name):
        raise InvalidInputError(
            f"a manifest cannot be named {name!r}",
            why="a name has up to 64 letters, digits and _ . - and begins with a letter or digit",
            fix="Choose another with --name",
        )
    return name
