"""State templates as a vehicle holds them: brought up to date by versioned differences."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from google.protobuf.message import DecodeError

from kaido.agent.scheme import MAX_SYNC_ID
from kaido.errors import InvalidInputError
from kaido.wire import kaido_wire_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST_TEMPLATES = 1_000
"""A vehicle holds no more; what comes beyond is left out."""
LONGEST_PERIOD_MS = 366 * 86_400_000


@dataclass(frozen=True)
class StateTemplate:
    """Signals whose newest values the cloud wants.

    Attributes:
        sync_id: its id, which changes with its content.
        signal_ids: of the manifest that it is held under.
        period_ms: how often; 0: whenever a value changes.
    """

    sync_id: str
    signal_ids: tuple[int, ...]
    period_ms: int = 0


@dataclass(frozen=True)
class HeldTemplates:
    """The templates of one decoder manifest, and which differences they are the sum of.

    Attributes:
        manifest: its sync id.
        version: of the newest difference that was taken.
        templates: by sync id.
    """

    manifest: str = ""
    version: int = 0
    templates: Mapping[str, StateTemplate] = field(default_factory=dict)

    @classmethod
    def read(cls, payload: bytes) -> HeldTemplates:
        """What ``to_bytes`` wrote.

        Raises:
            InvalidInputError: something else did.
        """
        message = parse(payload)
        return cls(message.decoder_manifest_sync_id, message.version, _read(message.state_templates_to_add))

    def to_bytes(self) -> bytes:
        """As one difference from nothing."""
        message = pb.StateTemplates(decoder_manifest_sync_id=self.manifest, version=self.version)
        for one in self.templates.values():
            added = message.state_templates_to_add.add(sync_id=one.sync_id, signal_ids=one.signal_ids)
            if one.period_ms:
                added.periodic.period_ms = one.period_ms
            else:
                added.on_change.SetInParent()
        return message.SerializeToString()

    def under(self, manifest: str) -> HeldTemplates:
        """What is left of them when the vehicle holds this manifest: all, or nothing but the version."""
        return self if manifest == self.manifest else HeldTemplates(manifest, self.version)

    def changed(self, difference: pb.StateTemplates) -> HeldTemplates | None:
        """With a difference applied; None where it is as old as what is held, or older.

        Templates of another manifest are left out, and the version then stays: the same difference may come again
        when the vehicle has that manifest.
        """
        if difference.version <= self.version:
            return None
        gone = frozenset(difference.state_template_sync_ids_to_remove)
        kept = {key: one for key, one in self.templates.items() if key not in gone}
        if difference.decoder_manifest_sync_id != self.manifest and difference.state_templates_to_add:
            return HeldTemplates(self.manifest, self.version, kept)
        added = _read(difference.state_templates_to_add)
        # An id that is held is held with its content; what runs goes on.
        together = kept | {key: one for key, one in added.items() if key not in kept}
        return HeldTemplates(self.manifest, difference.version, dict(list(together.items())[:MOST_TEMPLATES]))


def parse(payload: bytes) -> pb.StateTemplates:
    """The message in a document.

    Raises:
        InvalidInputError: the bytes are none.
    """
    try:
        return pb.StateTemplates.FromString(payload)
    except DecodeError as error:
        raise InvalidInputError("the state templates cannot be read", why=str(error)) from error


def _read(messages: Iterable[pb.StateTemplate]) -> dict[str, StateTemplate]:
    """Those that can be run, by sync id."""
    found: dict[str, StateTemplate] = {}
    for one in messages:
        strategy = one.WhichOneof("update_strategy")
        if not 0 < len(one.sync_id) <= MAX_SYNC_ID or strategy is None or one.sync_id in found:
            continue
        if strategy == "periodic" and not 0 < one.periodic.period_ms <= LONGEST_PERIOD_MS:
            continue
        signals = tuple(dict.fromkeys(one.signal_ids))
        found[one.sync_id] = StateTemplate(one.sync_id, signals, one.periodic.period_ms)
    return found
