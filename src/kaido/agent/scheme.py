"""Collection schemes as the agent runs them: checked, and free of protobuf."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from google.protobuf.message import DecodeError

from kaido.agent.conditions.functions import FUNCTIONS
from kaido.agent.conditions.tree import read_tree
from kaido.agent.errors import UnusableError
from kaido.agent.fetching.plan import read_fetches
from kaido.agent.partitions import read_uploads
from kaido.errors import InvalidInputError
from kaido.wire import kaido_wire_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from kaido.agent.conditions.functions import Function
    from kaido.agent.conditions.tree import Tree
    from kaido.agent.fetching.plan import Fetch
    from kaido.agent.partitions import Upload

MAX_SYNC_ID = 512
"""Characters of a sync id. It stands in every payload."""
MAX_BUFFER = 10_000_000
"""Samples of one signal's ring. The memory bound of all schemes together is the agent's setting."""


@dataclass(frozen=True)
class CollectedSignal:
    """A signal of a scheme.

    Attributes:
        signal_id: its id in the manifest.
        buffer: samples its ring keeps until the next trigger; the newest stay.
        minimum_period_ms: a sample that comes sooner after the one before is left out; 0 takes all.
        window_ms: how long its fixed windows are; 0 where it has none.
        condition_only: the condition looks at it, but it is not sent.
        partition: the number of the partition that stores it, where the scheme has any.
    """

    signal_id: int
    buffer: int
    minimum_period_ms: int
    window_ms: int = 0
    condition_only: bool = False
    partition: int = 0


@dataclass(frozen=True)
class Scheme:
    """What every scheme has.

    What it sends is on disk until it is acknowledged, whether the scheme asks for persistence or not.

    Attributes:
        sync_id: its id, which changes with its content.
        manifest: the sync id of the manifest that its signal ids belong to.
        start_ms: it collects from here (ms since the epoch, the clock of the vehicle) ...
        expiry_ms: ... until before here.
        priority: 0 goes first.
        include_codes: its events carry the active trouble codes.
        uploads: the partitions that its data is stored in; none where it is sent as it comes.
        fetches: the signals that it asks for by itself.
    """

    sync_id: str
    manifest: str
    start_ms: int
    expiry_ms: int
    compress: bool
    priority: int
    signals: tuple[CollectedSignal, ...]
    include_codes: bool = field(default=False, kw_only=True)
    uploads: tuple[Upload, ...] = field(default=(), kw_only=True)
    fetches: tuple[Fetch, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True)
class TimeBasedScheme(Scheme):
    """Every ``period_ms``, send what the rings hold."""

    period_ms: int


@dataclass(frozen=True)
class ConditionBasedScheme(Scheme):
    """When the condition holds, send what the rings hold, and what comes in the time after.

    Attributes:
        condition: what is asked of the signals.
        rising_edge: only a condition that did not hold before triggers.
        minimum_interval_ms: from one trigger to the next.
        after_duration_ms: how long after the trigger an event goes on collecting.
    """

    condition: Tree
    rising_edge: bool
    minimum_interval_ms: int
    after_duration_ms: int


@dataclass(frozen=True)
class Skipped:
    """A scheme that this agent cannot run, and why (a word for counters, a sentence for the log)."""

    sync_id: str
    reason: str
    why: str


def parse_schemes(payload: bytes) -> pb.CollectionSchemes:
    """The message in a document.

    Raises:
        InvalidInputError: the bytes are none.
    """
    try:
        return pb.CollectionSchemes.FromString(payload)
    except DecodeError as error:
        raise InvalidInputError("the collection schemes cannot be read", why=str(error)) from error


def read_schemes(
    message: pb.CollectionSchemes,
    manifest: str,
    signals: Container[int] | None = None,
    functions: Mapping[str, Function] = FUNCTIONS,
    actions: Container[str] = (),
    texts: Container[int] = (),
) -> Iterator[Scheme | Skipped]:
    """The schemes that can run under a manifest, and those that cannot. The last of several with one id counts.

    Args:
        message: all schemes.
        manifest: the sync id of the manifest.
        signals: the ids of its signals; without them a condition may name any.
        functions: the custom functions that conditions may call.
        actions: those that fetch signals.
        texts: the ids of the signals that are strings.
    """
    for scheme in {one.campaign_sync_id: one for one in message.collection_schemes}.values():
        try:
            yield _read(scheme, manifest, signals, functions, actions, texts)
        except UnusableError as error:
            yield Skipped(scheme.campaign_sync_id[:MAX_SYNC_ID], error.reason, error.why)


def _read(
    scheme: pb.CollectionScheme,
    manifest: str,
    signals: Container[int] | None,
    functions: Mapping[str, Function],
    actions: Container[str],
    texts: Container[int],
) -> Scheme:
    sync_id = scheme.campaign_sync_id
    if not 0 < len(sync_id) <= MAX_SYNC_ID:
        raise UnusableError("invalid", f"its sync id has {len(sync_id)} characters")
    if scheme.decoder_manifest_sync_id != manifest:
        raise UnusableError("manifest", f"it names manifest {scheme.decoder_manifest_sync_id!r}, not {manifest!r}")
    if scheme.start_time_ms_epoch >= scheme.expiry_time_ms_epoch:
        raise UnusableError("invalid", "it expires before it starts")
    shared: dict[str, Any] = {
        "sync_id": sync_id,
        "manifest": manifest,
        "start_ms": scheme.start_time_ms_epoch,
        "expiry_ms": scheme.expiry_time_ms_epoch,
        "compress": scheme.compress_collected_data,
        "priority": scheme.priority,
        "include_codes": scheme.include_active_dtcs,
        "uploads": read_uploads(scheme, signals, functions, texts),
        "fetches": read_fetches(scheme, signals, functions, actions, texts),
    }
    match scheme.WhichOneof("collection_scheme_type"):
        case "time_based":
            if scheme.time_based.period_ms == 0:
                raise UnusableError("invalid", "its period is 0")
            collected = tuple(one for one in _signals(scheme).values() if not one.condition_only)
            return TimeBasedScheme(**shared, signals=collected, period_ms=scheme.time_based.period_ms)
        case "condition_based":
            asked = scheme.condition_based
            wanted = _signals(scheme)
            windows = {one.signal_id for one in wanted.values() if one.window_ms}
            return ConditionBasedScheme(
                **shared,
                signals=tuple(wanted.values()),
                condition=read_tree(asked.condition_tree, signals, windows, functions, texts),
                rising_edge=asked.trigger_mode == pb.RISING_EDGE,
                minimum_interval_ms=asked.minimum_interval_ms,
                after_duration_ms=scheme.after_duration_ms,
            )
        case _:
            raise UnusableError("unsupported", "it is neither time-based nor condition-based")


def _signals(scheme: pb.CollectionScheme) -> dict[int, CollectedSignal]:
    """What the scheme says of each signal. The last of several that are the same counts."""
    wanted: dict[int, CollectedSignal] = {}
    for one in scheme.signal_information:
        signal = CollectedSignal(
            one.signal_id,
            max(1, min(one.sample_buffer_size, MAX_BUFFER)),
            one.minimum_sample_period_ms,
            one.fixed_window_period_ms,
            one.condition_only_signal,
            one.data_partition_id,
        )
        before = wanted.setdefault(one.signal_id, signal)
        if scheme.HasField("condition_based") and before.window_ms != signal.window_ms:
            periods = f"{before.window_ms} and {signal.window_ms} ms"
            raise UnusableError("window", f"it asks for windows of {periods} on signal {one.signal_id}")
        wanted[one.signal_id] = signal
    return wanted
