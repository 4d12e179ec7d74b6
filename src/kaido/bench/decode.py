"""CAN frames to values: columns and rows, beside cantools, can-decoder and asammdf."""

from __future__ import annotations

import subprocess
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import cantools
import numpy as np

from kaido.bench import peers
from kaido.bench.bus import Bus
from kaido.bench.figure import Figure, Runs
from kaido.can.decode import Decoder
from kaido.errors import KaidoError
from kaido.runtime import memory

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from kaido.bench.options import BenchOptions
    from kaido.can.frames import Frames

    Values = Mapping[str, NDArray[np.float64]]

BATCH = 400_000
SMALL_BATCH = 200
ROUNDS = 10
KEPT_MB = 1_000
OVER_CANTOOLS, OVER_ASAMMDF = 100.0, 6.0
SCRIPTS = Path(__file__).parent / "peer_scripts"
SCRIPT_SECONDS = 900


class Peer(NamedTuple):
    """A peer that runs in a venv of its own."""

    name: str
    script: str
    requirements: tuple[str, ...]
    most_frames: int


CAN_DECODER = Peer("can-decoder", "with_can_decoder.py", ("can-decoder", "canmatrix", "pandas", "numpy"), 200_000)
ASAMMDF = Peer("asammdf", "with_asammdf.py", ("asammdf",), 2_000_000)


class WrongValuesError(KaidoError):
    """Two decoders disagree: their rates mean nothing."""


def run(options: BenchOptions) -> list[Figure]:
    """Decode the traffic of a made-up bus of 60 identifiers."""
    if not options.quick:
        memory.keep(KEPT_MB)
        options.remark(f"the process keeps up to {KEPT_MB} MB of freed memory (kaido.runtime.memory)")
    bus = Bus()
    frames = bus.frames(options.pick(2_000_000, 60_000))
    decoder = Decoder(bus.manifest().signals)
    per_frame = bus.signals_per_frame
    options.remark(
        f"{len(frames):,} frames of 60 identifiers, {per_frame:.1f} values a frame, {BATCH:,} frames a batch"
    )
    batches = _batches(frames, BATCH)
    cantools_slice = frames.take(slice(0, options.pick(60_000, 3_000)))
    ids, payloads = cantools_slice.can_id.tolist(), [row.tobytes() for row in cantools_slice.data]
    database: Any = cantools.database.load_string(bus.dbc, "dbc")
    _check("cantools", _with_cantools(database, ids, payloads), _ours(decoder, cantools_slice))

    _columns(options, decoder, batches)  # warm
    columns, rows, theirs = [], [], []
    for _ in range(options.runs):  # in turn, so that what else the machine does meets all of them
        columns.append(_columns(options, decoder, batches))
        rows.append(_rows(options, decoder, batches))
        theirs.append(options.repeat(lambda: _cantools_loop(database, ids, payloads), runs=1, warm=False).median)
    as_columns, as_rows = (Runs(tuple(taken)).map_to_rate(len(frames)) for taken in (columns, rows))
    cantools_rate = Runs(tuple(theirs)).map_to_rate(len(ids))
    small = _small_batches(options, decoder, cantools_slice)
    with options.profiled("columns"):
        _columns(options, decoder, batches)

    figures = [
        Figure.of("to columns", as_columns, "frames/s", peer="cantools", peer_value=cantools_rate.median),
        Figure.of("to columns, values", Runs(tuple(per_frame * rate for rate in as_columns.values)), "values/s"),
        Figure.times("to columns, against cantools", as_columns, "cantools", cantools_rate, bound=OVER_CANTOOLS),
        Figure.of("to rows", as_rows, "frames/s", peer="cantools", peer_value=cantools_rate.median),
        Figure.of("to rows, values", Runs(tuple(per_frame * rate for rate in as_rows.values)), "values/s"),
        Figure.times("to rows, against cantools", as_rows, "cantools", cantools_rate, bound=OVER_CANTOOLS),
        Figure.of(
            f"to rows, {SMALL_BATCH} frames a batch (an agent's)",
            small,
            "frames/s",
            peer="cantools",
            peer_value=cantools_rate.median,
        ),
    ]
    figures += _beside(options, CAN_DECODER, bus, frames, decoder, as_columns, as_rows, bound=None)
    return figures + _beside(options, ASAMMDF, bus, frames, decoder, as_columns, as_rows, bound=OVER_ASAMMDF)


