"""A drive from a recording of the car's bus, with the database that says what lies in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kaido.can.decode import Decoder
from kaido.catalog import sandbox
from kaido.catalog.manifest import DecoderManifest
from kaido.errors import InvalidInputError, NotFoundError
from kaido.recordings import open_recording
from kaido.services.battery.drive import Series
from kaido.services.battery.recording import NAMES, Recorded

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from kaido.catalog.can_signal import CanSignal


def read(path: Path, database: Path, names: dict[str, str]) -> Recorded:
    """The drive in a recording of any kind that ``kaido import`` reads.

    Args:
        path: the recording.
        database: DBC, ARXML, KCD or SYM.
        names: the signals of "voltage", "current" and "soc": ``Message.Signal``, or ``Signal`` alone.

    Raises:
        InvalidInputError: a file cannot be read.
        NotFoundError: the database has no such signal.
    """
    try:
        data = database.read_bytes()
    except OSError as error:
        raise InvalidInputError(f"the database {database} cannot be read", why=error.strerror or str(error)) from error
    manifest = sandbox.read(sandbox.Request(data=data, name=database.name, namespace="bus", interface=""))
    if not isinstance(manifest, DecoderManifest):
        raise InvalidInputError(
            f"{database.name} is no database of a bus", fix="Give a .dbc, .arxml, .kcd or .sym file"
        )
    chosen = {role: _signal(manifest.signals, role, names.get(role)) for role in NAMES}
    parts: dict[str, list[Series]] = {role: [] for role in NAMES}
    decoder = Decoder(list(chosen.values()))
    for frames in open_recording(path):
        columns = decoder.columns(frames)
        for role, signal in chosen.items():
            if signal.path in columns:
                time_us, values = columns[signal.path]
                parts[role].append(Series(time_us / 1e6, values))
    return Recorded(**{role: _joined(found) for role, found in parts.items()})


def _signal(signals: Iterable[CanSignal], role: str, name: str | None) -> CanSignal:
    wanted = [name.lower()] if name else [one.lower() for one in NAMES[role]]
    known = {signal.path.removeprefix("bus."): signal for signal in signals}
    for path, signal in known.items():
        if path.lower() in wanted or path.rpartition(".")[2].lower() in wanted:
            return signal
    raise NotFoundError.of("signal", name or role, known, fix=f"Name it: --{role} Message.Signal")


def _joined(parts: list[Series]) -> Series:
    if not parts:
        return Series(np.zeros(0), np.zeros(0))
    return Series(np.concatenate([one.time_s for one in parts]), np.concatenate([one.value for one in parts]))
