"""The demo runs the main job on a machine that has nothing, beside programs that hold its ports."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING

from kaido.company import Proofs
from kaido.store import Store
from tests.whole.platform_fixture import KAIDO

if TYPE_CHECKING:
    from pathlib import Path


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KAIDO_")}
    return subprocess.Popen(
        [*KAIDO, "demo", "--cars", "4", "--json", *arguments],
        env={**environment, "HOME": str(folder), "KAIDO_GATEWAY_HOST": "127.0.0.1"},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_cars_arrive_and_their_data_can_be_asked(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):  # where somebody else holds it, it is held as well
            taken.bind(("127.0.0.1", 8642))
            taken.listen()
        out, err = start(tmp_path, "--seconds", "3").communicate(timeout=120)
    said = json.loads(out)
    assert said["vehicles"] == 4
    assert said["samples"] > 100
    assert said["first_data_s"] < 90
    assert "fleet --where" in err
    assert "command send sim-us-0001" in err
    said_password = re.search(r"sign in as demo with the password (\S+)", err)
    assert said_password is not None
    with contextlib.closing(Store.open(f"sqlite:///{tmp_path}/kaido-data/kaido.db")) as store:
        assert Proofs(store).with_password(None, "demo", said_password[1]).role == "administrator"
    assert "Traceback" not in err
    assert (tmp_path / "kaido-data" / "lake" / "demo" / "signals" / "_delta_log").is_dir()


def test_ctrl_c_ends_all_of_it(tmp_path: Path) -> None:
    demo = start(tmp_path)
    deadline = time.monotonic() + 90
    while not (tmp_path / "kaido-data" / "run" / "platform.json").exists():
        assert demo.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    demo.send_signal(signal.SIGINT)
    out, err = demo.communicate(timeout=60)
    assert demo.returncode == 0, err
    assert json.loads(out)["gateway"].startswith("127.0.0.1:")
    assert "Traceback" not in err
    left = subprocess.run(["pgrep", "-f", str(tmp_path)], capture_output=True, text=True, check=False).stdout
    assert not left, "processes are left over"
