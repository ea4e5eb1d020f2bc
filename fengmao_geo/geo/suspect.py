"""A layer that fits the others only where the shift of web maps would have it: suspected, never moved.

The outlines of the layer and of each trusted layer are drawn on one grid of ten-metre cells and freed of what
changes slowly, so that streets, plots and houses count and the shape of the town does not. Their correlation
is computed for every move within reach at once, by Fourier transform, and measured in its own standard
deviations; squares of it are summed over the trusted layers, since houses may as well keep off streets as
stand along them. A layer is suspected if no other move within reach comes near the one that would undo the
shift. By chance alone the best of some 57,000 moves would be among the 21 of that one in one layer of 2,700.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from fengmao_geo.geo.shifted import GCJ_BOX, bd09_to_gcj02, gcj02_to_bd09, gcj02_to_wgs84, wgs84_to_gcj02
from fengmao_geo.geo.zones import SHIFTED, is_in_box, transformer
from fengmao_geo.standards.figures import figure_standard

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from numpy.typing import NDArray
    from pyproj import CRS, Transformer

    from fengmao_geo.geo.zones import Stated

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Grid = NDArray[np.float32]

__all__ = ["Suspicion", "suspected_shifts"]

#: The grid: the side of a cell, cells along an edge, and how far a move may go, in cells.
_CELL_M = 10.0
_CELLS = 640
_REACH = 135

#: What is kept of the outlines: finer than the second and coarser than the first, in cells.
_FINE, _COARSE = 0.7, 5.0

#: A move counts with those so near to it (cells), and this far around it nothing else is compared.
_TOLERANCE, _AROUND = 2, 6

#: A layer tells where it lies if it fills so many cells; a trusted one so many, with so many features.
_LEAST_CELLS, _TRUSTED_CELLS, _TRUSTED_FEATURES = 20, 200, 20

#: So many trusted layers are enough, and so many cells of a layer for a first look.
_MOST_TRUSTED, _FIRST_LOOK = 6, 1000

#: So many geometries are drawn at a time.
_AT_ONCE = 10_000

#: Polygons are filled if their bounds hold no more cells than this.
_MOST_INNER = 400_000


@dataclass(frozen=True)
class Suspicion:
    """A layer that fits the others once read in another coordinate system.

    Parameters
    ----------
    layer
        Its name.
    system
        ``GCJ-02`` or ``BD-09``; ``None`` if it is said to be shifted and seems not to be.
    shift_m
        How far it would move.
    ratio
        How many times better it fits then than after any other move.
    """

    layer: str
    system: str | None
    shift_m: float
    ratio: float


def suspected_shifts(
    layers: Mapping[str, Geometries],
    *,
    stated: Mapping[str, Stated],
    trusted: Collection[str],
    filled: Collection[str] = (),
    crs: CRS,
) -> list[Suspicion]:
    """Find the layers that fit the trusted ones only where GCJ-02 or BD-09 would have them.

    Parameters
    ----------
    layers
        Geometries in the town's CRS.
    stated
        The coordinate system that was stated for each.
    trusted
        The layers to compare with; a layer is not compared with itself.
    filled
        Those of them whose ground counts besides their outlines: places lie in buildings.
    crs
        The town's CRS.

    Returns
    -------
    list
        What is suspected, in the order of the layers; none outside China, where nothing is shifted.

    Examples
    --------
    >>> from pyproj import CRS
    >>> suspected_shifts({}, stated={}, trusted=(), crs=CRS.from_epsg(4549))
    []
    """
    known = [name for name in trusted if name in layers and len(layers[name]) >= _TRUSTED_FEATURES]
    drawn = {name: _outline_points(layers[name]) for name in known}
    if not drawn:
        return []
    centre = _middle([lot for lots in drawn.values() for lot in lots])
    to_lonlat = transformer(crs, crs.geodetic_crs)
    if not is_in_box(GCJ_BOX, *to_lonlat.transform(*centre)):
        return []
    ground = _Ground.of(drawn, layers, centre, filled)
    found: list[Suspicion] = []
    for name, geometries in layers.items() if ground.images else ():
        lots = drawn[name] if name in drawn else _outline_points(geometries)
        cells = _cells(lots, centre, half=_CELLS // 2 - _REACH)
        moves = _moves(stated.get(name), centre, to_lonlat)
        if len(cells) >= _LEAST_CELLS and moves and ground.may_be_shifted(name, cells, moves):
            found += ground.judged(name, cells, moves)
    return found


@dataclass(frozen=True)
class _Move:
    """What reading a layer in another system would do to it."""

    system: str | None
    length_m: float
    east: int
    north: int


def _moves(stated: Stated, centre: Numbers, to_lonlat: Transformer) -> list[_Move]:
    """Give the moves, at the centre of the town, to where the other systems would have the layer."""
    # A CRS is never compared with a text: that would look the text up.
    said = stated if isinstance(stated, str) else None
    raw = np.array([to_lonlat.transform(*centre)])
    if said in SHIFTED:
        raw = wgs84_to_gcj02(raw)
    if said == "BD-09":
        raw = gcj02_to_bd09(raw)
    readings = {None: raw, "GCJ-02": gcj02_to_wgs84(raw), "BD-09": gcj02_to_wgs84(bd09_to_gcj02(raw))}
    moves = []
    for system, lonlat in readings.items():
        if system == said:
            continue
        place = to_lonlat.transform(lonlat[0, 0], lonlat[0, 1], direction="INVERSE")
        east_m, north_m = np.array(place) - centre
        east, north = round(east_m / _CELL_M), round(north_m / _CELL_M)
        if _AROUND < np.hypot(east, north) < _REACH - _TOLERANCE:
            moves.append(_Move(system, float(np.hypot(east_m, north_m)), east, north))
    return moves


@dataclass(frozen=True)
class _Ground:
    """The trusted layers on the grid: by name, what remains of their outlines, and its transform."""

    images: dict[str, Grid]
    spectra: dict[str, NDArray[np.complex64]]

    @classmethod
    def of(
        cls,
        drawn: Mapping[str, list[Numbers]],
        layers: Mapping[str, Geometries],
        centre: Numbers,
        filled: Collection[str],
    ) -> _Ground:
        """Draw the trusted layers that fill the most cells."""
        from scipy.fft import irfft2, rfft2  # noqa: PLC0415  heavy

        cells = {name: _cells(lots, centre, half=_CELLS // 2) for name, lots in drawn.items()}
        most = sorted(
            (name for name in cells if len(cells[name]) >= _TRUSTED_CELLS), key=lambda n: (-len(cells[n]), n)
        )
        grids = {name: _grid(cells[name]) for name in most[:_MOST_TRUSTED]}
        inner = {f"{name} filled": _inner_cells(layers[name], centre) for name in filled if name in grids}
        grids |= {name: _grid(of) for name, of in inner.items() if len(of)}
        band = _band()
        spectra = {name: rfft2(grid) * band for name, grid in grids.items()}
        images = {name: irfft2(of * band, s=(_CELLS, _CELLS)) for name, of in spectra.items()}
        return cls({name: (image / image.std()).ravel() for name, image in images.items()}, spectra)

    def others(self, layer: str) -> list[str]:
        """List what a layer can be compared with."""
        return [name for name in self.images if name.removesuffix(" filled") != layer]

    def may_be_shifted(self, layer: str, cells: NDArray[np.intp], moves: list[_Move]) -> bool:
        """Take a first look: whether a part of the layer fits better after one of the moves than as it is."""
        some = cells[:: max(len(cells) // _FIRST_LOOK, 1)]
        fit = [
            self._fit(layer, some, east, north)
            for east, north in [(0, 0), *((m.east, m.north) for m in moves)]
        ]
        return max(fit[1:]) > fit[0]

    def _fit(self, layer: str, cells: NDArray[np.intp], east: int, north: int) -> float:
        by_east, by_north = _disk(_TOLERANCE)
        offsets = (by_north + north) * _CELLS + by_east + east
        total = np.zeros(len(offsets))
        for name in self.others(layer):
            total += self.images[name][cells[:, None] + offsets].sum(axis=0) ** 2
        return float(total.max())

    def judged(self, layer: str, cells: NDArray[np.intp], moves: list[_Move]) -> Iterator[Suspicion]:
        """Compare each move with all others within reach."""
        surface = self._surface(layer, cells)
        by_east, by_north = _disk(_TOLERANCE)

        def best(east: int, north: int) -> float:
            return float(surface[_REACH + north + by_north, _REACH + east + by_east].max())

        move = max(moves, key=lambda of: best(of.east, of.north))
        peak = best(move.east, move.north)
        north, east = np.mgrid[-_REACH : _REACH + 1, -_REACH : _REACH + 1]
        is_other = np.hypot(east, north) <= _REACH
        is_other &= np.hypot(east - move.east, north - move.north) > _AROUND
        ratio = peak / max(float(surface[is_other].max()), np.finfo(float).tiny)
        figure = figure_standard("coordinates").figure
        if ratio >= figure("peak_ratio") and peak >= figure("zero_ratio") * best(0, 0):
            yield Suspicion(layer, move.system, move.length_m, ratio)

    def _surface(self, layer: str, cells: NDArray[np.intp]) -> Numbers:
        """Sum the squared correlations for every move, north by east, no move in the middle."""
        from scipy.fft import irfft2, rfft2  # noqa: PLC0415  heavy

        spectrum = np.conj(rfft2(_grid(cells)) * _band())
        span = np.arange(-_REACH, _REACH + 1)
        total = np.zeros((len(span), len(span)))
        for name in self.others(layer):
            fit = irfft2(self.spectra[name] * spectrum, s=(_CELLS, _CELLS))[np.ix_(span, span)]
            spread = fit.std()
            total += ((fit - fit.mean()) / spread) ** 2 if spread > 0 else 0.0
        return total


def _outline_points(geometries: Geometries) -> list[Numbers]:
    """Give points as dense as the grid along lines and outlines, in lots; points as they are."""
    # What is drawn is far larger than what it is drawn from, so that there is never more than a lot of it.
    lots = (geometries[first : first + _AT_ONCE] for first in range(0, len(geometries), _AT_ONCE))
    return [np.asarray(shapely.get_coordinates(shapely.segmentize(lot, _CELL_M * 0.7))) for lot in lots]


def _middle(lots: list[Numbers]) -> Numbers:
    """Give the median of points, of one axis after the other."""
    axes = (np.concatenate([lot[:, axis] for lot in lots]) for axis in (0, 1))
    return np.array([np.median(values, overwrite_input=True) for values in axes])


def _cells(lots: list[Numbers], centre: Numbers, *, half: int) -> NDArray[np.intp]:
    """Give the cells that points fall in, each once, within half so many cells of the centre."""
    found = [np.empty(0, dtype=np.intp)]
    for points in lots:
        place = np.floor((points - centre) / _CELL_M)
        inside = place[((place >= -half) & (place < half)).all(axis=1)].astype(np.intp) + _CELLS // 2
        found.append(_once(inside[:, 1] * _CELLS + inside[:, 0]))
    return _once(np.concatenate(found))


def _once(cells: NDArray[np.intp]) -> NDArray[np.intp]:
    is_there = np.zeros(_CELLS * _CELLS, dtype=bool)
    is_there[cells] = True
    return np.flatnonzero(is_there)


def _grid(cells: NDArray[np.intp]) -> Grid:
    grid = np.zeros(_CELLS * _CELLS, dtype=np.float32)
    grid[cells] = 1.0
    return grid.reshape(_CELLS, _CELLS)


def _inner_cells(geometries: Geometries, centre: Numbers) -> NDArray[np.intp]:
    """Give the cells whose middle lies in a polygon; none where polygons are so large that it takes long."""
    corner = centre - _CELLS / 2 * _CELL_M
    bounds = (shapely.bounds(geometries) - np.tile(corner, 2)) / _CELL_M
    low = np.clip(np.ceil(bounds[:, :2] - 0.5), 0, _CELLS)
    wide, high = np.maximum(np.clip(np.floor(bounds[:, 2:] - 0.5) + 1, 0, _CELLS) - low, 0).astype(np.intp).T
    count = wide * high
    if count.sum() > _MOST_INNER:
        return np.empty(0, dtype=np.intp)
    of = np.repeat(np.arange(len(count)), count)
    rank = np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count)
    place = low[of].astype(np.intp) + np.column_stack([rank % wide[of], rank // wide[of]])
    middle = corner + (place + 0.5) * _CELL_M
    is_in = shapely.contains_xy(geometries[of], middle[:, 0], middle[:, 1])
    return _once((place[:, 1] * _CELLS + place[:, 0])[is_in])


def _band() -> Grid:
    """Give the weight of each frequency: what is as large as a street or a house."""
    along = np.fft.fftfreq(_CELLS)[:, None] ** 2 + np.fft.rfftfreq(_CELLS)[None] ** 2
    low = [np.exp(-2 * np.pi**2 * cells**2 * along) for cells in (_FINE, _COARSE)]
    return np.asarray(low[0] * (1 - low[1]), dtype=np.float32)


def _disk(radius: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    north, east = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    inside = np.hypot(east, north) <= radius
    return east[inside], north[inside]
