"""A campaign as the vehicles of one manifest would run it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from kaido.control.compiling import Unfit, compile_scheme
from kaido.expressions import from_wire, references
from kaido.expressions.syntax import IsNull, children
from kaido.wire import kaido_wire_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kaido.catalog.manifest import DecoderManifest
    from kaido.control.spec import CampaignSpec
    from kaido.expressions import Expression


@dataclass(frozen=True)
class Runnable:
    """A compiled scheme, and the manifest that it was compiled for."""

    manifest: DecoderManifest
    scheme: pb.CollectionScheme

    @cached_property
    def paths(self) -> dict[int, str]:
        """The manifest's signals by their ids."""
        return dict(zip(self.manifest.ids, (signal.path for signal in self.manifest.all_signals), strict=True))

    @cached_property
    def sent(self) -> frozenset[str]:
        """The signals that are collected."""
        return frozenset(
            self.paths[one.signal_id] for one in self.scheme.signal_information if not one.condition_only_signal
        )

    @cached_property
    def read(self) -> tuple[str, ...]:
        """The signals that the condition reads; none by the clock."""
        if not self.scheme.HasField("condition_based"):
            return ()
        return tuple(references(from_wire(self.scheme.condition_based.condition_tree, self.paths)))

    @cached_property
    def required(self) -> tuple[str, ...]:
        """Of those the ones without which it never holds: not those that it only asks ``is_null`` of."""
        if not self.scheme.HasField("condition_based"):
            return ()
        asked = _values_asked(from_wire(self.scheme.condition_based.condition_tree, self.paths))
        return tuple(dict.fromkeys(path for one in asked for path in references(one)))

    def limits(self) -> Iterator[str]:
        """What a rehearsal cannot know."""
        if self.scheme.include_active_dtcs:
            yield "the bytes are without the trouble codes that go with every event"
        if self.scheme.signal_fetch_information:
            yield "signals are taken as they were recorded; what the campaign would fetch is not played through"
        if self.scheme.store_and_forward_configuration.partition_configuration:
            yield "the bytes are what is stored; how much of it is uploaded depends on the partitions' conditions"


def runnable(spec: CampaignSpec, manifest: DecoderManifest) -> Runnable | Unfit:
    """The campaign in vehicles with this manifest, or why they cannot run it."""
    compiled = compile_scheme(spec, manifest)
    if isinstance(compiled, Unfit):
        return compiled
    return Runnable(manifest, pb.CollectionScheme.FromString(compiled.content))


def _values_asked(condition: Expression) -> Iterator[Expression]:
    """The leaves of a condition outside ``is_null``."""
    waiting = [condition]
    while waiting:
        here = waiting.pop()
        if isinstance(here, IsNull):
            continue
        below = children(here)
        waiting += reversed(below)
        if not below:
            yield here
