"""``kaido soak``: a platform of its own under load, its processes killed at random, and a count of what is there."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kaido.cli.context import single

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from kaido.cli.context import Session
    from kaido.soak.result import Result


@single("soak")
@click.option("--campaigns", is_flag=True, help="Real agents, campaigns that change, commands; not load.")
@click.option("--minutes", type=click.FloatRange(0.25), help="Of load, or of changes.  [default: 60; --campaigns: 10]")
@click.option("--vehicles", type=click.IntRange(2, 20_000), help="[default: 100 of two companies; --campaigns: 200]")
@click.option("--rate", type=click.FloatRange(1), help="Publishes a second of all.  [default: 500]")
@click.option("--samples", type=click.IntRange(6, 80), help="Values in a publish.  [default: 10]")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the kills: the same seed, the same moments.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where; kept at the end.  [default: a scratch folder]")
def soak(session: Session, folder: Path | None, campaigns: bool, **options: Any) -> None:
    """Kill processes at random under load, then hold the lake against what was acknowledged.

    Gateway, NATS, ingest and API are killed 20 times an hour each. Every acknowledged publish has to be in the lake
    exactly once, the twin has to be the fold of the lake, and nothing may need a hand. Exits with 1 where that fails.

    With --campaigns, gateways, control and agents are killed 20 to 30 times in ten minutes each, while campaigns
    change every few seconds. Every vehicle has to hold what it should, every event that one persisted has to be in
    the lake exactly once, and every command has one outcome and was carried out at most once.
    """
    given = {name: value for name, value in options.items() if value is not None}
    if campaigns and (wrong := given.keys() & {"rate", "samples"}):
        raise click.UsageError(f"--{min(wrong)} is of load: it cannot be given with --campaigns")
    scratch = folder is None
    where = folder.resolve() if folder else Path(tempfile.mkdtemp(prefix="kaido-soak-"))
    result = asyncio.run(_ended_in_order(_soak(given, where, session.out.say, campaigns=campaigns)))
    if scratch and result.ok:
        shutil.rmtree(where)
    else:
        session.out.say(f"the platform's folder is kept: {where}")
    _show(session, result)
    if not result.ok:
        sys.exit(1)


def _soak(
    given: dict[str, Any], where: Path, say: Callable[[str], None], *, campaigns: bool
) -> Coroutine[Any, Any, Result]:
    if campaigns:
        from kaido.soak.campaigns import run as campaigning  # noqa: PLC0415  # heavy; `kaido soak --help` does without

        return campaigning.run(campaigning.Plan(**given), where, say)
    from kaido.soak import run as loading  # noqa: PLC0415  # as above

    return loading.run(loading.Plan(**given), where, say)


async def _ended_in_order(work: Coroutine[Any, Any, Result]) -> Result:
    """Let SIGTERM end it as Ctrl-C does, with the platform that it started."""
    task = asyncio.ensure_future(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def _show(session: Session, result: Result) -> None:
    if session.out.as_json:
        session.out.item(result.to_json())
        return
    rows = [{"": "ok" if check.ok else "!!", "what": check.name, "cases": check.cases, "wrong": check.wrong,
             "example": check.example if check.wrong else ""} for check in result.checks]  # fmt: skip
    session.out.rows(rows, ["", "what", "cases", "wrong", "example"])
    session.out.item({**result.deeds, **result.figures})
