"""People counted in pixels, spread over the floors of the dwellings in each: none resampled, none lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from fengmao_geo.errors import UsageError
from fengmao_geo.findings import Finding
from fengmao_geo.geo.fractions import coverage, fraction_lots
from fengmao_geo.geo.raster import open_raster
from fengmao_geo.geo.raster_grid import windows
from fengmao_geo.geo.raster_place import Grid, is_same_crs, moved
from fengmao_geo.standards.figures import figure_standard

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fengmao_geo.geo.raster import RasterReader
    from fengmao_geo.geo.raster_file import RasterFile

    Geometries = NDArray[np.object_]
    Indices = NDArray[np.intp]
    Numbers = NDArray[np.float64]

__all__ = ["people_of_raster"]

_RASTER = "people"


@dataclass
class _Counted:
    """What the windows read so far came to: people and floors by dwelling, and pixels without floors."""

    people: Numbers
    known_m2: Numbers
    negative_count: int = 0
    bare: list[Geometries] = field(default_factory=list)
    bare_people: list[Numbers] = field(default_factory=list)


def people_of_raster(
    file: RasterFile, places: gpd.GeoDataFrame, floor_m2: Numbers, *, ground: gpd.GeoSeries
) -> tuple[Numbers | None, list[Finding]]:
    """Spread each pixel's people over the floor area of the dwellings in it.

    The people of a pixel that holds a dwelling are all given to the dwellings of the layer in it, each by its
    floor area there; a dwelling that lies on several pixels has a part of each. A pixel without a dwelling
    counts by its share of the ground; its people go to the dwellings nearby, or are told to be left over. The
    raster is never resampled: where its coordinate system is another, dwellings are brought to it.

    Parameters
    ----------
    file
        The raster, with the band ``people``: people in each pixel.
    places
        Dwellings, polygons or points.
    floor_m2
        The floor area of each, or what weighs it.
    ground
        The ground within which dwellings are complete.

    Returns
    -------
    array of float or None
        People of each dwelling, NaN where the raster has no number; ``None`` where it counts nobody.
    list of Finding
        Pixels without dwellings, without numbers, with negative ones, or a file that cannot be read.
    """
    try:
        with open_raster(file, names=["people"]) as reader:
            counted, grid = _read(reader, places, floor_m2, ground)
    except UsageError as error:
        values = {"file": file.bands["people"].path.name, "reason": str(error)}
        return None, [Finding("file_broken", _RASTER, values=values)]
    found = _number_findings(counted, floor_m2)
    if grid is None or not counted.people.sum() + sum(part.sum() for part in counted.bare_people):
        return None, [*found, Finding("people_raster_unused", _RASTER)]
    more = _give_nearby(counted, places, floor_m2)
    people = np.where(counted.known_m2 > 0, counted.people, np.nan)
    return people, [*found, *more]


def _read(
    reader: RasterReader, places: gpd.GeoDataFrame, floor_m2: Numbers, ground: gpd.GeoSeries
) -> tuple[_Counted, Grid | None]:
    """Go through the raster's own pixels window by window."""
    counted = _Counted(np.zeros(len(places)), np.zeros(len(places)))
    homes, land = (_brought(shapes, reader) for shapes in (places.geometry, ground.segmentize(100.0)))
    grid = _own_grid(reader, np.vstack([shapely.bounds(part.to_numpy()) for part in (homes, land)]))
    for window in windows(grid, [reader]) if grid else []:
        pixels = reader.read(window.grid)
        number = pixels.values["people"].ravel().astype(float)
        is_number = (pixels.cause.ravel() == 0) & np.isfinite(number)
        is_count = is_number & (number >= 0)
        counted.negative_count += int((is_number & ~is_count).sum())
        row, cell, on_m2 = _floors(homes, floor_m2, window.grid)
        of_m2 = np.bincount(cell, weights=on_m2, minlength=len(number))
        held = is_count[cell]
        row, cell, on_m2 = row[held], cell[held], on_m2[held]
        np.add.at(counted.people, row, number[cell] * on_m2 / of_m2[cell])
        np.add.at(counted.known_m2, row, on_m2)
        share = coverage(land, window.grid).ravel()
        is_bare = is_count & (number > 0) & (of_m2 == 0) & (share > 0)
        counted.bare.append(_pixels(window.grid, np.flatnonzero(is_bare), places))
        counted.bare_people.append((number * share)[is_bare])
    return counted, grid


def _brought(shapes: gpd.GeoSeries, reader: RasterReader) -> gpd.GeoSeries:
    same = shapes.crs is not None and is_same_crs(shapes.crs, reader.crs)
    return shapes if same else shapes.to_crs(reader.crs)


