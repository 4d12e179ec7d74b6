"""The PIDs that most cars have, as signals of a decoder manifest."""

from __future__ import annotations

import functools
from importlib import resources

import yaml

from kaido.catalog.obd_signal import ObdSignal

_CURRENT_DATA = 0x01


@functools.cache
def standard_pids() -> tuple[ObdSignal, ...]:
    """Mode 01 of SAE J1979, on any bus, named as VSS names it."""
    rows = yaml.safe_load(resources.files("kaido.catalog").joinpath("obd_pids.yaml").read_bytes())
    return tuple(_signal(path, *row) for path, row in rows.items())


def _signal(
    path: str,
    pid: int,
    response_length: int,
    start_byte: int,
    byte_length: int,
    scaling: float,
    offset: float,
    unit: str,
    bit_right_shift: int = 0,
    bit_mask_length: int = 8,
) -> ObdSignal:
    return ObdSignal(
        path,
        _CURRENT_DATA,
        pid,
        start_byte,
        byte_length,
        response_length,
        bit_right_shift,
        bit_mask_length,
        float(scaling),
        float(offset),
        unit=unit,
        source=f"OBD-II {_CURRENT_DATA:02X} {pid:02X}",
    )
