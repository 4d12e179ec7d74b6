"""What an import says while it runs, and when it is done."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from kaido.flow import SAMPLE_SCHEMA
from kaido.runtime import clock

if TYPE_CHECKING:
    import pyarrow as pa

    from kaido.recordings.account import DamagedLine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHOWN_IDENTIFIERS = 20


class Progress(NamedTuple):
    """How far an import is.

    Attributes:
        bytes: of the file that were read (of a gzipped one, compressed).
        total_bytes: of the file.
        frames: read.
        samples: decoded.
    """

    bytes: int
    total_bytes: int
    frames: int
    samples: int


@dataclass
class ImportResult:
    """What became of every line and every frame of a recording.

    ``frames == decoded + unknown + too_short + remote + error``, and of a text recording
    ``lines == frames + damaged + other``.

    Attributes:
        file: the recording's name.
        kind: of recording.
        vehicle: whose samples they are.
        manifest: the sync id of the decoder manifest.
        lines: of the file (of a binary kind: rows or objects).
        frames: CAN frames.
        decoded: frames with a known identifier.
        unknown: frames with an identifier that the manifest does not have.
        unknown_identifiers: the most frequent of them, with how often they came.
        too_short: frames with a known identifier, shorter than a signal needs.
        remote: remote frames.
        error: error frames.
        damaged: lines that could not be read.
        damaged_lines: the first of them.
        other: lines that are no frames (headers, comments, blank).
        untimed: frames that carry no time.
        samples: values of signals in the recording.
        samples_written: those that this import wrote; the others an earlier one wrote.
        first_us: the earliest time, µs since the epoch; None without frames.
        last_us: the latest time.
        seconds: how long the import took.
        notes: what a person should know.
        latest: the newest sample of each signal (SAMPLE_SCHEMA), for the twin.
    """

    file: str
    kind: str
    vehicle: str
    manifest: str
    lines: int = 0
    frames: int = 0
    decoded: int = 0
    unknown: int = 0
    unknown_identifiers: dict[str, int] = field(default_factory=dict)
    too_short: int = 0
    remote: int = 0
    error: int = 0
    damaged: int = 0
    damaged_lines: list[DamagedLine] = field(default_factory=list)
    other: int = 0
    untimed: int = 0
    samples: int = 0
    samples_written: int = 0
    first_us: int | None = None
    last_us: int | None = None
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)
    latest: pa.Table = field(default_factory=SAMPLE_SCHEMA.empty_table, repr=False, compare=False)

    @property
    def already_imported(self) -> bool:
        """Whether all samples were in the lake before."""
        return self.samples > 0 and not self.samples_written

    def to_json(self) -> dict[str, Any]:
        """The result as the API and ``--json`` show it."""
        top = sorted(self.unknown_identifiers.items(), key=lambda item: -item[1])[:_SHOWN_IDENTIFIERS]
        return {
            "file": self.file,
            "kind": self.kind,
            "vehicle": self.vehicle,
            "manifest": self.manifest,
            "lines": self.lines,
            "frames": self.frames,
            "decoded": self.decoded,
            "unknown": self.unknown,
            "too_short": self.too_short,
            "remote": self.remote,
            "error": self.error,
            "damaged": self.damaged,
            "other": self.other,
            "untimed": self.untimed,
            "samples": self.samples,
            "samples_written": self.samples_written,
            "already_imported": self.already_imported,
            "first": _iso(self.first_us),
            "last": _iso(self.last_us),
            "seconds": round(self.seconds, 3),
            "unknown_identifiers": dict(top),
            "damaged_lines": [line._asdict() for line in self.damaged_lines],
            "notes": self.notes,
        }


def _iso(time_us: int | None) -> str | None:
    if time_us is None:
        return None
    try:
        return clock.iso(_EPOCH + timedelta(microseconds=time_us))
    except OverflowError:
        return f"{time_us / 1e6:.3f} s since 1970"
