"""The commands that the pages show are run, in order, as a reader would run them.

A block of ``console`` runs each line that begins with ``$ ``; a line that ends in ``&`` keeps running until the page's
end. A block of ``python`` is run as a script; one of another language with a first line ``# file: NAME`` is written to
that file first. A comment ``<!-- not run: why -->`` before a block leaves it out.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    "README.md",
    "docs/guide/first-car.md",
    "docs/guide/ask-your-fleet.md",
    "docs/guide/command-safely.md",
    "docs/guide/fleet-energy.md",
    "docs/guide/fleetwise-edge.md",
    "docs/operations.md",
]
FENCE = re.compile(
    r"(?:<!-- not run: (?P<why>[^>]+) -->\s*\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)


@dataclass
class Block:
    kind: str
    text: str
    why_not: str | None


def blocks(page: str) -> list[Block]:
    return [Block(m["kind"], m["text"], m["why"]) for m in FENCE.finditer((ROOT / page).read_text())]


def commands(text: str) -> list[str]:
    joined = text.replace("\\\n", " ")
    return [line[2:].strip() for line in joined.splitlines() if line.startswith("$ ")]


class Reader:
    """Somebody who types what a page says, in an empty folder with an empty home."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: list[subprocess.Popen[bytes]] = []
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("KAIDO_")},
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(folder / "home"),
            "KAIDO_DATA": str(folder / "data"),
            "KAIDO_GATEWAY_PORT": "0",
            "KAIDO_API_PORT": "0",
            "KAIDO_GATEWAY_HOST": "127.0.0.1",
        }
        (folder / "home").mkdir()

    def run(self, line: str) -> str:
        if line.endswith("&"):
            with (self.folder / "background.log").open("ab") as log:
                self.running.append(
                    subprocess.Popen(
                        ["bash", "-c", "exec " + line[:-1]],
                        cwd=self.folder,
                        env=self.environment,
                        stdin=subprocess.DEVNULL,
                        stderr=log,
                        stdout=subprocess.DEVNULL,
                    )
                )
            self._await_platform()
            return ""
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", line],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=180,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert done.returncode == 0, f"$ {line}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def _await_platform(self) -> None:
        deadline = time.monotonic() + 90
        while not (self.folder / "data" / "run" / "platform.json").exists():
            log = (self.folder / "background.log").read_text()
            assert self.running[-1].poll() is None, log
            assert time.monotonic() < deadline, log
            time.sleep(0.1)

    def leave(self) -> None:
        for process in reversed(self.running):
            process.send_signal(signal.SIGINT)
        for process in self.running:
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.mark.parametrize("page", PAGES)
def test_the_page_works(page: str, tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    try:
        for block in blocks(page):
            first = block.text.split("\n", 1)[0]
            if block.why_not:
                continue
            if name := re.match(r"(?:#|//) file: (\S+)", first):
                (tmp_path / name[1]).write_text(block.text.split("\n", 1)[1])
            elif block.kind == "console":
                for line in commands(block.text):
                    reader.run(line)
            elif block.kind == "python":
                (tmp_path / "page.py").write_text(block.text)
                reader.run("python page.py")
    finally:
        reader.leave()


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_left_out_without_a_reason(page: str) -> None:
    for block in blocks(page):
        assert block.kind in {"console", "python", "yaml", "json", "text", "mermaid", "ini"}, f"{page}: {block.kind}"
        assert block.why_not is None or len(block.why_not) > 10


def test_the_readme_opens_with_the_two_commands() -> None:
    top = (ROOT / "README.md").read_text().splitlines()[:40]
    assert any("make demo" in line for line in top)
    assert any("make test" in line for line in top)
