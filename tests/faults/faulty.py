"""One fault of one file or town: how it is written, and what must be told of it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from town_layers import good_layers

from fengmao_geo.errors import TownError
from fengmao_geo.findings import findings_table
from fengmao_geo.town.read import read_town
from fengmao_geo.town.town_file import LayerPart
from fengmao_geo.town.vector import read_table, read_vector

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

__all__ = ["NAMES", "Faults", "Told", "places", "read_folder", "squares", "table", "town", "vector"]

#: Names as they are, one of them a trap for whatever treats data as a template.
NAMES = ["联通巷", "水乡社区", "镕基里", "{{7*7}} {x} <b>"]


class Told(NamedTuple):
    """What was told: whether the data were refused, the findings, and the table that was read, if any."""

    is_refused: bool
    findings: pd.DataFrame
    read: Any = None


class Fault(NamedTuple):
    """A fault: its name, who writes and reads it, and the finding that must come of it."""

    name: str
    write: Callable[[Path], Told]
    code: str
    severity: str
    layer: str
    says: tuple[str, ...]
    also: tuple[str, ...]


class Faults(list[Fault]):
    """The faults of one family, each entered by the function that writes it."""

    def of(
        self,
        code: str,
        *says: str,
        severity: str = "error",
        layer: str = "gates",
        case: Any = None,
        also: tuple[str, ...] = (),
    ):
        """Enter a fault: `says` must stand in what is told of it, `also` may be told with it."""

        def enter(write):
            name = write.__name__ + ("" if case is None else f"-{case}")
            one = write if case is None else lambda folder: write(folder, case)
            self.append(Fault(name, one, code, severity, layer, says, also))
            return write

        return enter


def places(names=NAMES, crs=4549):
    """Four points with a Chinese column of names."""
    points = [shapely.Point(572_000 + i, 3_403_000) for i in range(len(names))]
    return gpd.GeoDataFrame(
        {"名称": names, "层数": np.arange(len(names), dtype="int32")}, geometry=points, crs=crs
    )


def squares(names=NAMES, crs=4549):
    boxes = [shapely.box(572_000 + 10 * i, 3_403_000, 572_008 + 10 * i, 3_403_008) for i in range(len(names))]
    return places(names, crs).set_geometry(gpd.GeoSeries(boxes, crs=crs))


def vector(path: Path, *, into: str = "gates", **options: Any) -> Told:
    """Read one file of features and give what was told."""
    try:
        frame, found = read_vector(path, layer=into, part=LayerPart(path=path.name, **options))
    except TownError as error:
        return Told(True, error.findings)
    return Told(False, findings_table(found), frame)


def table(path: Path, **options: Any) -> Told:
    """Read one table without places and give what was told."""
    try:
        rows, found = read_table(path, layer="communities", **options)
    except TownError as error:
        return Told(True, error.findings)
    return Told(False, findings_table(found), rows)


def town(
    folder: Path,
    toml: str = "",
    *,
    head: str = 'crs = "EPSG:4549"',
    said: dict[str, str] | None = None,
    **layers: Any,
) -> Told:
    """Write a town in which all is well but the layers given, read it and give what was told.

    `toml` stands at the end of its file, `said` in the tables of layers, and a layer that is ``None`` is absent.
    """
    lines = [f'[town]\nname = "T"\n{head}\n']
    for name, layer in good_layers(**layers).items():
        if name in layers:
            layer.to_file(folder / f"{name}.gpkg", layer=name)
        else:
            (folder / f"{name}.gpkg").write_bytes(_good()[name])
        lines.append(f'[layers.{name}]\npath = "{name}.gpkg"\n{(said or {}).get(name, "")}\n')
    (folder / "town.toml").write_text("".join(lines) + toml, encoding="utf-8")
    return read_folder(folder)


@cache
def _good() -> dict[str, bytes]:
    """Write the layers of the good town once."""
    with TemporaryDirectory() as home:
        for name, layer in good_layers().items():
            layer.to_file(Path(home) / f"{name}.gpkg", layer=name)
        return {path.stem: path.read_bytes() for path in Path(home).iterdir()}


def read_folder(folder: Path) -> Told:
    """Read a town and give what was told."""
    try:
        made = read_town(folder)
    except TownError as error:
        return Told(True, error.findings)
    return Told(False, made.findings, made)
