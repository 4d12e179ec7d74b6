"""One process of the platform, and where its time goes: ``python -m kaido.bench.profiled FILE ingest``.

SIGUSR1 begins the profile: how a process starts is not what is asked.
"""

from __future__ import annotations

import json
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

from kaido.bench.profiling import Profile
from kaido.platform import child

IDLE = ("platform.child.main", "platform.child._run", "bench.profiled.main")
"""Where the main thread is while the event loop waits, and while it is in its own C code: sockets, the kernel."""


def main() -> None:
    """Run the worker; when it has ended, write functions and their seconds to the file."""
    file = Path(sys.argv.pop(1))
    profile = Profile(IDLE)
    with ExitStack() as stack:
        signal.signal(signal.SIGUSR1, lambda *_: stack.enter_context(profile))
        child.main()
    file.write_text(json.dumps(profile.parts()))


if __name__ == "__main__":
    main()
