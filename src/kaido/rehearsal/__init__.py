"""What a campaign would do, before it does it: over a recorded drive, and over what the lake holds."""

from kaido.rehearsal.dry_run import Comparison, DryRun, Firing, dry_run
from kaido.rehearsal.estimate import Estimate, estimate
from kaido.rehearsal.fleet import Fleet, fleet_of
from kaido.rehearsal.intervals import Interval
from kaido.rehearsal.runnable import Runnable, runnable

__all__ = [
    "Comparison",
    "DryRun",
    "Estimate",
    "Firing",
    "Fleet",
    "Interval",
    "Runnable",
    "dry_run",
    "estimate",
    "fleet_of",
    "runnable",
]
