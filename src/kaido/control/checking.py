"""Whether a campaign makes sense over a company's catalog, and what it would be in its vehicles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kaido.control.choosing import chosen
from kaido.control.compiling import Scheme, Unfit, compile_scheme, no_window
from kaido.control.selection import check
from kaido.errors import InvalidInputError, NotFoundError, nearest_names
from kaido.expressions import Type, depth, from_wire, references, resolve, show, windowed
from kaido.wire import kaido_wire_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kaido.catalog.manifest import DecoderManifest
    from kaido.catalog.signal import Signal
    from kaido.control.spec import CampaignSpec
    from kaido.expressions import Expression, Function

SAMPLE_BYTES = 16
"""Of a sample in a ring: a time and a double."""
STOCK_DEPTH = 10
"""Levels of a condition that the FleetWise edge agent (MAX_EQUATION_DEPTH) evaluates."""
STOCK_MEMORY = 20 * 1024 * 1024


@dataclass(frozen=True)
class Fit:
    """A campaign in vehicles with one manifest.

    Attributes:
        manifest: its name.
        sync_id: its version.
        reason: why it cannot run there; None where it can.
        signals: that are collected.
        condition_only: that conditions read besides.
        condition: as vehicles evaluate it; empty without one.
        ring_samples: that a vehicle keeps at most until it sends.
        memory_bytes: of the rings.
        document_bytes: of the collection scheme.
        notes: what a person wants to know.
    """

    manifest: str
    sync_id: str
    reason: str | None = None
    signals: int = 0
    condition_only: int = 0
    condition: str = ""
    ring_samples: int = 0
    memory_bytes: int = 0
    document_bytes: int = 0
    notes: tuple[str, ...] = ()


def check_campaign(
    spec: CampaignSpec, manifests: Sequence[DecoderManifest], catalog: Mapping[str, Signal]
) -> list[Fit]:
    """What a campaign would be in vehicles, manifest by manifest.

    Args:
        spec: the campaign.
        manifests: the company's, in their current versions.
        catalog: every signal that the company can name, by path: types and units.

    Raises:
        NotFoundError: no manifest has a signal that it names.
        InvalidInputError: a condition makes no sense, or no vehicle could run it.
    """
    paths = dict.fromkeys(signal.path for manifest in manifests for signal in manifest.all_signals)
    check([wish.path for wish in spec.signals], paths)
    wishes = chosen(spec.signals, paths)
    for field, condition in spec.conditions():
        _check_condition(spec, field, condition, catalog)
        _check_known(field, condition, paths)
        for path in windowed(condition):
            if path not in wishes or wishes[path].window is None:
                raise no_window(field, path).placed(field)
    for field, action in spec.actions():
        _resolved(field, action, catalog, spec.known_actions)
    read = {path for _, condition in spec.conditions() for path in references(condition)}
    for place, fetch in enumerate(spec.fetch):
        if fetch.signal not in paths:
            unknown = NotFoundError.of(f"signal for fetch[{place}] in any decoder manifest:", fetch.signal, paths)
            raise unknown.placed(f"fetch[{place}].signal")
        if fetch.signal not in wishes and fetch.signal not in read:
            why = "it is not among the campaign's signals, and no condition reads it"
            useless = InvalidInputError(f"fetch[{place}] fetches {fetch.signal} for nothing", why=why)
            raise useless.placed(f"fetch[{place}].signal")
    fits = [_fit(spec, manifest) for manifest in manifests]
    if all(fit.reason for fit in fits):
        reasons = "; ".join(f"{fit.manifest}: {fit.reason}" for fit in fits[:3])
        raise InvalidInputError(f"no vehicle could run the campaign '{spec.name}'", why=reasons)
    return fits


def _check_condition(spec: CampaignSpec, field: str, condition: Expression, catalog: Mapping[str, Signal]) -> None:
    found = _resolved(field, condition, catalog, spec.known_functions)
    if not found.fits(Type.BOOLEAN):
        what = show(condition)
        fix = "Compare it with something: > 0" if found is Type.NUMBER else 'Compare it with something: == "ON"'
        why = f"{what:.60} is a {found}, not a condition"
        raise InvalidInputError(f"the campaign's {field}", why=why, fix=fix).placed(field)


def _resolved(
    field: str, expression: Expression, catalog: Mapping[str, Signal], functions: Mapping[str, Function]
) -> Type:
    try:
        return resolve(expression, catalog, functions).type
    except InvalidInputError as error:
        found = InvalidInputError(f"the campaign's {field}, {error.what}", why=error.why, fix=error.fix)
        raise found.placed(field, error.column) from error


def _check_known(field: str, condition: Expression, paths: Mapping[str, None]) -> None:
    for path in references(condition):
        if path not in paths:
            nearest = nearest_names(path, paths)
            raise NotFoundError(
                f"the campaign's {field} reads {path}, which no decoder manifest has",
                why="no vehicle could say what it is",
                fix=f"There is {' and '.join(nearest)}" if nearest else "See: kaido catalog list",
            ).placed(field)


def _fit(spec: CampaignSpec, manifest: DecoderManifest) -> Fit:
    compiled = compile_scheme(spec, manifest)
    if isinstance(compiled, Unfit):
        return Fit(manifest.name, manifest.sync_id, compiled.reason)
    return _measured(compiled, manifest)


def _measured(scheme: Scheme, manifest: DecoderManifest) -> Fit:
    message = pb.CollectionScheme.FromString(scheme.content)
    kept = [one for one in message.signal_information if not one.condition_only_signal]
    samples = sum(one.sample_buffer_size for one in kept)
    condition, notes = "", []
    if message.HasField("condition_based"):
        paths = {number: signal.path for number, signal in zip(manifest.ids, manifest.all_signals, strict=True)}
        tree = from_wire(message.condition_based.condition_tree, paths)
        condition = show(tree)
        if (levels := depth(tree)) > STOCK_DEPTH:
            notes.append(f"the condition has {levels} levels; a stock FleetWise edge agent takes {STOCK_DEPTH}")
    if samples * SAMPLE_BYTES > STOCK_MEMORY:
        notes.append(f"a stock FleetWise edge agent has {STOCK_MEMORY // 2**20} MiB for all its rings together")
    return Fit(
        manifest=manifest.name,
        sync_id=manifest.sync_id,
        signals=len(kept),
        condition_only=len(message.signal_information) - len(kept),
        condition=condition,
        ring_samples=samples,
        memory_bytes=samples * SAMPLE_BYTES,
        document_bytes=len(scheme.content),
        notes=tuple(notes),
    )
