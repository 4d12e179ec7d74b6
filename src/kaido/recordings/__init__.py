"""Recordings of CAN buses: read any of the usual kinds, and import them into the lake."""

from __future__ import annotations

from kaido.recordings.account import DamagedLine
from kaido.recordings.errors import NotARecordingError
from kaido.recordings.kinds import KINDS
from kaido.recordings.recording import Recording, open_recording

__all__ = ["KINDS", "DamagedLine", "NotARecordingError", "Recording", "open_recording"]
