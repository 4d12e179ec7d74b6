"""Which state templates a vehicle should hold, and the difference to those that it does hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kaido.control.members import name_of_state
from kaido.control.selection import select
from kaido.control.targets import matcher
from kaido.wire import kaido_wire_pb2 as pb
from kaido.wire.syncids import state_sync_id, sync_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kaido.catalog.manifest import DecoderManifest
    from kaido.company import Vehicle
    from kaido.control.state_spec import StateTemplateSpec
    from kaido.control.templates import StateTemplate

_MOST_REMEMBERED = 1_000
MOST_BYTES = 500_000
"""Of templates in one difference; the checkin that confirms it brings the next."""


class CompiledState(NamedTuple):
    """A state template compiled for one manifest.

    Attributes:
        sync_id: under which vehicles hold it; names the manifest.
        content: the bytes of a StateTemplate message.
    """

    sync_id: str
    content: bytes


def compile_state(spec: StateTemplateSpec, manifest: DecoderManifest) -> CompiledState | None:
    """The template for vehicles with this manifest; None where the manifest has none of its signals."""
    ids = dict(zip((signal.path for signal in manifest.all_signals), manifest.ids, strict=True))
    paths = select(spec.signals, ids)
    if not paths:
        return None
    message = pb.StateTemplate(signal_ids=[ids[path] for path in paths])
    if spec.period:
        message.periodic.period_ms = spec.period
    else:
        message.on_change.SetInParent()
    message.sync_id = state_sync_id(spec.name, message.SerializeToString(deterministic=True), manifest.sync_id)
    return CompiledState(message.sync_id, message.SerializeToString())


class WantedStates:
    """The templates that a group of vehicles should hold.

    Args:
        manifest: the sync id of the manifest that they are for.
        contents: by sync id the bytes of each.

    Attributes:
        ids: their sync ids.
    """

    def __init__(self, manifest: str = "", contents: Mapping[str, bytes] | None = None) -> None:
        self._manifest = manifest
        self._contents = contents or {}
        self._differences: dict[frozenset[str], tuple[str, bytes]] = {}
        self.ids = frozenset(self._contents)

    def difference(self, held: frozenset[str], version: int) -> tuple[str, bytes]:
        """What a vehicle that holds these templates is to be sent: what the difference is called, and its bytes.

        Args:
            held: sync ids of templates.
            version: larger than that of any difference that the vehicle was sent before.
        """
        if held not in self._differences:
            if len(self._differences) >= _MOST_REMEMBERED:
                self._differences.clear()
            self._differences[held] = self._difference(held)
        name, content = self._differences[held]
        return name, content + pb.StateTemplates(version=version).SerializeToString()

    def _difference(self, held: frozenset[str]) -> tuple[str, bytes]:
        message = pb.StateTemplates(
            decoder_manifest_sync_id=self._manifest, state_template_sync_ids_to_remove=sorted(held - self.ids)
        )
        added: list[str] = []
        size = 0
        for key in sorted(self.ids - held):
            size += len(self._contents[key])
            if added and size > MOST_BYTES:
                break
            added.append(key)
            message.state_templates_to_add.add().MergeFromString(self._contents[key])
        named = "\n".join([*added, "", *message.state_template_sync_ids_to_remove])
        return sync_id("states", named.encode()), message.SerializeToString()


NO_STATES = WantedStates()
"""Of vehicles that are to hold none."""


class StatePlan:
    """The state templates of a company.

    Args:
        templates: all of them.
        compiled: by company, template version and manifest; outlives the plan.
        members: by template (``members.name_of_state``) and condition the vehicles for which it holds.
    """

    def __init__(
        self,
        templates: Sequence[StateTemplate] = (),
        compiled: dict[tuple[str, str, str], CompiledState | None] | None = None,
        members: Mapping[str, Mapping[str, frozenset[str]]] | None = None,
    ) -> None:
        known = members or {}
        self._templates = {one.name: one for one in templates}
        self._meant = [
            (one.name, matcher(one.spec.targets, known.get(name_of_state(one.name), {}))) for one in templates
        ]
        self._compiled = {} if compiled is None else compiled

    def meant(self, vehicle: Vehicle) -> tuple[str, ...]:
        """The names of the templates for a vehicle."""
        return tuple(name for name, means in self._meant if means(vehicle))

    def wanted(self, meant: Sequence[str], manifest: DecoderManifest) -> WantedStates:
        """These templates for vehicles with this manifest."""
        contents: dict[str, bytes] = {}
        for one in (self._templates[name] for name in meant):
            key = (one.company, one.sync_id, manifest.sync_id)
            if key not in self._compiled:
                self._compiled[key] = compile_state(one.spec, manifest)
            found = self._compiled[key]
            if found is not None:
                contents[found.sync_id] = found.content
        return WantedStates(manifest.sync_id, contents)
