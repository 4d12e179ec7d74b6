"""``kaido drive``: a recorded drive through the agent."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kaido.cli.agent import connection_options, make_config, software_option, stop_on_signals
from kaido.cli.context import single
from kaido.errors import InvalidInputError, UnavailableError
from kaido.runtime import clock, log

if TYPE_CHECKING:
    from collections.abc import Callable

    from kaido.agent import Agent, Summary
    from kaido.agent.replay import ReplaySource
    from kaido.cli.context import Session

_POLL_SECONDS = 0.2


class _Speed(click.ParamType[float | None]):
    name = "SPEED"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float | None:
        if value == "max" or value is None:
            return None
        try:
            speed = float(str(value).removeprefix("x"))
        except ValueError:
            speed = 0.0
        if not 0 < speed < float("inf"):
            self.fail(f"{value!r} is neither a number above 0 nor `max`", param, ctx)
        return speed


@single("drive")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--speed", type=_Speed(), default="1", show_default=True, help="1 is as recorded; `max` is flat out.")
@click.option("--now", is_flag=True, help="Shift all times so that the drive begins now.")
@click.option("--kind", help="The kind of recording.  [default: the content tells]")
@click.option(
    "--patience",
    type=click.FloatRange(1),
    default=60,
    show_default=True,
    metavar="SECONDS",
    help="Give up when the cloud takes nothing for so long.",
)
@software_option
@connection_options
def drive(
    session: Session,
    file: Path,
    speed: float | None,
    now: bool,
    kind: str | None,
    patience: float,
    software_of: str | None,
    **options: Any,
) -> None:
    """Replay a recorded drive through the same agent that runs in a car.

    The drive begins when the vehicle has a campaign, and ends when the cloud has acknowledged all of it.
    """
    import uvloop  # noqa: PLC0415  # heavy; `kaido drive --help` does without

    from kaido.agent import Agent  # noqa: PLC0415
    from kaido.agent.plugin import load_software  # noqa: PLC0415
    from kaido.agent.replay import ReplaySource  # noqa: PLC0415

    log.set_up("ERROR" if session.settings.log_level == "INFO" else session.settings.log_level)
    source = ReplaySource(file, speed=speed, kind=kind, start=clock.now() if now else None)
    config, _ = make_config(session, options, give_up_s=patience, campaign_wait_s=patience)
    one = Agent(config, source, software=load_software(software_of) if software_of else None)
    with session.out.progress(file.name, 1.0) as bar:
        summary = uvloop.run(_drive(one, source, patience, bar))
    session.out.item(summary.to_dict())
    if summary.waiting:
        raise UnavailableError(
            f"{summary.waiting} payloads of {file.name} are not acknowledged",
            why=f"the cloud took nothing for {patience:g} s"
            if source.part_read == 1.0
            else "the drive was interrupted",
            fix=f"They are kept in {config.state}: the next `kaido drive` or `kaido agent` of this vehicle sends them",
        )
    if summary.dropped or summary.refused or summary.overflowed:
        raise InvalidInputError(
            f"not all of {file.name} arrived",
            why=f"{summary.overflowed} samples had no place in their buffer, {summary.dropped} payloads were dropped, "
            f"{summary.refused} refused",
            fix="Give the campaign larger buffers, or the agent a larger --outbox-mb",
        )


async def _drive(one: Agent, source: ReplaySource, patience: float, bar: Callable[[float, str], None]) -> Summary:
    stop = stop_on_signals()
    running = asyncio.create_task(one.run(stop))
    last, moved = (-1, -1), time.monotonic()
    while not running.done():
        await asyncio.wait({running}, timeout=_POLL_SECONDS)
        now = one.summary()
        bar(source.part_read, f"{now.samples:,} samples, {now.acknowledged:,} payloads acknowledged")
        if (now.frames, now.acknowledged) != last:
            last, moved = (now.frames, now.acknowledged), time.monotonic()
        elif now.waiting and time.monotonic() - moved > patience:
            stop.set()
    return running.result()
