"""``kaido doctor``: what is wrong and what to do."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from kaido.cli.context import single

if TYPE_CHECKING:
    from kaido.cli.context import Session


@single("doctor")
def doctor(session: Session) -> None:
    """Say what is wrong and what to do. Exits with 1 where something is."""
    found = session.client.get("/v1/doctor")
    if session.out.as_json:
        session.out.item(found)
    else:
        rows = [{**finding, "": "ok" if finding["ok"] else "!!"} for finding in found["findings"]]
        session.out.rows(rows, ["", "check", "what", "fix"])
    if not found["ok"]:
        sys.exit(1)
