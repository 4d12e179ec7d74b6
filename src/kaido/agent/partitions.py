"""What a scheme says about storing: its partitions, and when each is uploaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from google.protobuf.message import DecodeError

from kaido.agent.conditions.functions import FUNCTIONS
from kaido.agent.conditions.tree import Literal, Tree, read_tree
from kaido.agent.errors import UnusableError
from kaido.agent.stored import Partition
from kaido.wire import kaido_wire_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from kaido.agent.conditions.functions import Function

MAX_PARTITIONS = 64
_LARGEST = 1 << 62
_ALWAYS = Tree((Literal(value=True),))


@dataclass(frozen=True)
class Upload:
    """A partition, and the condition under which what it stores may be sent.

    Attributes:
        partition: where data is stored.
        condition: asked of the signals, like a scheme's.
        minimum_period_ms: by signal id, of those that the condition looks at: samples that come sooner are left out.
        window_ms: by signal id how long its fixed windows are.
    """

    partition: Partition
    condition: Tree
    minimum_period_ms: Mapping[int, int]
    window_ms: Mapping[int, int]


def read_uploads(
    scheme: pb.CollectionScheme,
    signals: Container[int] | None = None,
    functions: Mapping[str, Function] = FUNCTIONS,
    texts: Container[int] = (),
) -> tuple[Upload, ...]:
    """The partitions of a scheme, by their number. One without a condition is uploaded at any time.

    Args:
        scheme: the scheme.
        signals: the ids of its manifest's signals; without them a condition may name any.
        functions: the custom functions that conditions may call.
        texts: the ids of the signals that are strings.

    Raises:
        UnusableError: there are too many, a signal names one that is not there, or a condition cannot be evaluated.
    """
    wanted = scheme.store_and_forward_configuration.partition_configuration
    if len(wanted) > MAX_PARTITIONS:
        raise UnusableError("invalid", f"it has {len(wanted)} partitions; {MAX_PARTITIONS} are the most")
    for one in scheme.signal_information:
        if wanted and one.data_partition_id >= len(wanted):
            raise UnusableError(
                "invalid", f"signal {one.signal_id} is stored in partition {one.data_partition_id} of {len(wanted)}"
            )
    return tuple(_read(scheme, number, signals, functions, texts) for number in range(len(wanted)))


def read_definition(
    partition: Partition,
    manifest: str,
    signals: Container[int],
    functions: Mapping[str, Function] = FUNCTIONS,
    texts: Container[int] = (),
) -> Upload | None:
    """The upload of a partition whose scheme is gone; None where its condition cannot be evaluated (any more).

    Args:
        partition: as it was kept.
        manifest: the sync id of the manifest that the vehicle holds.
        signals: the ids of its signals.
        functions: the custom functions that conditions may call.
        texts: the ids of the signals that are strings.
    """
    try:
        scheme = pb.CollectionScheme.FromString(partition.definition)
        if scheme.decoder_manifest_sync_id != manifest:
            return None
        condition, minimum, windows = _condition(scheme, 0, signals, functions, texts)
    except (DecodeError, IndexError, UnusableError):
        return None
    return Upload(partition, condition, minimum, windows)


def _read(
    scheme: pb.CollectionScheme,
    number: int,
    signals: Container[int] | None,
    functions: Mapping[str, Function],
    texts: Container[int],
) -> Upload:
    one = scheme.store_and_forward_configuration.partition_configuration[number]
    condition, minimum, windows = _condition(scheme, number, signals, functions, texts)
    definition = pb.CollectionScheme(
        campaign_sync_id=scheme.campaign_sync_id,
        decoder_manifest_sync_id=scheme.decoder_manifest_sync_id,
        store_and_forward_configuration=pb.StoreAndForwardConfiguration(partition_configuration=[one]),
        signal_information=[info for info in scheme.signal_information if info.signal_id in condition.signals],
    )
    partition = Partition(
        key=f"{scheme.campaign_sync_id}/{number}",
        max_bytes=min(one.storage_options.maximum_size_in_bytes or _LARGEST, _LARGEST),
        minimum_s=one.storage_options.minimum_time_to_live_in_seconds,
        definition=definition.SerializeToString(deterministic=True),
    )
    return Upload(partition, condition, minimum, windows)


def _condition(
    scheme: pb.CollectionScheme,
    number: int,
    signals: Container[int] | None,
    functions: Mapping[str, Function],
    texts: Container[int],
) -> tuple[Tree, dict[int, int], dict[int, int]]:
    one = scheme.store_and_forward_configuration.partition_configuration[number]
    windows = {info.signal_id: info.fixed_window_period_ms for info in scheme.signal_information}
    windows = {signal_id: period for signal_id, period in windows.items() if period}
    tree = _ALWAYS
    if one.upload_options.HasField("condition_tree"):
        tree = read_tree(one.upload_options.condition_tree, signals, windows, functions, texts)
    minimum = {info.signal_id: info.minimum_sample_period_ms for info in scheme.signal_information}
    return (
        tree,
        {signal_id: minimum.get(signal_id, 0) for signal_id in tree.signals},
        {signal_id: windows[signal_id] for signal_id in tree.windows},
    )
