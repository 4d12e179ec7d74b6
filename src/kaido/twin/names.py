"""Names and the small integers that stand for them in the columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt


class Names:
    """Names numbered in the order in which they came."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.names: list[str] = []
        self._numbers: dict[str, int] = {}
        for name in names:
            self.number(name)

    def __len__(self) -> int:
        return len(self.names)

    def __contains__(self, name: str) -> bool:
        return name in self._numbers

    def number(self, name: str) -> int:
        """The number of a name; a new name gets the next one."""
        number = self._numbers.setdefault(name, len(self.names))
        if number == len(self.names):
            self.names.append(name)
        return number

    def find(self, name: str) -> int | None:
        """The number of a name that is known."""
        return self._numbers.get(name)

    def numbers(self, column: pa.ChunkedArray | pa.Array) -> npt.NDArray[np.int64]:
        """The number of each row of a column of names; Python touches distinct names only."""
        if isinstance(column, pa.ChunkedArray):
            column = column.unify_dictionaries() if pa.types.is_dictionary(column.type) else column
            column = column.combine_chunks()
            if isinstance(column, pa.ChunkedArray):  # no chunk at all
                return np.empty(0, np.int64)
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        ours = np.fromiter((self.number(name) for name in column.dictionary.to_pylist()), np.int64)
        return ours[column.indices.to_numpy(zero_copy_only=False)] if len(ours) else np.empty(0, np.int64)
