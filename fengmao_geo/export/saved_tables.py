"""Tables to Parquet and GeoParquet and back: every dtype, missing value, shape and index as it was."""

from __future__ import annotations

import io
import json
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from fengmao_geo.export.saved_scalars import crs_text, read_crs, read_scalar, scalar

__all__ = ["read_table_bytes", "table_bytes"]


def table_bytes(frame: pd.DataFrame) -> tuple[bytes, dict[str, Any]]:
    """Write a table as Parquet, or as GeoParquet where it has shapes.

    Columns of objects, which may hold anything, are written as texts: plainly where they hold nothing else,
    else as JSON.

    Parameters
    ----------
    frame
        The table.

    Returns
    -------
    bytes
        The file; the same for the same table.
    dict
        What the file alone does not tell: dtypes, the index, the coordinate system.

    Raises
    ------
    UsageError
        If a value is of a kind that cannot be saved.
    """
    shapes = frame.active_geometry_name if isinstance(frame, gpd.GeoDataFrame) else None
    about: dict[str, Any] = {"geometry": shapes, "columns": [], "crs": None, "index": None}
    if shapes is not None and frame.crs is not None:
        about["crs"] = crs_text(frame.geometry.crs)
    if frame.index.name is not None or not frame.index.equals(pd.RangeIndex(len(frame))):
        labels = [scalar(label) for label in frame.index.tolist()]
        about["index"] = {"name": frame.index.name, "dtype": str(frame.index.dtype), "labels": labels}
    written: dict[str, pd.Series] = {}
    for name in frame.columns:
        column, how = frame[name].reset_index(drop=True), ""
        if name != shapes and column.dtype in ("object", "geometry"):
            column, how = _as_texts(column)
        about["columns"].append([name, str(frame[name].dtype), how])
        written[name] = column
    table = pd.DataFrame(written, columns=frame.columns, index=range(len(frame)))
    file = io.BytesIO()
    if shapes is None:
        table.to_parquet(file, index=False)
    else:
        gpd.GeoDataFrame(table, geometry=shapes, crs=frame.crs).to_parquet(file, index=False)
    return file.getvalue(), about


def _as_texts(column: pd.Series) -> tuple[pd.Series, str]:
    values = column.tolist()
    if all(value is None or type(value) is str for value in values):
        return pd.Series(values, index=column.index, dtype="string"), "text"
    said = [json.dumps(scalar(value), ensure_ascii=False) for value in values]
    return pd.Series(said, index=column.index, dtype="string"), "json"


def read_table_bytes(content: bytes, about: dict[str, Any]) -> pd.DataFrame:
    """Read a table as `table_bytes` wrote it, from its bytes alone.

    Parameters
    ----------
    content
        The file.
    about
        What it does not tell.

    Returns
    -------
    DataFrame
        The table; a GeoDataFrame where it has shapes.

    Raises
    ------
    ValueError
        If the two do not fit; so with KeyError and TypeError.
    """
    import pyarrow as pa  # noqa: PLC0415  heavy
    import pyarrow.parquet as pq  # noqa: PLC0415  heavy

    table = pq.read_table(pa.BufferReader(content)).to_pandas()
    names = [name for name, _, _ in about["columns"]]
    if table.columns.tolist() != names:
        raise ValueError(names)
    columns = {name: _read_column(table[name], dtype, how) for name, dtype, how in about["columns"]}
    index = _read_index(about["index"], len(table))
    frame = pd.DataFrame(columns, columns=table.columns).set_axis(index)
    if about["geometry"] is None:
        return frame
    crs = None if about["crs"] is None else read_crs(about["crs"])
    shapes = gpd.GeoSeries(shapely.from_wkb(table[about["geometry"]].to_numpy()), index=index, crs=crs)
    placed: pd.DataFrame = gpd.GeoDataFrame(
        frame.assign(**{about["geometry"]: shapes}), geometry=about["geometry"], crs=crs
    )
    return placed


def _read_column(column: pd.Series, dtype: str, how: str) -> pd.Series:
    if how == "text":
        texts = [value if isinstance(value, str) else None for value in column.astype(object)]
        return pd.Series(texts, index=column.index, dtype=object)
    if how == "json":
        read = [read_scalar(json.loads(value)) for value in column]
        return pd.Series(gpd.array.from_shapely(read) if dtype == "geometry" else read, dtype=dtype)
    if dtype == "geometry" or str(column.dtype) == dtype:
        return column
    return column.astype(pd.api.types.pandas_dtype(dtype))


def _read_index(about: dict[str, Any] | None, count: int) -> pd.Index:
    if about is None:
        return pd.RangeIndex(count)
    labels = [read_scalar(label) for label in about["labels"]]
    index: pd.Index = pd.Index(labels, dtype=about["dtype"], name=about["name"])
    return index
