"""What the vehicles of a company should hold, at one revision of the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from kaido.control.compiling import NEVER_MS, Scheme, compile_scheme, schemes_document
from kaido.control.rollout import reached
from kaido.control.states import NO_STATES, StatePlan, WantedStates
from kaido.control.targets import matcher
from kaido.wire.syncids import sync_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kaido.catalog.manifest import DecoderManifest
    from kaido.company import Vehicle
    from kaido.control.compiling import Unfit
    from kaido.control.model import Campaign
    from kaido.control.spec import CampaignSpec


@dataclass(frozen=True)
class Wanted:
    """The documents of a group of vehicles.

    Attributes:
        manifest: the sync id of the decoder manifest.
        manifest_document: its bytes.
        schemes: the sync ids of the schemes.
        schemes_document: the bytes of the CollectionSchemes message.
        states: the state templates.
    """

    manifest: str
    manifest_document: bytes
    schemes: frozenset[str]
    schemes_document: bytes
    states: WantedStates = NO_STATES

    @cached_property
    def schemes_id(self) -> str:
        """What the schemes together are called."""
        return sync_id("schemes", "\n".join(sorted(self.schemes)).encode())

    @cached_property
    def held(self) -> frozenset[str]:
        """What a checkin of a vehicle that holds all of it lists."""
        return self.schemes | self.states.ids | {self.manifest}


@dataclass(frozen=True)
class Offer:
    """What a campaign has for a vehicle that it means: a version of it, or nothing before its wave comes."""

    version: int
    spec: CampaignSpec


class Aim:
    """Which vehicles a campaign means, and which version of it each should hold.

    Args:
        campaign: the campaign; whether it runs is not asked.
        members: by condition the vehicles for which it holds.
    """

    def __init__(self, campaign: Campaign, members: Mapping[str, frozenset[str]]) -> None:
        self.campaign = campaign
        spec, base = campaign.spec, campaign.base
        self.means = matcher(spec.targets, members)
        self._reached = reached(spec.name, spec.rollout, campaign.wave, members)
        self._newest = Offer(campaign.version, spec)
        self._base: Offer | None = None
        if base is not None:
            self._base = Offer(base.version, base.spec)
            self._meant_before = matcher(base.spec.targets, members)
            self._reached_before = reached(spec.name, base.spec.rollout, base.wave, members)

    def offer(self, vehicle: Vehicle) -> Offer | None:
        """The version for a vehicle; None where it is not meant, or its wave has not come."""
        if not self.means(vehicle):
            return None
        if self._reached(vehicle):
            return self._newest
        if self._base is not None and self._meant_before(vehicle) and self._reached_before(vehicle):
            return self._base
        return None


@dataclass
class Plan:
    """Answers what a vehicle should hold, from memory.

    Args:
        manifests: the sync id of the current version, by name.
        campaigns: those that run.
        read_manifest: the manifest of a sync id.
        compiled: schemes by company, campaign, version and manifest; outlives the plan.
        now_ms: campaigns that have expired by then are left out.
        members: by campaign and condition the vehicles for which it holds.
        states: the state templates.
    """

    manifests: Mapping[str, str]
    campaigns: Sequence[Campaign]
    read_manifest: Callable[[str], DecoderManifest]
    compiled: dict[tuple[str, str, int, str], Scheme | Unfit]
    now_ms: int
    members: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)
    states: StatePlan = field(default_factory=StatePlan)
    _wanted: dict[str, Wanted | None] = field(default_factory=dict)
    _groups: dict[tuple[str, tuple[tuple[str, int], ...], tuple[str, ...]], Wanted] = field(default_factory=dict)
    _manifest_documents: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._aims = [Aim(one, self.members.get(one.name, {})) for one in self.campaigns]

    @property
    def valid_until_ms(self) -> int:
        """When the next campaign expires."""
        expiries = (one.spec.expiry_ms for one in self.campaigns)
        return min((one for one in expiries if one is not None and one > self.now_ms), default=NEVER_MS)

    def wanted(self, vehicle: Vehicle) -> Wanted | None:
        """What the vehicle should hold; None while nobody knows its manifest. The same again costs one look-up."""
        if vehicle.id not in self._wanted:
            self._wanted[vehicle.id] = self._find(vehicle)
        return self._wanted[vehicle.id]

    def _find(self, vehicle: Vehicle) -> Wanted | None:
        manifest = manifest_of(vehicle, self.manifests)
        if manifest is None:
            return None
        offers = [(aim.campaign, offer) for aim in self._aims if (offer := aim.offer(vehicle)) is not None]
        states = self.states.meant(vehicle)
        group = (manifest, tuple((campaign.name, offer.version) for campaign, offer in offers), states)
        if group not in self._groups:
            self._groups[group] = self._compile(manifest, offers, states)
        return self._groups[group]

    def _compile(self, name: str, offers: Sequence[tuple[Campaign, Offer]], states: tuple[str, ...]) -> Wanted:
        manifest = self.read_manifest(name)
        schemes: list[Scheme] = []
        for campaign, offer in offers:
            key = (campaign.company, campaign.name, offer.version, name)
            if key not in self.compiled:
                self.compiled[key] = compile_scheme(offer.spec, manifest)
            scheme = self.compiled[key]
            if isinstance(scheme, Scheme) and scheme.expiry_ms > self.now_ms:
                schemes.append(scheme)
        if name not in self._manifest_documents:
            self._manifest_documents[name] = manifest.to_wire().SerializeToString()
        return Wanted(
            name,
            self._manifest_documents[name],
            frozenset(scheme.sync_id for scheme in schemes),
            schemes_document(schemes, self.now_ms),
            self.states.wanted(states, manifest),
        )


def manifest_of(vehicle: Vehicle, manifests: Mapping[str, str]) -> str | None:
    """By its own name for it, else by its model, else the only one (as ``CatalogStore.manifest_for``)."""
    if vehicle.manifest:
        return manifests.get(vehicle.manifest)
    if vehicle.model is not None and vehicle.model in manifests:
        return manifests[vehicle.model]
    return next(iter(manifests.values())) if len(manifests) == 1 else None
