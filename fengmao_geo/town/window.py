"""A layer of many towns read piece by piece: what lies in a box, from files that need not fit in memory."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pyogrio.raw
import shapely
from pyproj import CRS

from fengmao_geo.geo.datum import old_datum
from fengmao_geo.geo.zones import SHIFTED, transformer
from fengmao_geo.town.first_bytes import check_first_bytes
from fengmao_geo.town.read import described_source, layer_source
from fengmao_geo.town.vector import told
from fengmao_geo.town.whole import check_geopackage, check_parquet

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import geopandas as gpd

    from fengmao_geo.findings import Finding
    from fengmao_geo.geo.datum import DatumShift
    from fengmao_geo.geo.zones import Box
    from fengmao_geo.town.check import Source
    from fengmao_geo.town.town_file import LayerPart

__all__ = ["LayerPieces", "open_layer"]

#: Maps of the web lie up to 700 m, and old datums some 100 m, beside where the box is looked for.
_ASIDE_M = 1000.0
#: A box is bent on its way to another coordinate system: points along each of its sides.
_STEPS = 21
_CHUNK = 50_000
#: Rows of a file that is copied keep their number, or the index that they had, in this column.
_ROW = "row_of_file"
_COPIED = (".parquet", ".geoparquet")


@dataclass(frozen=True, eq=False)
class LayerPieces:
    """A layer that is read piece by piece.

    Parameters
    ----------
    source
        What is stated of it, with all of its features where they are in memory, else with one of them.
    count
        How many features it has.
    path
        The GeoPackage that they are read from; ``None`` where they are in memory.
    table
        Its table there.
    index
        The column that holds the features' index, where the file was copied.
    """

    source: Source
    count: int
    path: Path | None = None
    table: str | None = None
    index: str | None = None

    @property
    def is_placed(self) -> bool:
        """Whether its coordinate system is known, so that a box can be looked for."""
        return isinstance(self.source.stated, CRS) or self.source.stated in SHIFTED

    def within(self, box: Box, crs: CRS) -> Source:
        """Read what touches a box.

        Parameters
        ----------
        box
            West, south, east and north in metres.
        crs
            The coordinate system of the box.

        Returns
        -------
        Source
            The features whose boxes touch it, and for some coordinate systems some more around it.
        """
        bounds = self._bounds(box, crs)
        if self.path is not None:
            frame = self._read(bbox=bounds)
        else:
            west, south, east, north = shapely.bounds(self.source.frame.geometry.to_numpy()).reshape(-1, 4).T
            touches = (west <= bounds[2]) & (east >= bounds[0]) & (south <= bounds[3]) & (north >= bounds[1])
            frame = self.source.frame[touches]
        return replace(self.source, frame=frame)

    def chunks(self) -> Iterator[Source]:
        """Give all features, some at a time.

        Yields
        ------
        Source
            The next features.
        """
        for start in range(0, self.count, _CHUNK):
            if self.path is None:
                frame = self.source.frame.iloc[start : start + _CHUNK]
            else:
                frame = self._read(skip_features=start, max_features=_CHUNK)
            yield replace(self.source, frame=frame)

    def _read(self, **options: Any) -> gpd.GeoDataFrame:  # noqa: ANN401  of the reader
        frame = pyogrio.read_dataframe(
            self.path, layer=self.table, fid_as_index=True, on_invalid="fix", **options
        )
        return frame if self.index is None else frame.set_index(self.index).rename_axis(None)

    def _bounds(self, box: Box, crs: CRS) -> Box:
        """Find the box in the coordinates of the layer; a wider one where these are shifted."""
        stated = self.source.stated
        is_plain = isinstance(stated, CRS) and not old_datum(stated)
        aside = 0.0 if is_plain else _ASIDE_M
        wide = shapely.box(box[0] - aside, box[1] - aside, box[2] + aside, box[3] + aside)
        xy = shapely.get_coordinates(shapely.segmentize(wide, max(1.0, wide.length / (4 * _STEPS))))
        if not (isinstance(stated, CRS) and stated.equals(crs)):
            to = stated if isinstance(stated, CRS) else CRS.from_epsg(4490)
            xy = np.stack(transformer(crs, to).transform(*xy.T), axis=1)
        west, south = xy.min(axis=0)
        east, north = xy.max(axis=0)
        return float(west), float(south), float(east), float(north)


def open_layer(
    folder: Path,
    layer: str,
    part: LayerPart,
    shifts: Mapping[str, DatumShift],
    *,
    work: Path,
    is_checked: bool = False,
) -> tuple[LayerPieces, list[Finding]]:
    """Open a layer so that pieces of it can be read.

    GeoPackages are read by their own index. A GeoParquet is copied, some rows at a time, into a GeoPackage in
    ``work``. All else, and layers with a table that is joined to them, are read whole.

    Parameters
    ----------
    folder
        The folder of ``town.toml``.
    layer
        The layer's name.
    part
        What is said of it.
    shifts
        The user's own parameters of old datums.
    work
        A folder for copies, which the caller removes.
    is_checked
        Whether the file has been looked through already, for another of its layers.

    Returns
    -------
    LayerPieces
        The layer.
    list
        What was found on the way.

    Raises
    ------
    TownError
        If it cannot be read as what it is said to be.
    """
    path = folder / part.path
    suffix = path.suffix.casefold()
    if part.join is None and path.is_file() and suffix == ".gpkg":
        check_first_bytes(path, suffix, layer)
        if not is_checked:
            check_geopackage(path.resolve(), layer)
        if (table := _table(path, part.layer)) is not None:
            return _of_file(path, table, layer, part, shifts)
    if part.join is None and path.is_file() and suffix in _COPIED:
        check_first_bytes(path, suffix, layer)
        check_parquet(path, layer)
        copy, found = told(lambda: (_copied(path, work / f"{layer}.gpkg"), []), path, layer)
        if copy is not None:
            pieces, more = _of_file(copy, layer, layer, part, shifts, index=_ROW)
            return pieces, [*found, *more]
    source, found = layer_source(folder, layer, part, shifts)
    return LayerPieces(source, len(source.frame)), found


def _table(path: Path, name: str | None) -> str | None:
    """Name the table that is meant; ``None`` where the ordinary reader has something to say of it."""
    known = [str(table) for table, shape in pyogrio.list_layers(path) if shape is not None]
    if name is None and len(known) == 1:
        return known[0]
    return name if name in known else None


def _of_file(
    path: Path,
    table: str,
    layer: str,
    part: LayerPart,
    shifts: Mapping[str, DatumShift],
    *,
    index: str | None = None,
) -> tuple[LayerPieces, list[Finding]]:
    count = int(pyogrio.read_info(path, layer=table, force_feature_count=True)["features"])
    first = pyogrio.read_dataframe(path, layer=table, max_features=1, fid_as_index=True)
    source, found = described_source(first, layer, part, shifts)
    return LayerPieces(source, count, path, table, index), found


def _copied(path: Path, target: Path) -> Path | None:
    """Copy a GeoParquet into a GeoPackage; ``None`` where it holds what that cannot."""
    file = pq.ParquetFile(path)
    schema = file.schema_arrow
    stated = json.loads((schema.metadata or {}).get(b"geo", b"{}"))
    name = stated.get("primary_column")
    about = stated.get("columns", {}).get(name, {})
    # Boxes of rows that some programs add say nothing of the features.
    boxes = {one[0] for one in about.get("covering", {}).get("bbox", {}).values()}
    fields = [field for field in schema if field.name not in boxes]
    is_flat = not any(pa.types.is_nested(field.type) for field in fields)
    index = _index(schema)
    if about.get("encoding") != "WKB" or len(stated["columns"]) > 1 or not is_flat or index is None:
        return None
    kept = [field for field in fields if field.name != index]
    row = schema.field(index).type if index else pa.int64()
    crs = about.get("crs", "OGC:CRS84")
    reader = pa.RecordBatchReader.from_batches(
        pa.schema([*kept, pa.field(_ROW, row)]).remove_metadata(),
        _batches(file, [field.name for field in kept], index),
    )
    pyogrio.raw.write_arrow(
        reader,
        target,
        driver="GPKG",
        layer=target.stem,
        geometry_name=name,
        geometry_type="Unknown",
        crs=None if crs is None else CRS.from_user_input(crs).to_wkt(),
    )
    return target


def _index(schema: pa.Schema) -> str | None:
    """Name the column that is the index; empty where rows are numbered, ``None`` where several are."""
    columns = json.loads((schema.metadata or {}).get(b"pandas", b"{}")).get("index_columns", [])
    named = [column for column in columns if isinstance(column, str)]
    is_numbered = all(column.get("step") == 1 and column.get("start") == 0 for column in columns if not named)
    return (named or [""])[0] if len(named) < 2 and is_numbered else None


def _batches(file: pq.ParquetFile, columns: list[str], index: str) -> Iterator[pa.RecordBatch]:
    """Give the rows with their index, some at a time."""
    start = 0
    for batch in file.iter_batches(_CHUNK, columns=[*columns, *([index] if index else [])]):
        row = batch.column(index) if index else pa.array(range(start, start + len(batch)))
        start += len(batch)
        yield pa.RecordBatch.from_arrays(
            [*(batch.column(name) for name in columns), row], names=[*columns, _ROW]
        )
