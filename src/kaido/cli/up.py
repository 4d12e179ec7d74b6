"""``kaido up``: the platform on this machine, until Ctrl-C."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from kaido.cli.context import single
from kaido.cli.starting import started
from kaido.runtime import log

if TYPE_CHECKING:
    from kaido.cli.context import Session


@single("up")
@click.option("--gateway-port", type=click.IntRange(0, 65535), help="Where vehicles connect (KAIDO_GATEWAY_PORT).")
@click.option("--gateways", type=click.IntRange(1, 64), help="Gateway processes on that port (KAIDO_GATEWAYS).")
@click.option(
    "--ingests", type=click.IntRange(1, 64), help="Ingest processes, to share KAIDO_PARTITIONS (KAIDO_INGESTS)."
)
@click.option("--api-port", type=click.IntRange(0, 65535), help="Where the API listens (KAIDO_API_PORT).")
def up(session: Session, **given: int | None) -> None:
    """Run the platform: gateway, journal, ingest, control, services and API."""
    log.set_up(session.settings.log_level)
    session.settings = session.settings.model_copy(
        update={name: value for name, value in given.items() if value is not None}
    )
    asyncio.run(_up(session))


async def _up(session: Session) -> None:
    from kaido.platform.supervisor import Platform  # noqa: PLC0415  # heavy; `kaido up --help` does without

    session.out.say(f"starting on {session.settings.data} …")
    platform = Platform(session.settings)
    async with started(platform) as stop:
        session.out.done(
            f"Kaido is up. Vehicles connect to {platform.gateway}; the API is {platform.api} "
            f"(its pages: {platform.api}/docs).\n"
            f"Ctrl-C ends it; see it with: kaido --data {session.settings.data} status",
            {"api": platform.api, "gateway": platform.gateway, "data": str(session.settings.data)},
        )
        await stop.wait()
        session.out.say("ending: the gateway first, then what works off the journal …")
