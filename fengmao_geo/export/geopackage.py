"""Tables with shapes as a GeoPackage: written whole, the same bytes every time, and read back."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import geopandas as gpd
import pyogrio
from pyogrio.errors import DataSourceError, FeatureError

from fengmao_geo.errors import TownError, UsageError
from fengmao_geo.export.files import write_whole
from fengmao_geo.town.whole import check_geopackage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd
    from pyproj import CRS

__all__ = ["DATE", "read_spaces", "tables_file", "told_as_os_error", "write_tables"]

#: GeoPackages hold when they were written; a fixed date keeps equal contents equal.
DATE = "2000-01-01T00:00:00.000Z"
# Nothing is lost with a file beside, so that no layer waits for the disk.
_WRITING = {"OGR_CURRENT_DATE": DATE, "OGR_SQLITE_SYNCHRONOUS": "OFF"}
# Programs of planning offices are years old and warn of later ones.
_VERSION = "1.2"
_SPACES = "spaces"


def write_tables(tables: Mapping[str, gpd.GeoDataFrame], path: str | Path) -> Path:
    """Write tables as the layers of one GeoPackage.

    Parameters
    ----------
    tables
        By the name of the layer.
    path
        Where to write; its folder must exist.

    Returns
    -------
    Path
        Where it was written.

    Raises
    ------
    OSError
        If the folder or the file cannot be written, or the disk is full.

    Examples
    --------
    >>> with TemporaryDirectory() as folder:
    ...     table = gpd.GeoDataFrame({"space_id": ["a"]}, geometry=gpd.points_from_xy([0], [0]), crs=4549)
    ...     len(read_spaces(write_tables({"spaces": table}, Path(folder) / "spaces.gpkg"), crs=table.crs))
    1
    """
    target = Path(path)
    with TemporaryDirectory() as folder:
        return write_whole(target, tables_file(tables, Path(folder) / target.name).read_bytes())


@contextmanager
def told_as_os_error(file: str) -> Iterator[None]:
    """Raise OSError where GDAL, SQLite or a look at what they wrote tells of a disk that is full.

    Parameters
    ----------
    file
        The name of the file that is written.

    Yields
    ------
    None
        Nothing; writing and looking go on inside.

    Raises
    ------
    OSError
        In the place of what they raise.

    Examples
    --------
    >>> with told_as_os_error("a.gpkg"):
    ...     raise sqlite3.OperationalError("disk I/O error")
    Traceback (most recent call last):
        ...
    OSError: a.gpkg: disk I/O error
    """
    try:
        yield
    except TownError as reason:
        raise OSError(f"{file}: not all of it was written") from reason
    except (DataSourceError, FeatureError, sqlite3.Error) as reason:
        raise OSError(f"{file}: {reason}") from reason


def tables_file(tables: Mapping[str, pd.DataFrame], path: Path) -> Path:
    """Make a GeoPackage of tables, with shapes or without, for others to add to or to take over.

    Parameters
    ----------
    tables
        By the name of the layer.
    path
        Where to make it: no file that anybody reads yet.

    Returns
    -------
    Path
        The same path.

    Raises
    ------
    OSError
        If not all rows could be written.
    """
    before = {name: pyogrio.get_gdal_config_option(name) for name in _WRITING}
    pyogrio.set_gdal_config_options(_WRITING)
    try:
        with told_as_os_error(path.name):
            for name, table in tables.items():
                first = {} if path.exists() else {"VERSION": _VERSION}
                pyogrio.write_dataframe(table, path, layer=name, driver="GPKG", append=not first, **first)
            _check_made(tables, path)
    finally:
        pyogrio.set_gdal_config_options(before)
    return path


def _check_made(tables: Mapping[str, pd.DataFrame], path: Path) -> None:
    """Look for every row and every index: of a disk that is full as a file is closed GDAL says nothing."""
    check_geopackage(path.resolve(), path.name)
    kept = {name: pyogrio.read_info(path, layer=name)["features"] for name in tables}
    short = [name for name, table in tables.items() if kept[name] != len(table)]
    with closing(sqlite3.connect(path)) as base:
        made = {str(row[0]) for row in base.execute("SELECT name FROM sqlite_master")}
    shaped = [name for name, table in tables.items() if isinstance(table, gpd.GeoDataFrame)]
    short += [name for name in shaped if f"rtree_{name}_geom" not in made]
    if short:
        raise OSError(f"{path.name}: not all rows of {', '.join(short)} were written")


def read_spaces(path: str | Path, *, crs: CRS) -> gpd.GeoDataFrame | None:
    """Read the spaces of an earlier run.

    Parameters
    ----------
    path
        The GeoPackage that run wrote.
    crs
        The town's coordinate system, in which they are given back.

    Returns
    -------
    GeoDataFrame or None
        ``space_id`` and the geometry; ``None`` where there is no such file.

    Raises
    ------
    UsageError
        If there is one and it cannot be read, or it holds no spaces or no coordinate system.

    Examples
    --------
    >>> read_spaces("no_such_folder/spaces.gpkg", crs=None) is None
    True
    """
    source = Path(path)
    if not source.exists():
        return None
    try:
        # First bytes first: a driver that follows what a file names is never reached.
        if not source.read_bytes().startswith(b"SQLite format 3\x00"):
            raise UsageError("previous_unreadable", path=str(source), reason="GeoPackage")
        found = gpd.read_file(source, layer=_SPACES, columns=["space_id"], engine="pyogrio")
    except (OSError, ValueError, RuntimeError) as reason:
        if isinstance(reason, UsageError):
            raise
        raise UsageError("previous_unreadable", path=str(source), reason=str(reason)) from reason
    if "space_id" not in found or found.crs is None:
        raise UsageError("previous_unreadable", path=str(source), reason="space_id, CRS")
    usable = found[found.geometry.notna() & ~found.geometry.is_empty & found["space_id"].notna()]
    return usable if usable.crs == crs else usable.to_crs(crs)
