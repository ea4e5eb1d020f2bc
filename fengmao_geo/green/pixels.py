"""Two dates of a town's rasters on one grid, without what is not measured, summed over areas."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from tqdm import tqdm

from fengmao_geo.geo.fractions import coverage, fraction_lots
from fengmao_geo.geo.raster import CAUSES, open_raster
from fengmao_geo.geo.raster_grid import common_grid, sample_windows, windows
from fengmao_geo.geo.raster_place import is_same_crs
from fengmao_geo.standards.load import land_classes
from fengmao_geo.tables import RESULTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from fengmao_geo.geo.raster import RasterReader
    from fengmao_geo.geo.raster_place import Grid, Window
    from fengmao_geo.standards.green import GreenStandard
    from fengmao_geo.town.town import Town

    Values = NDArray[np.floating]
    Numbers = NDArray[np.float64]
    Codes = NDArray[np.uint8]
    Flags = NDArray[np.bool_]

__all__ = ["AreaSums", "Images", "Seen", "crop_shapes", "open_images"]

_CROPLAND = "cropland"
# A share of a cell below this is rounding.
_TOUCH = 1e-9
_DATES = ("before", "after")


class Seen(NamedTuple):
    """Values of one window at each date there is, NaN where a date tells nothing, and why not."""

    window: Window
    dates: tuple[Values, ...]
    cause: Codes


@dataclass(frozen=True, eq=False)
class Images:
    """Rasters of one or two dates, and the layers that say which of their pixels count.

    Parameters
    ----------
    readers
        The open rasters by date: ``before``, ``after`` or both.
    grid
        Their common grid.
    measure
        Makes a value of the bands.
    layers
        Polygons in the grid's coordinate system: ``built_up``, and of ``crops``, ``water``,
        ``clouds_before``, ``clouds_after`` and ``unchanged_ground`` those there are.
    water_share
        A cell is water if so much of it is.
    """

    readers: Mapping[str, RasterReader]
    grid: Grid
    measure: Callable[[Mapping[str, Values]], Values]
    layers: Mapping[str, gpd.GeoSeries]
    water_share: float

    def windows(self) -> Iterator[Seen]:
        """Read everything once, window by window, with a bar if it takes long."""
        cut = windows(self.grid, list(self.readers.values()))
        for window in tqdm(cut, delay=2, disable=None, leave=False):
            yield self.seen(window)

    def samples(self) -> Iterator[tuple[Seen, Flags, Flags | None]]:
        """Read pieces spread evenly over the ground.

        Yields
        ------
        tuple
            The piece; which cells are built-up; which are unchanged by the user's layer, if there is one.
        """
        unchanged = self.layers.get("unchanged_ground")
        for window in sample_windows(self.grid, list(self.readers.values())):
            is_built = coverage(self.layers["built_up"], window.grid) > 0.5
            is_same = None if unchanged is None else coverage(unchanged, window.grid) > 1 - _TOUCH
            if is_built.any() or (is_same is not None and is_same.any()):
                yield self.seen(window), is_built, is_same

    def seen(self, window: Window) -> Seen:
        """Read one window of both dates; a cell counts if both tell its value."""
        cause = np.zeros((window.grid.height, window.grid.width), dtype=np.uint8)
        values = []
        for date, reader in self.readers.items():
            pixels = reader.read(window.grid)
            found = self.measure(pixels.values)
            own = np.where(np.isnan(found) & (pixels.cause == 0), CAUSES.index("nodata"), pixels.cause)
            if (clouds := self._touched(f"clouds_{date}", window.grid)) is not None:
                own[clouds & (own == 0)] = CAUSES.index("cloud")
            np.copyto(cause, own, where=cause == 0, casting="unsafe")
            values.append(found)
        cause[self._is_masked(window.grid) & (cause != CAUSES.index("outside"))] = CAUSES.index("masked")
        is_lost = cause != 0
        for found in values:
            found[is_lost] = np.nan
        return Seen(window, tuple(values), cause)

    def _is_masked(self, grid: Grid) -> Flags:
        crops = self._touched("crops", grid)
        is_masked = np.zeros((grid.height, grid.width), dtype=np.bool_) if crops is None else crops
        if (water := self._touched("water", grid, share=self.water_share)) is not None:
            is_masked = is_masked | water
        return is_masked

    def _touched(self, layer: str, grid: Grid, *, share: float = _TOUCH) -> Flags | None:
        if layer not in self.layers:
            return None
        return np.asarray(coverage(self.layers[layer], grid) >= share)


@contextmanager
def open_images(
    town: Town,
    areas: gpd.GeoDataFrame,
    *,
    names: Mapping[str, str],
    bands: Sequence[str],
    measure: Callable[[Mapping[str, Values]], Values],
    standard: GreenStandard,
) -> Iterator[Images | None]:
    """Open a town's rasters of one or two dates.

    Parameters
    ----------
    town
        The town.
    areas
        What will be measured; the grid reaches as far as it and the built-up area.
    names
        The rasters' names by date: ``before``, ``after`` or both.
    bands
        The bands that are read.
    measure
        Makes a value of the bands.
    standard
        What is measured.

    Yields
    ------
    Images or None
        The images; ``None`` where the rasters have no ground in common.

    Raises
    ------
    UsageError
        If a file cannot be read or has no coordinate system.
    """
    with ExitStack() as stack:
        readers = {
            date: stack.enter_context(open_raster(town.rasters[name], names=bands))
            for date, name in names.items()
        }
        ground = pd.concat([areas.geometry, town["built_up"].geometry])
        bounds = tuple(float(edge) for edge in gpd.GeoSeries(ground, crs=town.crs).total_bounds)
        grid = common_grid(list(readers.values()), bounds=bounds, crs=town.crs)  # type: ignore[arg-type]  # four edges
        if grid is None:
            yield None
            return
        layers = {layer: _moved(shapes, grid) for layer, shapes in _layers(town).items()}
        yield Images(readers, grid, measure, layers, standard.figure("water_cell_share"))


def _moved(shapes: gpd.GeoSeries, grid: Grid) -> gpd.GeoSeries:
    return shapes if is_same_crs(shapes.crs, grid.crs) else shapes.to_crs(grid.crs)


def _layers(town: Town) -> dict[str, gpd.GeoSeries]:
    names = ("built_up", "water", "clouds_before", "clouds_after", "unchanged_ground")
    found = {name: town[name].geometry for name in names if name in town}
    crops, _ = crop_shapes(town)
    return found | ({"crops": crops} if len(crops) else {})


def crop_shapes(town: Town) -> tuple[gpd.GeoSeries, bool]:
    """Take the ground that crops grow on: permanent basic farmland, and parcels of cropland.

    Parameters
    ----------
    town
        The town.

    Returns
    -------
    shapes : GeoSeries
        Polygons, which may overlap.
    is_known : bool
        Whether parcels say which of them are cropland.
    """
    shapes = [town["farmland_protected"].geometry] if "farmland_protected" in town else []
    scheme = town.settings.codes.get("parcels")
    is_known = "parcels" in town and scheme is not None and "land_code" in town["parcels"]
    if is_known and scheme is not None:
        parcels = town["parcels"]
        groups = {code: record.group for code, record in land_classes(scheme).items()}
        shapes.append(parcels.geometry[(parcels["land_code"].map(groups) == _CROPLAND).to_numpy()])
    joined = pd.concat(shapes, ignore_index=True) if shapes else []
    return gpd.GeoSeries(joined, crs=town.crs), is_known


class AreaSums:
    """Sums over areas, of values of cells weighted by the share of each cell that lies in the area.

    Parameters
    ----------
    areas
        Areas in the town's coordinate system, which may overlap.
    grid
        The grid.
    """

    def __init__(self, areas: gpd.GeoDataFrame, grid: Grid) -> None:
        self._areas = areas
        self._shapes = _moved(areas.geometry, grid)
        self.area_m2 = areas.geometry.area.to_numpy(dtype=float)
        self._cells = self._shapes.area.to_numpy(dtype=float) / grid.cell_m2
        self._counts = np.zeros((len(areas), len(CAUSES)))
        self.sums: dict[str, Numbers] = {}
        self.classes: Numbers | None = None

    @property
    def cells(self) -> Numbers:
        """Number of cells of each area that have values, parts of cells counted as such."""
        return self._counts[:, 0]

    @property
    def cell_m2(self) -> Numbers:
        """Square metres of a cell, measured in the town's coordinate system."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.area_m2 / self._cells)

    def add(
        self,
        seen: Seen,
        work: Callable[[tuple[Values, ...]], Mapping[str, Values]],
        *,
        classes: Callable[[tuple[Values, ...]], NDArray[np.int8]] | None = None,
        class_count: int = 0,
        astride: tuple[str, ...] = (),
    ) -> None:
        """Add a window.

        Parameters
        ----------
        seen
            The window.
        work
            Makes what is summed, by name, of the values of cells.
        classes
            Makes a class, from 0, of the values of cells; without it none are counted.
        class_count
            How many classes there are.
        astride
            Sums of which cells astride an outline are told apart too: their shares within the area as
            ``NAME_within``, what of them lies beyond as ``NAME_beyond``.
        """
        from scipy import sparse  # noqa: PLC0415  heavy

        cause = seen.cause.ravel()
        for lot in fraction_lots(self._shapes, seen.window.grid):
            is_used = np.zeros(len(cause), dtype=np.bool_)
            is_used[lot.cell] = True
            used = np.flatnonzero(is_used)
            # Areas that overlap share cells, so that each cell's values are worked out once.
            column = (np.cumsum(is_used, dtype=np.int32) - 1)[lot.cell]
            starts = np.flatnonzero(np.diff(lot.row, prepend=-1))
            rows, ends = lot.row[starts], np.append(starts, len(lot.row)).astype(np.int32)
            shape = (len(rows), len(used))
            shares = sparse.csr_array((lot.share, column, ends), shape=shape)
            is_astride = lot.share < 1 - _TOUCH
            within, beyond = (
                sparse.csr_array((np.where(is_astride, share, 0), column, ends), shape=shape)
                for share in (lot.share, 1 - lot.share)
            )
            causes, is_valid = cause[used], cause[used] == 0
            for kind in range(len(CAUSES)):
                if (is_so := causes == kind).any():
                    self._counts[rows, kind] += shares @ is_so.astype(float)
            values = tuple(one.ravel()[used] for one in seen.dates)
            for name, found in work(values).items():
                valid = np.where(is_valid, found, 0).astype(float)
                self._sum(name)[rows] += shares @ valid
                if name in astride:
                    self._sum(f"{name}_within")[rows] += within @ valid
                    self._sum(f"{name}_beyond")[rows] += beyond @ valid
            if classes is not None:
                self.classes = self._sum_of_classes(class_count)
                of = np.where(is_valid, classes(values), -1)
                for one in range(class_count):
                    if (is_so := of == one).any():
                        self.classes[rows, one] += shares @ is_so.astype(float)

    def _sum(self, name: str) -> Numbers:
        return self.sums.setdefault(name, np.zeros(len(self._areas)))

    def _sum_of_classes(self, count: int) -> Numbers:
        return np.zeros((len(self._areas), count)) if self.classes is None else self.classes

    def total(self, name: str) -> Numbers:
        """Give a sum, NaN where no cell has a value."""
        return np.where(self.cells > 0, self.sums.get(name, np.zeros(len(self.cells))), np.nan)

    def cover(self, basis: str) -> pd.DataFrame:
        """Write which shares of areas have values, and why others have none: the table ``image_cover``."""
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.clip(self._counts / self._cells[:, None], 0, 1)
        outside = CAUSES.index("outside")
        share[:, outside] = np.clip(1 - np.delete(share, outside, axis=1).sum(axis=1), 0, 1)
        columns = {f"{cause}_share": share[:, at] for at, cause in enumerate(CAUSES)}
        table = self.named().assign(area_m2=self.area_m2, **columns, basis=basis)
        return RESULTS["image_cover"].check(table)

    def named(self) -> pd.DataFrame:
        """Give the areas' kinds, ids and names."""
        return pd.DataFrame(self._areas[["area_kind", "area_id", "area_name"]]).reset_index(drop=True)