def _own_grid(reader: RasterReader, bounds: Numbers) -> Grid | None:
    """Take the part of a raster's own pixels that lies under some ground."""
    left, bottom = np.nanmin(bounds[:, :2], axis=0)
    right, top = np.nanmax(bounds[:, 2:], axis=0)
    own = reader.first
    col, row = moved(~own.transform, np.array([left, right]), np.array([top, bottom]))
    first_col, first_row = max(int(np.floor(col[0])), 0), max(int(np.floor(row[0])), 0)
    width = min(int(np.ceil(col[1])), own.width) - first_col
    height = min(int(np.ceil(row[1])), own.height) - first_row
    if width <= 0 or height <= 0:
        return None
    return Grid(reader.crs, own.transform, own.width, own.height).part(first_row, first_col, height, width)


def _floors(homes: gpd.GeoSeries, floor_m2: Numbers, grid: Grid) -> tuple[Indices, Indices, Numbers]:
    """Measure the floors of each dwelling on each pixel: rows of dwellings, pixels, square metres."""
    shapes = homes.to_numpy()
    if len(shapes) and (shapely.get_dimensions(shapes) == 0).all():
        points = shapely.centroid(shapes)
        col, row = moved(~grid.transform, shapely.get_x(points), shapely.get_y(points))
        there = np.flatnonzero((col >= 0) & (col < grid.width) & (row >= 0) & (row < grid.height))
        cell = row[there].astype(np.intp) * grid.width + col[there].astype(np.intp)
        return there, cell, floor_m2[there]
    lots = list(fraction_lots(homes, grid))
    if not lots:
        none = np.zeros(0, dtype=np.intp)
        return none, none, np.zeros(0)
    row, cell, share = (np.concatenate(part) for part in zip(*lots, strict=True))
    part = share * grid.cell_m2 / shapely.area(shapes)[row]
    return row.astype(np.intp), cell.astype(np.intp), part * floor_m2[row]


def _pixels(grid: Grid, cell: Indices, places: gpd.GeoDataFrame) -> Geometries:
    """Draw pixels in the town's coordinates."""
    row, col = np.divmod(cell, grid.width)
    left, top = moved(grid.transform, col, row)
    right, bottom = moved(grid.transform, col + 1, row + 1)
    drawn = gpd.GeoSeries(shapely.box(left, bottom, right, top), crs=grid.crs)
    same = is_same_crs(grid.crs, places.crs)
    return np.asarray((drawn if same else drawn.to_crs(places.crs)).to_numpy())


def _give_nearby(counted: _Counted, places: gpd.GeoDataFrame, floor_m2: Numbers) -> list[Finding]:
    """Give people of pixels without dwellings to those nearby by their floors; tell where there are none."""
    pixels, people = np.concatenate(counted.bare), np.concatenate(counted.bare_people)
    if not len(pixels):
        return []
    near_m = figure_standard("intake").figure("people_near_pixels") * float(
        np.sqrt(np.median(shapely.area(pixels)))
    )
    homes = np.flatnonzero(counted.known_m2 > 0)
    tree = shapely.STRtree(places.geometry.to_numpy()[homes])
    pixel, hit = tree.query(pixels, predicate="dwithin", distance=near_m)
    home = homes[hit]
    of_m2 = np.bincount(pixel, weights=floor_m2[home], minlength=len(pixels))
    np.add.at(counted.people, home, people[pixel] * floor_m2[home] / of_m2[pixel])
    given = of_m2 > 0
    shown = {"within_m": f"{near_m:.0f}"}
    found = _pixels_found("people_pixels_moved", pixels[given], people[given], shown)
    return found + _left_over(pixels[~given], people[~given], shown)


def _pixels_found(code: str, pixels: Geometries, people: Numbers, values: dict[str, str]) -> list[Finding]:
    if not len(pixels):
        return []
    values = values | {"count": str(len(pixels)), "people": f"{people.sum():.0f}"}
    return [Finding(code, _RASTER, values=values, point=_place(pixels[np.argmax(people)]))]


def _left_over(pixels: Geometries, people: Numbers, values: dict[str, str]) -> list[Finding]:
    """Tell of each pixel whose people could not be placed, the fullest first, and of all of them."""
    count = int(figure_standard("intake").figure("people_pixels_count"))
    fullest = np.argsort(-people, kind="stable")[:count]
    return [
        *_pixels_found("people_pixels_unplaced", pixels, people, values),
        *(
            Finding(
                "people_pixel_unplaced",
                _RASTER,
                values=values | {"people": f"{people[at]:.1f}"},
                point=_place(pixels[at]),
            )
            for at in fullest
        ),
    ]


def _place(pixel: shapely.Geometry) -> str:
    return str(shapely.to_wkt(shapely.centroid(pixel), rounding_precision=2))


def _number_findings(counted: _Counted, floor_m2: Numbers) -> list[Finding]:
    """Tell of pixels that count less than nobody, and of dwellings on pixels without a number."""
    found = []
    if counted.negative_count:
        found.append(Finding("people_raster_negative", _RASTER, values={"count": counted.negative_count}))
    unknown = int((counted.known_m2 <= 0).sum())
    partly = int((counted.known_m2 < floor_m2 * (1 - 1e-6)).sum()) - unknown
    if unknown or partly:
        values = {"count": unknown, "partly": partly, "of": len(floor_m2)}
        found.append(Finding("people_raster_unknown", _RASTER, values=values))
    return found
