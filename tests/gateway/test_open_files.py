from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

_ASK = """
import json, resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
from kaido.gateway.worker import allowed_connections
from kaido.runtime.settings import load
given = {"gateway_max_connections": int(sys.argv[3])} if len(sys.argv) > 3 else {}
found = allowed_connections(load(**given))
print(json.dumps([*found, resource.getrlimit(resource.RLIMIT_NOFILE)[0]]))
"""


def allowed(soft: int, hard: int, *asked: int) -> Any:
    """What a process with these limits finds: connections, the problem, its soft limit."""
    command = [sys.executable, "-c", _ASK, str(soft), str(hard), *map(str, asked)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout)


def test_the_soft_limit_is_raised_as_far_as_needed() -> None:
    assert allowed(300, 5_000, 1_000) == [1_000, None, 1_200]


def test_the_default_gives_way_to_the_hard_limit() -> None:
    assert allowed(300, 2_000) == [1_800, None, 2_000]


@pytest.mark.parametrize("asked", [1_900, 1_000_000])
def test_what_was_asked_for_and_cannot_be_is_a_problem(asked: int) -> None:
    connections, problem, soft = allowed(300, 2_000, asked)
    assert (connections, soft) == (1_800, 2_000)
    assert f"for {asked} connections: raise `ulimit -n` to {asked + 200}" in problem
