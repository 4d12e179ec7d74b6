"""The documents that a vehicle holds, in memory and on disk: decoder manifest, collection schemes, state templates."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from google.protobuf.message import DecodeError

from kaido.agent.conditions.functions import FUNCTIONS
from kaido.agent.scheme import Skipped, parse_schemes, read_schemes
from kaido.agent.state.templates import HeldTemplates, parse
from kaido.catalog import primitives
from kaido.catalog.manifest import DecoderManifest
from kaido.errors import InvalidInputError
from kaido.flow_names import DownKind
from kaido.runtime import folders, log
from kaido.wire import kaido_wire_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Container, Mapping
    from pathlib import Path

    from kaido.agent.conditions.functions import Function
    from kaido.agent.scheme import Scheme
    from kaido.runtime.status import Report

_LOG = logging.getLogger(__name__)

_FILES = {
    DownKind.DECODER_MANIFEST: "manifest.pb",
    DownKind.COLLECTION_SCHEMES: "schemes.pb",
    DownKind.STATE_TEMPLATES: "templates.pb",
}


@dataclass(frozen=True)
class Held:
    """What the vehicle holds at a moment.

    Attributes:
        manifest: the decoder manifest.
        schemes: the schemes that it can run under that manifest, by sync id, expired ones included.
        types: the primitive type of each signal id of the manifest.
        templates: the state templates of that manifest.
    """

    manifest: DecoderManifest | None = None
    schemes: Mapping[str, Scheme] = field(default_factory=dict)
    types: Mapping[int, int] = field(default_factory=dict)
    templates: HeldTemplates = field(default_factory=HeldTemplates)

    def sync_ids(self, now_ms: int) -> list[str]:
        """What a checkin lists: the manifest, the schemes that are active or wait for their start, the templates."""
        if self.manifest is None:
            return []
        schemes = (key for key, one in self.schemes.items() if now_ms < one.expiry_ms)
        return [self.manifest.sync_id, *schemes, *self.templates.templates]


class Documents:
    """What the cloud told the vehicle to do. A document that cannot be read is counted and changes nothing.

    Args:
        folder: where they outlive a restart.
        report: counts documents by kind and outcome.
        functions: those that conditions may call by name.
        actions: the names of those that fetch signals.

    Attributes:
        held: what is held; replaced as a whole, so that any thread may look at it.
    """

    def __init__(
        self,
        folder: Path,
        report: Report,
        functions: Mapping[str, Function] = FUNCTIONS,
        actions: Container[str] = (),
    ) -> None:
        self._folder = folder
        self._functions = functions
        self._actions = actions
        self._report = report
        self._message = pb.CollectionSchemes()
        self.held = Held()

    def load(self) -> None:
        """Take up what is on disk."""
        for kind, name in _FILES.items():
            try:
                payload = (self._folder / name).read_bytes()
            except FileNotFoundError:
                continue
            except OSError as error:
                log.event(_LOG, logging.ERROR, "a kept document cannot be read", name=name, why=error.strerror)
                continue
            if kind is DownKind.STATE_TEMPLATES:
                self._take_up_templates(payload)
            else:
                self._take(kind, payload)

    def take(self, kind: DownKind, payload: bytes) -> bool:
        """Take a document of the cloud, and keep it on disk; True when it changed what is held."""
        before = self.held
        if self._take(kind, payload):
            kept = self.held.templates.to_bytes() if kind is DownKind.STATE_TEMPLATES else payload
            folders.write_atomically(self._folder / _FILES[kind], kept)
        return self.held != before

    def _take(self, kind: DownKind, payload: bytes) -> bool:
        """Whether the document is to be kept."""
        try:
            if kind is DownKind.DECODER_MANIFEST:
                outcome = "taken" if self._take_manifest(payload) else "unchanged"
            elif kind is DownKind.COLLECTION_SCHEMES:
                self._take_schemes(payload)
                outcome = "taken"
            elif kind is DownKind.STATE_TEMPLATES:
                outcome = "taken" if self._take_templates(payload) else "outdated"
            else:
                outcome = "unsupported"
        except InvalidInputError as error:
            outcome = "malformed"
            log.event(_LOG, logging.WARNING, "a document is ignored", kind=kind.name.lower(), why=str(error))
        self._report.count("documents_total", kind=kind.name.lower(), outcome=outcome)
        return outcome == "taken"

    def _take_manifest(self, payload: bytes) -> bool:
        try:
            message = pb.DecoderManifest.FromString(payload)
        except DecodeError as error:
            raise InvalidInputError("the decoder manifest cannot be read", why=str(error)) from error
        if not message.sync_id:
            raise InvalidInputError("the decoder manifest has no sync id")
        if self.held.manifest is not None and message.sync_id == self.held.manifest.sync_id:
            return False
        manifest = DecoderManifest.from_wire(message)
        types, templates = primitives.of_manifest(message), self.held.templates.under(manifest.sync_id)
        self.held = Held(manifest, self._runnable(manifest), types, templates)
        return True

    def _take_schemes(self, payload: bytes) -> None:
        self._message = parse_schemes(payload)  # all of it: some may wait for their manifest
        self.held = replace(self.held, schemes=self._runnable(self.held.manifest))

    def _take_templates(self, payload: bytes) -> bool:
        changed = self.held.templates.changed(parse(payload))
        if changed is None:
            return False
        self.held = replace(self.held, templates=changed)
        return True

    def _take_up_templates(self, payload: bytes) -> None:
        """Those on disk, which are no difference; of another manifest only the version counts."""
        try:
            kept = HeldTemplates.read(payload)
        except InvalidInputError as error:
            log.event(_LOG, logging.ERROR, "the kept state templates cannot be read", why=str(error))
            return
        name = self.held.manifest.sync_id if self.held.manifest else ""
        self.held = replace(self.held, templates=kept.under(name))

    def _runnable(self, manifest: DecoderManifest | None) -> dict[str, Scheme]:
        """The schemes that can run under a manifest. One whose sync id is held already stays as it is."""
        name = manifest.sync_id if manifest else ""
        schemes: dict[str, Scheme] = {}
        signals = frozenset(manifest.ids) if manifest else frozenset()
        texts = manifest.texts if manifest else frozenset()
        for scheme in read_schemes(self._message, name, signals, self._functions, self._actions, texts):
            if isinstance(scheme, Skipped):
                self._report.count("schemes_skipped_total", reason=scheme.reason)
                log.event(_LOG, logging.WARNING, "a scheme is skipped", scheme=scheme.sync_id, why=scheme.why)
            else:
                held = self.held.schemes.get(scheme.sync_id)
                schemes[scheme.sync_id] = held if held and held.manifest == name else scheme
        return schemes
