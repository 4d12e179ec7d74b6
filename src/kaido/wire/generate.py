"""Generate ``kaido_wire_pb2`` from ``proto/kaido_wire.proto`` (needs the ``dev`` extra)."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent


def generate(target: Path = HERE) -> None:
    """Write ``kaido_wire_pb2.py`` and its stub to ``target``."""
    from grpc_tools import protoc  # noqa: PLC0415  # a tool of development, not a dependency

    code = protoc.main(
        ["protoc", f"-I{HERE / 'proto'}", f"--python_out={target}", f"--pyi_out={target}", "kaido_wire.proto"]
    )
    if code:
        sys.exit(code)


if __name__ == "__main__":
    generate()
