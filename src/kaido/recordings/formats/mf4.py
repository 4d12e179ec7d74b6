"""ASAM MDF 4 with CAN bus logging, through ``asammdf`` (the extra ``mf4``).

Source: ASAM MDF 4.1, associated standard "Bus Logging": channel groups CAN_DataFrame, CAN_RemoteFrame, CAN_ErrorFrame.
"""

from __future__ import annotations

import traceback
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np

from kaido.can.frames import ERROR, EXTENDED, FD, REMOTE, SENT, Frames
from kaido.errors import UnavailableError
from kaido.recordings.errors import NotARecordingError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from kaido.recordings.account import Account
    from kaido.recordings.source import Source

_GROUPS = {"CAN_DataFrame": 0, "CAN_ErrorFrame": ERROR, "CAN_RemoteFrame": REMOTE}
_RECORDS = 50_000


def read_mf4(source: Source, account: Account) -> Iterator[Frames]:
    """The frames of all channel groups, in the order of their times.

    Raises:
        UnavailableError: asammdf is not installed.
        NotARecordingError: asammdf cannot read the file, or it has no CAN bus logging.
    """
    try:
        from asammdf import MDF  # noqa: PLC0415  # an extra, and slow to import
    except ImportError as error:
        raise UnavailableError(
            "MDF 4 cannot be read here",
            why="the package asammdf is not installed",
            fix="pip install 'kaido[mf4]'",
        ) from error
    with source.whole_file(account) as path:
        try:
            base = MDF(path)
            groups = _groups(base)
            # The merge key: a frame never comes before those that stand before it in its own group.
            rising = [np.maximum.accumulate(base.get_master(index)) for index, _ in groups]
        except Exception as error:  # asammdf raises whatever the bytes lead it to
            _forget(error)
            raise NotARecordingError.of(source.name, f"asammdf says: {error or type(error).__name__}") from error
        with closing(base):
            if not groups:
                raise NotARecordingError.of(source.name, "the MDF file has no CAN bus logging")
            start_us = round(base.header.start_time.timestamp() * 1e6)
            for parts in _merged(rising):
                try:
                    frames = [
                        _frames(base, group, start_us, begin, end)
                        for group, (begin, end) in zip(groups, parts, strict=True)
                        if end > begin
                    ]
                except Exception as error:  # noqa: BLE001  # as above; what was read before stays
                    account.lines += 1
                    account.damage(account.lines, f"asammdf says: {error or type(error).__name__}")
                    return
                joined = Frames.concatenate(frames)
                keys = np.concatenate([key[b:e] for key, (b, e) in zip(rising, parts, strict=True)])
                account.lines += len(joined)
                account.frames += len(joined)
                yield joined.take(np.argsort(keys, kind="stable"))


def _forget(error: Exception) -> None:
    """Close the half-made object of asammdf: by itself it would stumble over what it lacks and print a stack trace."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        made: Any = frame.f_locals.get("self")
        if type(made).__name__ == "MDF4":
            for lacking in ("_file", "_from_filelike", "_parent", "header", "identification"):
                made.__dict__.setdefault(lacking, None)
            made.close()
            return


def _groups(base: Any) -> list[tuple[int, str]]:
    found = []
    for index, group in enumerate(base.groups):
        names = {str(channel.name) for channel in group.channels}
        name = next((name for name in _GROUPS if name in names), None)
        if name and group.channel_group.cycles_nr:
            found.append((index, name))
    return found


def _merged(rising: list[NDArray[np.float64]]) -> Iterator[list[tuple[int, int]]]:
    """For each piece of the whole: from where to where each group goes into it."""
    size = np.array([len(each) for each in rising])
    owner = np.repeat(np.arange(len(rising)), size)[np.argsort(np.concatenate(rising), kind="stable")]
    done = np.zeros(len(rising), np.int64)
    for begin in range(0, len(owner), _RECORDS):
        count = np.bincount(owner[begin : begin + _RECORDS], minlength=len(rising))
        yield [(int(a), int(a + n)) for a, n in zip(done, count, strict=True)]
        done += count


def _frames(base: Any, group: tuple[int, str], start_us: int, begin: int, end: int) -> Frames:
    index, name = group
    signal = base.get(name, index, record_offset=begin, record_count=end - begin, raw=False)
    samples, count = signal.samples, end - begin

    def column(field: str) -> NDArray[Any] | None:
        full = f"{name}.{field}"
        found: NDArray[Any] | None = samples[full] if full in (samples.dtype.names or ()) else None
        return found

    def flag(field: str, value: int) -> NDArray[np.uint8]:
        found = column(field)
        if found is None:
            return np.zeros(count, np.uint8)
        raised = found != (b"Rx" if found.dtype.kind == "S" else 0)
        return np.where(raised, np.uint8(value), np.uint8(0))

    can_id, data = column("ID"), column("DataBytes")
    length = column("DLC" if _GROUPS[name] == REMOTE else "DataLength")
    bus = column("BusChannel")
    flags = _GROUPS[name] | flag("IDE", EXTENDED) | flag("EDL", FD) | flag("Dir", SENT)
    lengths = np.minimum(length, 64).astype(np.uint8) if length is not None else np.zeros(count, np.uint8)
    width = 64 if int(lengths.max(initial=0)) > 8 else 8  # noqa: PLR2004  # classic CAN
    packed = np.zeros((count, width), np.uint8)
    if data is not None:
        packed[:, : min(width, data.shape[1])] = data[:, :width]
        packed[np.arange(width) >= lengths[:, None]] = 0
    channel = bus.astype(np.uint16) if bus is not None else np.zeros(count, np.uint16)
    return Frames(
        np.round(signal.timestamps * 1e6).astype(np.int64) + start_us,
        channel,
        tuple(f"can{number}" for number in range(int(channel.max(initial=0)) + 1)),
        (can_id.astype(np.uint32) if can_id is not None else np.zeros(count, np.uint32)) & np.uint32(0x1FFFFFFF),
        flags.astype(np.uint8),
        lengths,
        packed,
    )
