"""From campaigns to the documents that vehicles hold.

What comes out depends on the campaign and the manifest alone, not on the catalog: wherever it is compiled, the sync id
is the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kaido.catalog.can_signal import CanSignal
from kaido.control.choosing import chosen
from kaido.control.wishes import SignalWish
from kaido.errors import InvalidInputError, KaidoError
from kaido.expressions import compared_signals, compared_texts, references, resolve, to_wire, windowed
from kaido.wire import kaido_wire_pb2 as pb
from kaido.wire.syncids import sync_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kaido.catalog.manifest import DecoderManifest
    from kaido.control.spec import CampaignSpec
    from kaido.control.wishes import Fetch, Trigger
    from kaido.expressions import Expression, Function

NEVER_MS = 253_402_300_799_000
"""The end of the year 9999."""

MAX_SCHEME_BYTES = 2_000_000
"""All schemes of a vehicle go in one message, and NATS takes 8 MB."""

LANGUAGE_VERSION = 1
"""Of the wire's condition trees."""

_TRIGGERS: Mapping[Trigger | None, pb.TriggerMode] = {
    None: pb.ALWAYS,
    "always": pb.ALWAYS,
    "rising_edge": pb.RISING_EDGE,
}


@dataclass(frozen=True)
class Scheme:
    """A campaign compiled for one manifest.

    Attributes:
        sync_id: the campaign's name and a hash of the content.
        content: the bytes of a CollectionScheme.
        expiry_ms: when vehicles drop it.
    """

    sync_id: str
    content: bytes
    expiry_ms: int


@dataclass(frozen=True)
class Unfit:
    """Why vehicles with a manifest cannot run a campaign: ``its manifest has no signal Vehicle.Speed``."""

    reason: str


@dataclass(frozen=True)
class _Known:
    """What a manifest says of a signal. On the wire a string is one, and all else a number."""

    unit: str
    datatype: str = ""


def compile_scheme(spec: CampaignSpec, manifest: DecoderManifest) -> Scheme | Unfit:
    """The campaign for vehicles with this manifest, or why they cannot run it."""
    ids = dict(zip((signal.path for signal in manifest.all_signals), manifest.ids, strict=True))
    try:
        return _Compiling(spec, manifest, ids).scheme()
    except _UnfitError as error:
        return Unfit(error.what)
    except KaidoError as error:  # of units that only this manifest has
        return Unfit(str(error))


def schemes_document(schemes: Iterable[Scheme], now_ms: int) -> bytes:
    """The CollectionSchemes message of these schemes: a full replacement."""
    message = pb.CollectionSchemes(timestamp_ms_epoch=now_ms)
    for scheme in schemes:
        message.collection_schemes.add().MergeFromString(scheme.content)
    return message.SerializeToString()


class _UnfitError(KaidoError):
    """The manifest lacks something."""


