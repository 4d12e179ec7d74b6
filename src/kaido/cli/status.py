"""``kaido status``: what runs, what lags, what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kaido.cli.context import single
from kaido.runtime import clock

if TYPE_CHECKING:
    from kaido.cli.context import Session

# The gauges worth a column of people's attention, with their units.
GAUGES = {
    "connections": "connections",
    "vehicles_connected": "vehicles connected",
    "vehicles_seen": "vehicles checked in",
    "pending_bytes": "B waiting for the journal",
    "lag_messages": "messages behind",
    "lag_seconds": "s behind",
    "derived_age_seconds": "s since all trips and charges were derived",
}


@single("status")
def status(session: Session) -> None:
    """Say what runs, what lags and what is wrong."""
    found = session.client.get("/v1/status")
    if session.out.as_json:
        session.out.item(found)
        return
    session.out.item({"platform": found["state"], **_company(found)})
    rows = [
        {
            "process": row["component"],
            "state": row["state"],
            "up": clock.age(row["uptime_s"]) if row["uptime_s"] is not None else None,
            "numbers": [f"{row['gauges'][name]:g} {unit}" for name, unit in GAUGES.items() if name in row["gauges"]],
        }
        for row in found["processes"]
    ]
    if rows:
        session.out.rows(rows, ["process", "state", "up", "numbers"])
    else:
        session.out.say("no platform runs on this folder; start it with: kaido up")
    for problem in found["problems"]:
        session.out.say(f"! {problem}")


def _company(found: dict[str, Any]) -> dict[str, Any]:
    if not found["company"]:
        return {"company": "none named (--company NAME)"}
    signals, quarantine = found["lake"]["signals"], found["lake"]["quarantine"]
    return {
        "company": found["company"],
        "vehicles": found["vehicles"],
        "samples": f"{signals['rows']:,} in {signals['bytes'] / 1e6:.1f} MB",
        "quarantine": f"{quarantine['rows']:,} payloads",
    }
