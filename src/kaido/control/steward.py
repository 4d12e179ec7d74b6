"""What happens to campaigns by themselves: their time ends, waves follow each other, limits pause them.

Every step is a transaction that looks again whether it is still due. So several processes may do this at once.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from kaido.company import Companies
from kaido.control.campaigns import Campaigns
from kaido.control.life import State
from kaido.control.members import Members, of_campaign, of_template
from kaido.control.model import PLATFORM, By
from kaido.control.rollout import last_wave
from kaido.control.templates import StateTemplates
from kaido.control.usage import WINDOW_S, Usage
from kaido.errors import NotFoundError
from kaido.runtime import clock
from kaido.runtime.log import event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kaido.control.members import Asked, Condition
    from kaido.control.model import Campaign
    from kaido.control.rollout import Limits
    from kaido.control.templates import StateTemplate
    from kaido.control.usage import Excess
    from kaido.runtime.settings import Settings
    from kaido.store import Store

logger = logging.getLogger(__name__)

ASK_AGAIN = timedelta(seconds=30)
"""How old the twin's word on a condition may be."""
ASK_SOON = timedelta(seconds=5)
"""How old it may be where the twin had none, or where vehicles or campaigns have changed since."""
TOLD = timedelta(seconds=2)
"""How long ingest takes to hear of a change in the store."""
_ENDED = (State.STOPPED, State.EXPIRED)


class Steward:
    """Looks after the campaigns of all companies. All calls block."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._companies = Companies(store, settings)
        self._campaigns = Campaigns(store)
        self._usage = Usage(store)
        self._members = Members(store)
        self._states = StateTemplates(store)
        self._revision = -1
        self._changed = datetime.fromtimestamp(0, UTC)
        self._known: list[Campaign] = []
        self._templates: list[StateTemplate] = []
        self._ended: set[tuple[str, str, int]] = set()

    def look(self, now: datetime) -> int:
        """Do what is due; how many campaigns are others now.

        Raises:
            UnavailableError: the database is away.
        """
        self._refresh()
        return sum(self._looked_after(one, now) for one in self._known)

    def conditions(self, now: datetime) -> list[Condition]:
        """The conditions of which the twin is to be asked now."""
        wanted = [one for each in self._known if each.state not in _ENDED for one in of_campaign(each)]
        wanted += [one for each in self._templates for one in of_template(each)]
        asked = {name: self._members.asked(*name) for name in {(one.company, one.of) for one in wanted}}
        return [one for one in wanted if self._is_due(asked[one.company, one.of].get((one.of, one.key)), now)]

    def _is_due(self, last: Asked | None, now: datetime) -> bool:
        if last is None or last.moment > now or now - last.moment >= ASK_AGAIN:
            return True
        return now - last.moment >= ASK_SOON and bool(last.problem or last.moment < self._changed + TOLD)

    def _refresh(self) -> None:
        revision = self._store.revision()
        if revision != self._revision:
            companies = [company.name for company in self._companies.list()]
            self._known = [one for company in companies for one in self._campaigns.list(company)]
            self._templates = [one for company in companies for one in self._states.list(company)]
            self._revision, self._changed = revision, clock.now()

    def _looked_after(self, campaign: Campaign, now: datetime) -> bool:
        try:
            return self._expired(campaign, now) or self._advanced(campaign, now) or self._paused(campaign, now)
        except NotFoundError:  # deleted meanwhile
            return False

    def _expired(self, campaign: Campaign, now: datetime) -> bool:
        key = (campaign.company, campaign.name, campaign.version)
        expiry_ms = campaign.spec.expiry_ms
        if campaign.state is State.STOPPED or expiry_ms is None or expiry_ms > now.timestamp() * 1e3:
            return False
        if key in self._ended:
            return False
        after = self._campaigns.expire(campaign.company, campaign.name)
        self._ended.add(key)
        return after.changed != campaign.changed

    def _advanced(self, campaign: Campaign, now: datetime) -> bool:
        rollout = campaign.spec.rollout
        if campaign.state is not State.RUNNING or rollout is None or campaign.wave >= last_wave(rollout):
            return False
        lasts = rollout.waves[campaign.wave].lasts
        begun = max(campaign.wave_since, datetime.fromtimestamp(campaign.spec.start_ms / 1e3, UTC))
        if lasts is None or now < begun + timedelta(seconds=lasts):
            return False
        why = f"wave {campaign.wave + 1} of {len(rollout.waves)} has lasted its time"
        behind = (campaign.version, campaign.wave)
        after = self._campaigns.advance(campaign.company, campaign.name, By(PLATFORM, why), behind=behind)
        event(logger, logging.INFO, "the next wave", company=campaign.company, campaign=campaign.name, wave=after.wave)
        return True

    def _paused(self, campaign: Campaign, now: datetime) -> bool:
        limits = campaign.spec.rollout.limits if campaign.spec.rollout else None
        if limits is None or campaign.state is not State.RUNNING:
            return False
        beyond = self._usage.beyond(campaign.company, campaign.name, limits, now)
        vehicles = list(dict.fromkeys(one.vehicle for one in beyond))
        if len(vehicles) <= limits.tolerate:
            return False
        why = _reason(beyond, vehicles, limits, now)
        self._campaigns.pause(campaign.company, campaign.name, campaign.version, why)
        event(logger, logging.WARNING, "a campaign pauses", company=campaign.company, campaign=campaign.name, why=why)
        return True


def _reason(beyond: Sequence[Excess], vehicles: Sequence[str], limits: Limits, now: datetime) -> str:
    worst = max(beyond, key=lambda one: one.counted / max(one.limit, 1))
    begun = datetime.fromtimestamp(now.timestamp() // WINDOW_S[limits.per] * WINDOW_S[limits.per], UTC)
    said = {"bytes": "bytes", "events": "events", "quarantined": "payloads that cannot be read"}[worst.what]
    text = (
        f"{worst.vehicle} sent {worst.counted} {said} in the {limits.per} from {begun:%Y-%m-%dT%H:%M}Z, "
        f"the limit is {worst.limit}"
    )
    if len(vehicles) > 1:
        text += f"; {len(vehicles)} vehicles are beyond the limits"
    return text + (f", {limits.tolerate} are tolerated" if limits.tolerate else "")
