"""Columns of texts as dictionaries: each text once, and a number a row."""

from __future__ import annotations

import numpy as np
import pyarrow as pa


def trimmed(rows: pa.Table) -> pa.Table:
    """The rows; each column that is a dictionary in one chunk, without texts that no row has.

    A writer puts the whole dictionary into every row group, and who makes rows likes to give all names that there are.
    """
    for place, field in enumerate(rows.schema):
        if pa.types.is_dictionary(field.type):
            rows = rows.set_column(place, field, _trimmed(rows[field.name]))
    return rows


def _trimmed(column: pa.ChunkedArray) -> pa.Array:
    whole = column.unify_dictionaries().combine_chunks()
    if isinstance(whole, pa.ChunkedArray):  # of no rows, or of too many bytes for one
        whole = pa.concat_arrays(whole.chunks) if whole.num_chunks else pa.array([], column.type)
    used = np.zeros(len(whole.dictionary), bool)
    codes = whole.indices
    used[codes.drop_null().to_numpy()] = True
    if used.all():
        return whole
    number = np.cumsum(used) - 1
    fewer = pa.array(number[codes.fill_null(0).to_numpy()].astype(np.int32), mask=codes.is_null().to_numpy(False))
    return pa.DictionaryArray.from_arrays(fewer.cast(codes.type), whole.dictionary.filter(pa.array(used)))
