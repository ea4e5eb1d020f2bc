"""Shapefiles: a file of many parts whose text is in whatever encoding the machine had that wrote it."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from fengmao_geo.town.encoding import (
    RAW,
    chosen_codec,
    decode_texts,
    decoded_name,
    raw_texts,
    shapefile_encoding,
)
from fengmao_geo.town.gdal_file import read_layer, read_plain
from fengmao_geo.town.whole import check_shapefile, check_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    import pandas as pd

    from fengmao_geo.findings import Finding

__all__ = ["parts_of", "read_dbf", "read_shapefile"]

_DRIVER = ("ESRI Shapefile",)


def parts_of(path: Path) -> dict[str, Path]:
    """List the files that lie beside one and differ from it in their suffix alone.

    Parameters
    ----------
    path
        One of them.

    Returns
    -------
    dict
        The files by suffix in small letters.
    """
    beside = sorted(path.parent.iterdir())
    return {part.suffix.casefold(): part for part in beside if part.stem.casefold() == path.stem.casefold()}


def read_shapefile(path: Path, *, layer: str, encoding: str | None) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Read a Shapefile.

    Parameters
    ----------
    path
        The .shp; its parts lie beside it.
    layer
        The layer that it is to become.
    encoding
        The encoding of its text, if it must be forced.

    Returns
    -------
    GeoDataFrame
        The features, with their text as it was written.
    list
        How the encoding was found, where nothing states it.

    Raises
    ------
    TownError
        If a part is missing or cut, or the encoding cannot be told.
    """
    parts = parts_of(path)
    check_shapefile(path, parts, layer)
    with TemporaryDirectory() as folder:
        frame, found = read_layer(
            _plain_parts(path, parts, Path(folder)),
            file=path.name,
            layer=layer,
            drivers=_DRIVER,
            encoding=RAW,
        )
    codec, more = _codec(frame, parts, file=path.name, layer=layer, encoding=encoding)
    return decode_texts(frame, codec), found + more


def _plain_parts(path: Path, parts: Mapping[str, Path], folder: Path) -> Path:
    """Give a shapefile whose .prj GDAL can read: its names may be in Chinese, in no stated encoding.

    Parts whose suffixes are written in different ways are brought together too.
    """
    prj = parts[".prj"].read_bytes() if ".prj" in parts else b""
    needed = [parts[suffix] for suffix in (".shp", ".shx", ".dbf", ".prj") if suffix in parts]
    is_even = {part.stem for part in needed} == {path.stem} and (
        {part.suffix for part in needed} <= {part.suffix.lower() for part in needed}
        or {part.suffix for part in needed} <= {part.suffix.upper() for part in needed}
    )
    if is_even and prj.isascii():
        return path
    for part in needed:
        shutil.copyfile(part, folder / f"whole{part.suffix.casefold()}")
    if prj:
        codec, _ = chosen_codec([prj], file=parts[".prj"].name, layer="", stated="GBK")
        (folder / "whole.prj").write_text(decoded_name(prj.decode(RAW), codec), encoding="utf-8")
    return folder / "whole.shp"


def _codec(
    frame: pd.DataFrame, parts: Mapping[str, Path], *, file: str, layer: str, encoding: str | None
) -> tuple[str, list[Finding]]:
    return chosen_codec(
        raw_texts(frame), file=file, layer=layer, forced=encoding, stated=shapefile_encoding(parts)
    )


def read_dbf(path: Path, *, layer: str, encoding: str | None) -> tuple[pd.DataFrame, list[Finding]]:
    """Read a .dbf alone, as a table.

    Parameters
    ----------
    path
        The file.
    layer
        The layer that it is for, for the findings.
    encoding
        The encoding of its text, if it must be forced.

    Returns
    -------
    DataFrame
        The rows, with their text as it was written.
    list
        How the encoding was found, where nothing states it.

    Raises
    ------
    TownError
        If it is cut, or the encoding cannot be told.
    """
    check_table(path, layer)
    with TemporaryDirectory() as folder:
        # Alone, or the shapes beside it are opened too.
        alone = Path(folder) / "table.dbf"
        shutil.copyfile(path, alone)
        rows = read_plain(alone, layer=layer, drivers=_DRIVER, encoding=RAW)
    codec, found = _codec(rows, parts_of(path), file=path.name, layer=layer, encoding=encoding)
    return decode_texts(rows, codec), found
