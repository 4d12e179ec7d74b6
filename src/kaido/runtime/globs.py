"""Names by patterns: ``*`` stands for any text, ``?`` for any character, and nothing else for anything."""

from __future__ import annotations

import fnmatch
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def pattern(globs: Sequence[str]) -> re.Pattern[str]:
    """What matches any of them; of none, nothing."""
    return re.compile("|".join(fnmatch.translate(glob.replace("[", "[[]")) for glob in globs) or r"(?!)")
