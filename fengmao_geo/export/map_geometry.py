"""Shapes as a page carries them: clipped, in degrees, in steps of whole millionths."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

from fengmao_geo.errors import UsageError
from fengmao_geo.geo.shifted import wgs84_to_gcj02
from fengmao_geo.geo.zones import transformer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    import geopandas as gpd
    from numpy.typing import NDArray
    from pyproj import CRS

__all__ = ["Frame", "Run"]

#: A line or ring: its first point and then the steps, in millionths of a degree from the frame's origin.
Run = list[int]

STEP_DEGREES = 1e-6


@dataclass(frozen=True)
class Frame:
    """The part of the town that a page shows, and how its shapes are written.

    Parameters
    ----------
    crs
        The town's coordinate system.
    bounds
        The least and greatest x and y shown, in metres.
    simplify_m
        How far a drawn line may leave the true one.
    is_shifted
        Whether degrees are those of GCJ-02, for a page with such a basemap.
    """

    crs: CRS
    bounds: tuple[float, float, float, float]
    simplify_m: float = 0.2
    is_shifted: bool = False

    @cached_property
    def box(self) -> shapely.Polygon:
        """The part shown, as a rectangle."""
        return shapely.box(*self.bounds)

    @cached_property
    def origin(self) -> tuple[float, float]:
        """Longitude and latitude that runs count from: the middle, rounded."""
        lon, lat = self._degrees(np.array([shapely.centroid(self.box)], dtype=object))[0]
        return round(float(lon), 6), round(float(lat), 6)

    def shows(self, shapes: gpd.GeoSeries) -> NDArray[np.bool_]:
        """Say which shapes touch the part shown."""
        return np.asarray(shapely.intersects(shapes.to_numpy(), self.box), dtype=bool)

    def polygons(self, shapes: gpd.GeoSeries, *, is_clipped: bool = True) -> list[list[list[Run]]]:
        """Write polygons, each as its parts and their rings; an empty list where nothing is left of one.

        Parameters
        ----------
        shapes
            Polygons in the town's coordinates.
        is_clipped
            Whether they are cut at the frame.

        Returns
        -------
        list
            For each shape its parts, for each part its rings.
        """
        parts, of_shape = _flat(self._clipped(shapes) if is_clipped else shapes.to_numpy(), 2)
        rings, of_part = shapely.get_rings(self._simplified(parts), return_index=True)
        runs = self._runs(rings, is_closed=True)
        by_part: list[list[Run]] = [[] for _ in parts]
        for run, part in zip(runs, of_part, strict=True):
            if len(run) >= 6:
                by_part[part].append(run)
        by_shape: list[list[list[Run]]] = [[] for _ in range(len(shapes))]
        for part, shape in zip(by_part, of_shape, strict=True):
            if part:
                by_shape[shape].append(part)
        return by_shape

    def lines(self, shapes: gpd.GeoSeries) -> list[Run]:
        """Write all parts of lines, one run each."""
        return [run for runs in self.paths(shapes) for run in runs]

    def paths(self, shapes: gpd.GeoSeries) -> list[list[Run]]:
        """Write lines, each as its parts; an empty list where nothing is left of one, or it is none."""
        parts, of_shape = _flat(shapely.line_merge(self._clipped(shapes)), 1)
        by_shape: list[list[Run]] = [[] for _ in range(len(shapes))]
        for run, shape in zip(self._runs(self._simplified(parts), is_closed=False), of_shape, strict=True):
            if len(run) >= 4:
                by_shape[shape].append(run)
        return by_shape

    def points(self, places: Sequence[Any] | NDArray[Any]) -> list[Run]:
        """Write points, one run of two numbers each."""
        found = np.asarray(places, dtype=object)
        return self._runs(found, is_closed=False) if len(found) else []

    def window(self) -> Run:
        """Write the part shown as a ring."""
        return self._runs(np.array([self.box.exterior], dtype=object), is_closed=True)[0]

    def corners(self, shape: shapely.Geometry) -> list[list[float]]:
        """Write a shape's south-west and north-east corner as latitude and longitude."""
        degrees = self._degrees(np.array([shapely.box(*shapely.bounds(shape)).exterior], dtype=object))
        (west, south), (east, north) = degrees.min(axis=0), degrees.max(axis=0)
        return [
            [round(float(south), 6), round(float(west), 6)],
            [round(float(north), 6), round(float(east), 6)],
        ]

    def _clipped(self, shapes: gpd.GeoSeries) -> NDArray[Any]:
        return np.asarray(shapely.clip_by_rect(shapes.to_numpy(), *self.bounds), dtype=object)

    def _simplified(self, parts: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(shapely.simplify(parts, self.simplify_m), dtype=object)

    def _runs(self, paths: NDArray[Any], *, is_closed: bool) -> list[Run]:
        counts = shapely.get_num_coordinates(paths)
        if not counts.sum():
            return []
        steps = np.rint((self._degrees(paths) - self.origin) / STEP_DEGREES).astype(np.int64)
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        firsts = steps[starts]
        steps[1:] -= steps[:-1].copy()
        steps[starts] = firsts
        keep = np.asarray(steps.any(axis=1), dtype=bool)
        keep[starts] = True
        if is_closed:
            # The page closes a ring itself.
            keep[np.cumsum(counts) - 1] = False
        kept = np.add.reduceat(keep.astype(np.int64), starts)
        return [run.ravel().tolist() for run in np.split(steps[keep], np.cumsum(kept)[:-1])]

    def _degrees(self, shapes: NDArray[Any]) -> NDArray[np.float64]:
        xy = shapely.get_coordinates(shapes)
        degrees = np.column_stack(transformer(self.crs, "EPSG:4326").transform(xy[:, 0], xy[:, 1]))
        if not np.isfinite(degrees).all():
            raise UsageError("not_on_earth", crs=self.crs.to_string())
        return wgs84_to_gcj02(degrees) if self.is_shifted else degrees


def _flat(shapes: NDArray[Any], dimension: int) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Take shapes apart into simple parts of one dimension, with the number of the shape each comes from."""
    parts, of_shape = shapely.get_parts(shapes, return_index=True)
    # A collection may hold multi-part shapes.
    smaller, of_part = shapely.get_parts(parts, return_index=True)
    keep = (shapely.get_dimensions(smaller) == dimension) & ~shapely.is_empty(smaller)
    return smaller[keep], of_shape[of_part][keep]
