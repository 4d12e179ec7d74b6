"""What the platform must know before the fleet's data make sense: the CAN database, and a campaign."""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import TYPE_CHECKING

from kaido.errors import NotFoundError
from kaido.sim.encode import DATABASE, MAPPING, NAMESPACE, generic_ev

if TYPE_CHECKING:
    from kaido.client import Client

MANIFEST = "kaido_ev"
CAMPAIGN = "simulated-fleet"
PLATFORM = "kaido-sim"
"""The vehicle platform of every simulated car, by which the campaign knows them."""


def prepare(client: Client) -> None:
    """Import the database and create the campaign, where that was not done before.

    A campaign of this name that is there already is left as it is: somebody may have changed or stopped it.
    """
    folder = files("kaido.sim")
    with as_file(folder / DATABASE) as database, as_file(folder / MAPPING) as mapping:
        client.upload(
            "/v1/catalog/import",
            {"file": database, "mapping": mapping},
            fields={"name": MANIFEST, "namespace": NAMESPACE},
        )
    try:
        client.get(f"/v1/campaigns/{CAMPAIGN}")
    except NotFoundError:
        client.post("/v1/campaigns", campaign())


def campaign() -> dict[str, object]:
    """Every signal of the database, every second what came, at most ten times a second."""
    return {
        "name": CAMPAIGN,
        "signals": sorted(path for group in generic_ev().groups for path in group.paths),
        "period": "1s",
        "minimum_sample_period": "100ms",
        "targets": {"platform": PLATFORM},
    }