def _batches(frames: Frames, size: int) -> list[Frames]:
    return [frames.take(slice(start, start + size)) for start in range(0, len(frames), size)]


def _columns(options: BenchOptions, decoder: Decoder, batches: list[Frames]) -> float:
    return _seconds(options, batches, decoder.columns)


def _rows(options: BenchOptions, decoder: Decoder, batches: list[Frames]) -> float:
    return _seconds(options, batches, lambda batch: decoder.decode(batch).rows())


def _seconds(options: BenchOptions, batches: list[Frames], decode: Callable[[Frames], object]) -> float:
    """Seconds of all batches: of several rounds, so that it takes as long as what it is held against."""
    rounds = options.pick(ROUNDS, 1)

    def decode_all() -> None:
        for _ in range(rounds):
            for batch in batches:
                decode(batch)

    return options.repeat(decode_all, runs=1, warm=False).median / rounds


def _small_batches(options: BenchOptions, decoder: Decoder, frames: Frames) -> Runs:
    batches = _batches(frames, SMALL_BATCH)

    def decode() -> None:
        for batch in batches:
            decoder.rows(batch)

    return options.repeat(decode).map_to_rate(len(frames))


def _ours(decoder: Decoder, frames: Frames) -> Values:
    """Values by "message.signal", as the peers name them."""
    return {path.removeprefix("Bench."): values for path, (_, values) in decoder.columns(frames).items()}


def _cantools_loop(database: Any, ids: list[int], payloads: list[bytes]) -> list[dict[str, float]]:
    return [
        database.decode_message(can_id, payload, decode_choices=False)
        for can_id, payload in zip(ids, payloads, strict=True)
    ]


def _with_cantools(database: Any, ids: list[int], payloads: list[bytes]) -> Values:
    found: dict[str, list[float]] = defaultdict(list)
    for can_id, decoded in zip(ids, _cantools_loop(database, ids, payloads), strict=True):
        for name, value in decoded.items():
            found[f"M{can_id:03X}.{name}"].append(value)
    return {name: np.array(values, np.float64) for name, values in found.items()}


def _beside(
    options: BenchOptions,
    peer: Peer,
    bus: Bus,
    frames: Frames,
    decoder: Decoder,
    as_columns: Runs,
    as_rows: Runs,
    *,
    bound: float | None,
) -> list[Figure]:
    forms = {"to columns": as_columns, "to rows": as_rows}
    try:
        rate = _rate(options, peer, bus, frames.take(slice(0, peer.most_frames)), decoder)
    except peers.PeerMissingError as missing:
        return [Figure.missing(f"{form}, against {peer.name}", "x", str(missing), bound=bound) for form in forms]
    return [
        Figure.times(f"{form}, against {peer.name}", ours, peer.name, rate, bound=bound) for form, ours in forms.items()
    ]


def _rate(options: BenchOptions, peer: Peer, bus: Bus, frames: Frames, decoder: Decoder) -> Runs:
    """Frames a second of a peer, whose values were held against ours."""
    interpreter = peers.python(options, peer.name, peer.requirements)
    options.say(f"{peer.name} decodes {len(frames):,} frames")
    given, database, result = (options.folder / f"{peer.name}{end}" for end in (".in.npz", ".dbc", ".out.npz"))
    np.savez(given, time_us=frames.time_us, can_id=frames.can_id, length=frames.length, data=frames.data)
    database.write_text(bus.dbc)
    command = [*map(str, (interpreter, SCRIPTS / peer.script, given, database, result, min(options.runs, 3)))]
    try:
        done = subprocess.run(  # noqa: S603  # our own script
            command, capture_output=True, text=True, timeout=SCRIPT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise peers.PeerMissingError(f"the peer {peer.name}", why=f"not done after {SCRIPT_SECONDS} s") from error
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise peers.PeerMissingError(f"the peer {peer.name}", why=said[-1])
    with np.load(result) as found:
        _check(peer.name, {name: found[name] for name in found.files if name != "seconds"}, _ours(decoder, frames))
        return Runs(tuple(found["seconds"].tolist())).map_to_rate(len(frames))


def _check(peer: str, theirs: Values, ours: Values) -> None:
    if theirs.keys() != ours.keys():
        raise WrongValuesError(f"{peer} decodes other signals than Kaido")
    for name, values in theirs.items():
        if not np.allclose(values.astype(np.float64), ours[name], rtol=1e-12, atol=1e-9):
            raise WrongValuesError(f"{peer} decodes {name} to other values than Kaido")
