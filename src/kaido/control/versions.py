"""From one version of a campaign to the next: what becomes of its waves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kaido.control import history, usage
from kaido.control.life import State
from kaido.control.rollout import last_wave
from kaido.control.spec import CampaignSpec, read_spec
from kaido.runtime import clock
from kaido.wire.syncids import sync_id

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from kaido.store.tables import CampaignRow

_NOT_ASKED = {"name", "targets", "unregistered", "rollout", "start", "expiry"}
"""Fields of a specification that say for whom and when, not what vehicles collect."""


def sync_id_of(spec: CampaignSpec) -> str:
    """The sync id of a campaign as a whole: its name and a hash of the document."""
    return sync_id(spec.name, repr(sorted(spec.to_document().items())).encode())


def _asks(spec: CampaignSpec) -> dict[str, Any]:
    """What vehicles are to collect."""
    return {key: value for key, value in spec.to_document().items() if key not in _NOT_ASKED}


def renew(session: Session, row: CampaignRow, spec: CampaignSpec) -> None:
    """Make this the campaign's version.

    Where it changes what is collected, waves begin anew, and what was the version becomes the base.
    """
    now = clock.now()
    has_waves = spec.rollout is not None and bool(spec.rollout.waves)
    if not has_waves:
        row.base_version = row.base_wave = None
        enter_wave(row, 0)
    elif _asks(spec) != _asks(read_spec(row.document)):
        if row.state != State.DRAFT and row.base_version is None:
            row.base_version, row.base_wave = row.version, row.wave
        enter_wave(row, 0)
    elif row.wave > last_wave(spec.rollout):
        enter_wave(row, last_wave(spec.rollout))
    row.version = history.newest_version(session, row.company, row.name) + 1
    row.sync_id, row.document = sync_id_of(spec), spec.to_document()
    history.add_version(session, row, now)
    usage.begin_anew(session, row.company, row.name)


def enter_wave(row: CampaignRow, wave: int) -> None:
    """Let a wave (from 0) begin now."""
    row.wave, row.wave_since = wave, clock.now()
