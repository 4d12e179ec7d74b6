"""Reading files of strangers: in a process of its own, with bounded memory and time.

The parsers of CAN databases and YAML can be made to allocate without end (a message of 4 GB, entities of entities, a
multiplexer with four billion values). Here that costs a child process its life and the caller an error.
"""

from __future__ import annotations

import base64
import json
import resource
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import PurePath
from typing import Any

from kaido.catalog import database, mapping, vss
from kaido.catalog.manifest import DecoderManifest
from kaido.catalog.signal import Signal
from kaido.errors import InvalidInputError, KaidoError, TooLargeError, from_problem

MOST_BYTES = 64_000_000
MOST_MEMORY_BYTES = 3_000_000_000
MOST_SECONDS = 60
"""Of processor time; twice that by the clock."""

VSS_ENDINGS = ("json", "yaml", "yml", "vspec")


@dataclass(frozen=True)
class Request:
    """A file to read, and how. ``mapping`` and what follows are for CAN databases.

    Attributes:
        data: the file.
        name: its name; the ending tells whether it is VSS or a CAN database.
        mapping: a mapping file, or empty.
        interface: the bus; empty for any.
        catalog: the signals that mapped paths may name, besides the standard ones.
    """

    data: bytes
    name: str
    mapping: bytes = b""
    mapping_name: str = "mapping"
    manifest: str = ""
    namespace: str = ""
    interface: str = "can0"
    catalog: tuple[Signal, ...] = ()


def read(request: Request) -> list[Signal] | DecoderManifest:
    """The signals of a VSS export, or the decoder manifest of a CAN database.

    Raises:
        TooLargeError: the file has more than 64 MB.
        InvalidInputError: it cannot be read: says where; or reading it takes more than it may.
        NotFoundError: the mapping names what is not there.
    """
    if len(request.data) + len(request.mapping) > MOST_BYTES:
        raise TooLargeError(f"{request.name} is too large", why=f"a catalog file has at most {MOST_BYTES} bytes")
    answer = _ask(request)
    if "problem" in answer:
        raise from_problem(answer["problem"])
    if "manifest" in answer:
        return DecoderManifest.from_json(answer["manifest"])
    return [Signal(**item) for item in answer["signals"]]


def _ask(request: Request) -> dict[str, Any]:
    command = [sys.executable, "-m", "kaido.catalog.sandbox"]
    try:
        child = subprocess.run(  # noqa: S603  # our own module; the file goes in by a pipe
            command, input=_packed(request), capture_output=True, timeout=2 * MOST_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise _refused(request.name, "takes too long to read") from None
    try:
        answer = json.loads(child.stdout)
    except ValueError:
        raise _refused(request.name, "takes more time or memory than a catalog may") from None
    assert isinstance(answer, dict)
    return answer


def _refused(name: str, why: str) -> InvalidInputError:
    return InvalidInputError(f"{name} was not read", why=f"it {why}", fix="Check that it is the right file")


def _packed(request: Request) -> bytes:
    fields = asdict(request)
    for name in ("data", "mapping"):
        fields[name] = base64.b64encode(fields[name]).decode()
    return json.dumps(fields).encode()


def _unpacked(packed: bytes) -> Request:
    fields = json.loads(packed)
    for name in ("data", "mapping"):
        fields[name] = base64.b64decode(fields[name])
    fields["catalog"] = tuple(Signal(**item) for item in fields["catalog"])
    return Request(**fields)


def _answer(request: Request) -> dict[str, Any]:
    try:
        if PurePath(request.name).suffix.lower().removeprefix(".") in VSS_ENDINGS:
            return {"signals": [asdict(signal) for signal in vss.read_vss(request.data, request.name)]}
        manifest = database.read_can_database(
            request.data,
            request.name,
            manifest=request.manifest,
            mapping=mapping.read_mapping(request.mapping, request.mapping_name) if request.mapping else None,
            namespace=request.namespace,
            interface=request.interface,
            catalog=request.catalog,
            actuators=_listed(request, mapping.ACTUATORS),
            values=_listed(request, mapping.VALUES),
        )
    except MemoryError:
        return {"problem": _refused(request.name, "takes more memory than a catalog may").problem()}
    except KaidoError as error:
        return {"problem": error.problem()}
    return {"manifest": manifest.to_json()}


def _listed(request: Request, key: str) -> list[str]:
    return mapping.read_paths(request.mapping, request.mapping_name, key) if request.mapping else []


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY_BYTES, MOST_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Read the request on stdin, answer on stdout."""
    _limit()
    sys.modules["asammdf"] = None  # type: ignore[assignment]  # cantools would import it, and pandas: two seconds
    answer = _answer(_unpacked(sys.stdin.buffer.read()))
    sys.stdout.buffer.write(json.dumps(answer).encode())


if __name__ == "__main__":
    main()
