"""The schemas of the tables, and Parquet to and from bytes."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from fruits.records import ERRORS, FEATURES, METADATA, PCA, PREDICTIONS

_ROW = [("path", pa.string()), ("label", pa.string()), ("split", pa.string())]

SCHEMAS: dict[str, pa.Schema] = {
    FEATURES: pa.schema([*_ROW, ("embedding", pa.list_(pa.float32()))]),
    PCA: pa.schema([*_ROW, ("components", pa.list_(pa.float32()))]),
    METADATA: pa.schema(
        [
            *_ROW,
            ("bytes", pa.int64()),
            ("width", pa.int32()),
            ("height", pa.int32()),
            ("format", pa.string()),
            ("modified", pa.timestamp("us", tz="UTC")),
            ("sha256", pa.string()),
        ]
    ),
    ERRORS: pa.schema([*_ROW, ("stage", pa.string()), ("reason", pa.string()), ("detail", pa.string())]),
    PREDICTIONS: pa.schema([*_ROW, ("predicted", pa.string()), ("score", pa.float32())]),
}
_VECTORS = {FEATURES: "embedding", PCA: "components"}


def vectors(table: pa.Table, column: str) -> NDArray[np.float32]:
    """Return a list column whose lists are all of one length as float32 [n, d], without copying where it can."""
    lists = table.column(column).combine_chunks()
    if len(lists) == 0:
        return np.empty((0, 0), dtype=np.float32)
    flat: NDArray[np.float32] = lists.flatten().to_numpy(zero_copy_only=False)
    return flat.reshape(len(lists), -1)


def vector_column(rows: NDArray[np.floating[Any]]) -> pa.ListArray:
    """Return [n, d] as a column of n lists of d float32."""
    n, d = rows.shape
    offsets = np.arange(0, (n + 1) * d, d, dtype=np.int32) if d else np.zeros(n + 1, dtype=np.int32)
    return pa.ListArray.from_arrays(offsets, np.ascontiguousarray(rows, dtype=np.float32).ravel())


def to_parquet(table: pa.Table) -> bytes:
    """Return ``table`` as the bytes of a Parquet file.

    Vectors hardly compress and repeat nothing: they get no dictionary and no statistics.
    """
    plain = [name for name in table.column_names if name not in _VECTORS.values()]
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", compression_level=1, use_dictionary=plain, write_statistics=plain)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def from_parquet(content: bytes, columns: list[str] | None = None) -> pa.Table:
    """Return the table in the bytes of a Parquet file."""
    return pq.read_table(io.BytesIO(content), columns=columns)


def to_csv(name: str, table: pa.Table) -> bytes:
    """Return table ``name`` as CSV with a header; a vector becomes one column a number: ``c1``, ``c2`` ..."""
    column = _VECTORS.get(name)
    if column is not None:
        rows = vectors(table, column)
        table = table.drop_columns([column])
        for i in range(rows.shape[1]):
            table = table.append_column(f"c{i + 1}", pa.array(rows[:, i]))
    sink = io.BytesIO()
    pyarrow.csv.write_csv(table, sink)
    return sink.getvalue()
