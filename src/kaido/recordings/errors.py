"""What can be wrong with a recording, or with a line of it."""

from __future__ import annotations

from kaido.errors import InvalidInputError

KIND_TEXTS: dict[str, str] = {
    "candump": "candump's log form (candump -l, -L)",
    "candump-screen": "candump's screen output, with or without time stamps",
    "asc": "Vector ASC",
    "blf": "Vector BLF",
    "mf4": "ASAM MDF 4",
    "trc": "PEAK TRC (1.0 to 2.1)",
    "csv": "python-can's CSV",
    "sqlite": "python-can's SQLite",
    "gvret": "SavvyCAN/GVRET CSV",
    "canhacker": "the tab-separated CANHacker log",
    "crtd": "CRTD of OVMS",
}


class NotARecordingError(InvalidInputError):
    """A file that is no recording of a kind that we read."""

    @classmethod
    def of(cls, name: str, why: str) -> NotARecordingError:
        """The error for the file ``name``; it lists the kinds that are read."""
        kinds = ", ".join(KIND_TEXTS)
        return cls(
            f"{name} is not a recording that Kaido reads",
            why=why,
            fix=f"Kinds: {kinds}; each also gzipped. Name one with --kind if the content is not recognised",
        )


class DamagedLineError(ValueError):
    """A line (row, object) that cannot be read; the text is the reason. It never leaves the readers."""
