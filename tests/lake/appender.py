"""A process that appends versions one after the other: ``appender.py LAKE APP_ID LAST_VERSION ROWS``."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

from kaido.lake import Lake
from tests.lake.samples import DAY, NOON, samples


def main() -> None:
    folder, app_id, last, rows = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    lake = Lake(Path(folder), "acme")
    version = (lake.transaction_version(app_id) or 0) + 1
    told = False
    while version <= last:
        start = NOON + version * timedelta(hours=5)
        batch = samples(rows, start=start, step=DAY / rows, first_value=version * rows)
        assert lake.append(batch, app_id=app_id, version=version)
        version += 1
        if not told:
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            told = True


if __name__ == "__main__":
    main()
