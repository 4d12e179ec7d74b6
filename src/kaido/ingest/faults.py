"""Why a payload goes to quarantine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """A reason: a code from a short list (it is a label of a counter) and what a person wants to know."""

    code: str
    detail: str

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"


MALFORMED = "malformed"
UNKNOWN_MANIFEST = "unknown_manifest"
UNKNOWN_SIGNAL = "unknown_signal"
COMPLEX_SIGNAL = "complex_signal"
NO_SIGNAL = "no_signal"
NO_VALUE = "no_value"
NO_SAMPLES = "no_samples"
BAD_TIME = "bad_time"
UNKNOWN_KIND = "unknown_kind"
INTERNAL = "internal"

CODES = (
    MALFORMED,
    UNKNOWN_MANIFEST,
    UNKNOWN_SIGNAL,
    COMPLEX_SIGNAL,
    NO_SIGNAL,
    NO_VALUE,
    NO_SAMPLES,
    BAD_TIME,
    UNKNOWN_KIND,
    INTERNAL,
)