class _Compiling:
    """One campaign, one manifest."""

    def __init__(self, spec: CampaignSpec, manifest: DecoderManifest, ids: Mapping[str, int]) -> None:
        self._spec = spec
        self._manifest = manifest
        self._ids = ids
        self._texts = frozenset(manifest.path_of(number) for number in manifest.texts)
        self._conditions = dict(spec.conditions())
        self._known = (
            {
                signal.path: _Known(signal.unit, "string" if signal.path in self._texts else "")
                for signal in manifest.all_signals
            }
            if self._conditions or spec.fetch
            else {}
        )

    def scheme(self) -> Scheme:
        spec = self._spec
        wishes = self._wishes()
        message = pb.CollectionScheme(
            decoder_manifest_sync_id=self._manifest.sync_id,
            start_time_ms_epoch=spec.start_ms,
            expiry_time_ms_epoch=spec.expiry_ms or NEVER_MS,
            persist_all_collected_data=spec.persistence,
            compress_collected_data=spec.compression,
            priority=spec.priority,
            include_active_dtcs=spec.include_active_dtcs,
            after_duration_ms=spec.after or 0,
            signal_information=[self._signal(wish) for wish in wishes.values()],
            signal_fetch_information=[self._fetch(place, one) for place, one in enumerate(spec.fetch)],
        )
        if spec.period is not None:
            message.time_based.period_ms = spec.period
        else:
            message.condition_based.minimum_interval_ms = spec.minimum_interval or 0
            message.condition_based.condition_language_version = LANGUAGE_VERSION
            message.condition_based.condition_tree.CopyFrom(self._tree("condition"))
            message.condition_based.trigger_mode = _TRIGGERS[spec.trigger]
        for place, one in enumerate(spec.partitions):
            partition = message.store_and_forward_configuration.partition_configuration.add()
            partition.storage_options.maximum_size_in_bytes = one.maximum_size
            partition.storage_options.storage_location = one.name
            partition.storage_options.minimum_time_to_live_in_seconds = one.minimum_time_to_live
            partition.upload_options.condition_tree.CopyFrom(self._tree(f"partitions[{place}].upload"))
        content = message.SerializeToString(deterministic=True)
        if len(content) > MAX_SCHEME_BYTES:
            raise _UnfitError(
                f"its collection scheme would have {len(content):,} bytes, of {MAX_SCHEME_BYTES:,} at most"
            )
        message.campaign_sync_id = sync_id(spec.name, content)
        return Scheme(message.campaign_sync_id, message.SerializeToString(), message.expiry_time_ms_epoch)

    def _wishes(self) -> dict[str, SignalWish]:
        """What is collected, and what the conditions read besides."""
        found = chosen(self._spec.signals, self._ids)
        if all(wish.condition_only for wish in found.values()) and not self._spec.include_active_dtcs:
            raise _UnfitError("its manifest has none of the signals")
        for field, condition in self._conditions.items():
            for path in references(condition):
                if path not in self._ids:
                    raise _UnfitError(f"its manifest has no signal {path}")
                found.setdefault(path, SignalWish(path=path, minimum_period=0, condition_only=True))
            for path in windowed(condition):
                if found[path].window is None:
                    raise no_window(field, path)
        return found

    def _signal(self, wish: SignalWish) -> pb.SignalInformation:
        names = [one.name for one in self._spec.partitions]
        return pb.SignalInformation(
            signal_id=self._ids[wish.path],
            sample_buffer_size=self._spec.buffer_size(wish),
            minimum_sample_period_ms=self._spec.minimum_period(wish),
            fixed_window_period_ms=wish.window or 0,
            condition_only_signal=bool(wish.condition_only),
            data_partition_id=names.index(wish.partition) if wish.partition else 0,
        )

    def _fetch(self, place: int, fetch: Fetch) -> pb.FetchInformation:
        if fetch.signal not in self._ids:
            raise _UnfitError(f"its manifest has no signal {fetch.signal}")
        message = pb.FetchInformation(signal_id=self._ids[fetch.signal], condition_language_version=LANGUAGE_VERSION)
        if fetch.every is not None:
            message.time_based.execution_frequency_ms = fetch.every
            message.time_based.max_execution_count = fetch.count or 0
            message.time_based.reset_max_execution_count_interval_ms = fetch.reset or 0
        else:
            message.condition_based.condition_tree.CopyFrom(self._tree(f"fetch[{place}].condition"))
            message.condition_based.trigger_mode = _TRIGGERS[fetch.trigger]
        prefix = f"fetch[{place}].actions["
        calls = [action for field, action in self._spec.actions() if field.startswith(prefix)]
        message.actions.extend(self._written(call, self._spec.known_actions) for call in calls)
        return message

    def _tree(self, field: str) -> pb.ConditionNode:
        return self._written(self._conditions[field], self._spec.known_functions)

    def _written(self, expression: Expression, functions: Mapping[str, Function]) -> pb.ConditionNode:
        for path in references(expression):
            if path not in self._ids:
                raise _UnfitError(f"its manifest has no signal {path}")
        expression = resolve(expression, self._known, functions).expression
        for path, text in compared_texts(expression):
            if path not in self._texts:
                raise _UnfitError(self._as_number(path, text))
        for pair in compared_signals(expression):
            if len(self._texts & set(pair)) == 1:
                raise _UnfitError(f"its manifest has one of {' and '.join(pair)} as a string, the other as a number")
        return to_wire(expression, self._ids)

    def _as_number(self, path: str, text: str) -> str:
        """Why a signal cannot be compared with a text, and with what it can."""
        signal = next(one for one in self._manifest.all_signals if one.path == path)
        instead = ""
        if isinstance(signal, CanSignal):
            named = (raw for raw, label in signal.labels if label.casefold() == text.casefold())
            values = (f"; {text!r} is {raw * signal.factor + signal.offset:g}" for raw in named)
            instead = next(values, "")
        return f"its manifest has {path} as a number, not as the string {text!r}{instead}"


def no_window(field: str, path: str) -> InvalidInputError:
    """The error of a condition that asks for windows of a signal without."""
    return InvalidInputError(
        f"the campaign's {field} asks for windows of {path}",
        why="nothing says how long they are",
        fix=f"Add to its signals: {{path: {path}, window: 5s}}",
    )
