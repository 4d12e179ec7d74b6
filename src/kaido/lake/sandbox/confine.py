"""The kernel's own walls around a query: memory, files, network.

Landlock (Linux 5.13 and later, see its kernel documentation) lets a process give up rights for good, without root:
after ``landlock`` nothing but the given folders can be read and nothing at all can be written or connected to.
Where the kernel has none, the other walls stand alone.
"""

from __future__ import annotations

import ctypes
import os
import resource
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG = 1
_PATH_BENEATH = 1
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_NO_NEW_PRIVILEGES = 38
_FILE_RIGHTS_BY_VERSION = {1: 13, 2: 14, 3: 15, 4: 15}
"""How many file rights a version of Landlock knows; each is a bit."""
_NETWORK_VERSION = 4
_BIND_AND_CONNECT = 3


def limits(memory_bytes: int) -> None:
    """No file can be written (a pipe can), no core dumped, and data is bounded."""
    for what, value in (
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_DATA, memory_bytes),
    ):
        resource.setrlimit(what, (value, value))


def landlock(readable: Sequence[str]) -> bool:
    """Give up all rights to files and TCP but to read below some folders; False where the kernel cannot."""
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION_FLAG)
    if version < 1:
        return False
    rights = (1 << _FILE_RIGHTS_BY_VERSION.get(version, 15)) - 1
    attributes = struct.pack("Q", rights)
    if version >= _NETWORK_VERSION:
        attributes += struct.pack("Q", _BIND_AND_CONNECT)
    ruleset = libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    if ruleset < 0:
        return False
    try:
        for path in readable:
            folder = os.open(path, os.O_PATH)
            try:
                rule = struct.pack("=Qi", _READ_FILE | _READ_DIR, folder)
                if libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, rule, 0) != 0:
                    return False
            finally:
                os.close(folder)
        libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        return bool(libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0)
    finally:
        os.close(ruleset)
