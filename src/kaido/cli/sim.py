"""``kaido sim``: a simulated fleet on a running platform, or load on its gateway."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kaido.cli.context import single
from kaido.errors import InvalidInputError, UnavailableError

if TYPE_CHECKING:
    from kaido.cli.context import Session
    from kaido.sim.fleet import Progress
    from kaido.sim.load import Figures


@single("sim")
@click.option("--cars", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many cars.")
@click.option("--markets", default="", metavar="CODES", help="Where they live, such as US,JP,DE.  [default: all]")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of the first car.")
@click.option("--since", type=float, metavar="HOURS", help="Start so long ago, and catch up with --speed.")
@click.option("--speed", type=click.FloatRange(0, min_open=True), help="How fast to catch up.  [default: 60]")
@click.option("--minutes", type=click.FloatRange(0, min_open=True), help="End by itself after so long.")
@click.option("--gateway", default="", metavar="HOST:PORT", help="Where to connect.  [default: as enrolled]")
@click.option("--state", type=click.Path(path_type=Path), help="Identities and outboxes.  [default: sim in --data]")
@click.option("--load", is_flag=True, help="No cars but load: payloads built before, as fast as they are taken.")
@click.option("--connections", type=click.IntRange(1), help="With --load: at once.  [default: all vehicles]")
@click.option("--vehicles", type=click.IntRange(1, 200_000), default=1_000, show_default=True, help="With --load.")
@click.option("--rate", type=click.FloatRange(0, min_open=True), help="With --load: publishes a second.")
@click.option(
    "--samples", type=click.IntRange(1, 5_000), default=100, show_default=True, help="With --load: a publish."
)
@click.option("--window", type=click.IntRange(1, 65_535), default=16, show_default=True, help="With --load: in flight.")
def sim(session: Session, load: bool, minutes: float | None, state: Path | None, **options: Any) -> None:
    """Run simulated cars through real agents, until Ctrl-C.

    They are registered and enrolled as needed, and collect for the campaign `simulated-fleet`.
    """
    client = session.client
    if client.url == "http://in-process":
        raise UnavailableError(
            "a fleet needs a running platform",
            why=f"none runs on {session.settings.data}",
            fix="Start one: kaido up (or all at once: kaido demo)",
        )
    folder = state or session.settings.data / "sim"
    if load:
        asyncio.run(_load(session, folder / "load", minutes or 1.0, options))
    else:
        asyncio.run(_drive(session, folder, minutes, options))


async def _drive(session: Session, folder: Path, minutes: float | None, options: dict[str, Any]) -> None:
    from kaido.sim.fleet import run_fleet  # noqa: PLC0415  # heavy; `kaido sim --help` does without

    since, speed = options["since"], options["speed"]
    if speed is not None and since is None:
        raise InvalidInputError(
            "--speed needs --since", why="simulated cars never run ahead of the clock", fix="Try: --since 24 --speed 60"
        )
    stop = _stopping(minutes)
    began = time.monotonic()
    with session.out.progress(f"{options['cars']} cars") as update:

        def show(done: Progress) -> None:
            note = f"{done.connected} connected, {done.frames:,} frames, {done.samples:,} samples"
            update(0, f"{note}, {done.acknowledged:,} payloads acknowledged")

        done = await run_fleet(
            session.client,
            cars=options["cars"],
            state=folder,
            stop=stop,
            endpoint=options["gateway"],
            markets=[code.strip().upper() for code in options["markets"].split(",") if code.strip()],
            seed=options["seed"],
            start=None if since is None else time.time() - 3_600 * since,
            speed=speed or 60.0,
            on_progress=show,
        )
    session.out.done(
        f"{done.cars} cars sent {done.samples:,} samples of {done.frames:,} frames in {done.acknowledged:,} payloads"
        + (f"; {done.waiting:,} more wait for the next run" if done.waiting else ""),
        {**vars(done), "seconds": round(time.monotonic() - began, 1)},
    )


async def _load(session: Session, folder: Path, minutes: float, options: dict[str, Any]) -> None:
    from kaido.sim.load.fleet import LoadPlan, run_load  # noqa: PLC0415  # heavy, as above

    plan = LoadPlan(
        vehicles=options["vehicles"],
        connections=options["connections"],
        window=options["window"],
        samples=options["samples"],
        rate=options["rate"],
        seconds=60 * minutes,
        endpoint=options["gateway"],
    )
    figures = await run_load(session.client, plan, folder, session.out.say, _stopping(None))
    session.out.done(_sentence(figures), {**vars(figures), "per_second": figures.per_second})


def _sentence(figures: Figures) -> str:
    lost = f"; lost connections: {figures.lost}" if figures.lost else ""
    return (
        f"{figures.acknowledged:,} publishes acknowledged in {figures.seconds:.1f} s: {figures.per_second:,.0f} a "
        f"second, half within {1e3 * figures.p50_s:.1f} ms, 99 % within {1e3 * figures.p99_s:.1f} ms, "
        f"all within {1e3 * figures.worst_s:.1f} ms{lost}"
    )


def _stopping(minutes: float | None) -> asyncio.Event:
    """An event that Ctrl-C sets, or the end of the time."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if minutes is not None:
        loop.call_later(60 * minutes, stop.set)
    return stop
