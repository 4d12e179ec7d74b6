"""The program ``kaido``: Ctrl-C ends it quietly from its first moment on, also while its modules load."""

from __future__ import annotations

import sys


def main() -> None:
    """Load the command line, and run it."""
    try:
        from kaido.cli.main import main as run  # noqa: PLC0415  # what takes long is inside the try

        run()
    except KeyboardInterrupt:
        sys.exit(130)
