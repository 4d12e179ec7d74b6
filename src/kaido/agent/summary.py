"""What an agent did, in numbers that add up."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kaido.can.decode import Accounting
    from kaido.runtime.status import Report


@dataclass(frozen=True)
class Summary:
    """Counts since the agent started.

    Attributes:
        frames: of the source; the sum of decoded, unknown, too_short, not_data and unheard.
        decoded: with a known identifier.
        unknown: with an identifier that the manifest does not have.
        too_short: with a known identifier, but fewer bytes than its signals need.
        not_data: remote and error frames.
        unheard: that came while no scheme was active.
        damaged: lines of the recording that are no frames.
        samples: that left their rings in an event.
        overflowed: samples for which a ring had no place.
        events: triggers of campaigns.
        published: payloads sent for the first time.
        acknowledged: payloads that the cloud has.
        dropped: payloads lost because the outbox was full.
        refused: payloads that the cloud does not want.
        waiting: payloads kept in the outbox that may be sent.
        stored: payloads in partitions whose upload condition does not hold.
        discarded: payloads lost because a partition was full.
    """

    frames: int
    decoded: int
    unknown: int
    too_short: int
    not_data: int
    unheard: int
    damaged: int
    samples: int
    overflowed: int
    events: int
    published: int
    acknowledged: int
    dropped: int
    refused: int
    waiting: int
    stored: int
    discarded: int

    @classmethod
    def of(cls, report: Report, frames: Accounting, *, damaged: int, waiting: int, stored: int = 0) -> Summary:
        """The summary of a report and an account of frames."""

        def count(name: str) -> int:
            return int(report.counters.get(name, 0))

        return cls(
            frames=count("frames_total"),
            decoded=frames.decoded,
            unknown=frames.unknown_frames,
            too_short=frames.too_short,
            not_data=frames.remote + frames.error,
            unheard=count("frames_total") - frames.frames,
            damaged=damaged,
            samples=count("samples_total"),
            overflowed=count("samples_overflowed_total"),
            events=count("events_total"),
            published=count("published_total"),
            acknowledged=count("acknowledged_total"),
            dropped=count("dropped_total"),
            refused=count("refused_total"),
            waiting=waiting,
            stored=stored,
            discarded=sum(
                int(number) for name, number in report.counters.items() if name.startswith("stored_dropped_total")
            ),
        )

    def to_dict(self) -> dict[str, Any]:
        """The counts by name."""
        return asdict(self)
