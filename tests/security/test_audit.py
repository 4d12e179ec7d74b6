"""`.ci/audit`: it believes no service that knows nothing, fails on a hole, takes exceptions with a reason and an end.

The service is a small server on loopback that speaks OSV's query API, asked by the real pip-audit.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

AUDIT = Path(__file__).parents[2] / ".ci" / "audit"
UV = AUDIT.parents[1] / ".venv" / "bin" / "uv"
HOLES = {("jinja2", "2.4.1"): "PYSEC-2014-8", ("leaky", "1.0"): "PYSEC-2026-1"}


class Osv(BaseHTTPRequestHandler):
    """Answers queries as OSV does."""

    holes: ClassVar[dict[tuple[str, str], str]] = HOLES

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = asked["package"]["name"]
        found = self.holes.get((name, asked["version"]))
        ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "9.9"}]}]
        affected = [{"package": {"name": name, "ecosystem": "PyPI"}, "ranges": ranges}]
        content = json.dumps(
            {"vulns": [{"id": found, "summary": "bad", "affected": affected}]} if found else {}
        ).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Quiet."""


class KnowsNothing(Osv):
    holes: ClassVar[dict[tuple[str, str], str]] = {}


@contextmanager
def serving(handler: type[Osv]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def audit(folder: Path, pins: str, service: str, exceptions: str = "") -> tuple[int, str]:
    (folder / "pins").write_text(pins)
    (folder / "exceptions").write_text(exceptions)
    done = subprocess.run(
        [sys.executable, str(AUDIT), str(folder / "pins"), str(folder / "exceptions")],
        env={**os.environ, "KAIDO_AUDIT_OSV": service},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def tool() -> None:
    """pip-audit comes from a package index."""
    command = [str(UV), "tool", "run", "--quiet", "--from", "pip-audit==2.10.1", "pip-audit", "--version"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"pip-audit cannot be had here: {error}")
    if done.returncode:
        pytest.skip(f"pip-audit cannot be had here: {done.stderr.decode()[-200:]}")


@pytest.mark.usefixtures("tool")
def test_holes_fail_and_exceptions_do_not(tmp_path: Path) -> None:
    with serving(Osv) as url:
        assert audit(tmp_path, "sound==1.0\n", url)[0] == 0
        code, said = audit(tmp_path, "sound==1.0\nleaky==1.0\n", url)
        assert code == 1
        assert "leaky 1.0: PYSEC-2026-1, fixed in 9.9" in said
        code, said = audit(tmp_path, "leaky==1.0\n", url, "PYSEC-2026-1 2999-01-01 we do not call it\n")
        assert (code, "1 of 1 packages audited" in said) == (0, True)


@pytest.mark.usefixtures("tool")
def test_a_service_that_knows_nothing_is_not_believed(tmp_path: Path) -> None:
    with serving(KnowsNothing) as url:
        code, said = audit(tmp_path, "leaky==1.0\n", url)
    assert (code, "NOT AUDITED" in said) == (0, True)


def test_where_no_service_is_reached_that_is_said(tmp_path: Path) -> None:
    code, said = audit(tmp_path, "leaky==1.0\n", "http://127.0.0.1:9/v1/query")
    assert (code, "NOT AUDITED" in said) == (0, True)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("PYSEC-2026-1", "no end"),
        ("PYSEC-2026-1 soon we shall see", "no end"),
        ("PYSEC-2026-1 2999-01-01", "no reason"),
        ("PYSEC-2026-1 2999-01-01 fine", "no reason"),
        ("PYSEC-2026-1 2020-01-01 we do not call it", "look at it again"),
    ],
)
def test_an_exception_has_a_reason_and_an_end(tmp_path: Path, line: str, why: str) -> None:
    code, said = audit(tmp_path, "", "http://127.0.0.1:9/", f"# a comment\n{line}\n")
    assert code == 2
    assert why in said


def test_our_own_exceptions_stand(tmp_path: Path) -> None:
    own = AUDIT.with_name("audit-exceptions").read_text()
    assert audit(tmp_path, "", "http://127.0.0.1:9/", own)[0] == 0


def test_ci_audits() -> None:
    run = AUDIT.with_name("run").read_text()
    assert ".ci/audit" in run
