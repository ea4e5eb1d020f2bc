"""Rasters read window by window: numbers become values, and come to a grid without losing area."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from pyproj import CRS

from fengmao_geo.errors import UnknownNameError, UsageError
from fengmao_geo.geo.raster_file import use_own_projections
from fengmao_geo.geo.raster_place import place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from rasterio.io import DatasetReader

    from fengmao_geo.geo.raster_file import RasterBand, RasterFile
    from fengmao_geo.geo.raster_place import Grid, Place

    Stored = NDArray[Any]
    Values = NDArray[np.floating]
    Codes = NDArray[np.uint8]
    Flags = NDArray[np.bool_]

__all__ = ["CAUSES", "Pixels", "RasterReader", "open_raster"]

#: Why a pixel has no value; its number in an array of causes is its place here.
CAUSES = ("valid", "outside", "nodata", "cloud", "shadow", "masked")

# GDAL keeps blocks it has unpacked, by default as many as fill a share of the machine's memory. In bytes:
# rasterio hands the number on as it is.
_CACHE_BYTES = 64 * 2**20


class Pixels(NamedTuple):
    """Values of one window by the names of their bands, NaN where there are none, and why there are none."""

    values: dict[str, Values]
    cause: Codes


@dataclass(frozen=True, eq=False)
class RasterReader:
    """An open raster.

    Parameters
    ----------
    file
        What is known of it.
    names
        The bands that are read.
    datasets
        Its open files by their paths.
    """

    file: RasterFile
    names: tuple[str, ...]
    datasets: dict[str, DatasetReader]

    @property
    def first(self) -> DatasetReader:
        """The file of its first band, to whose pixels a grid is aligned."""
        return self._dataset(self.file.bands[self.names[0]])

    @property
    def crs(self) -> CRS:
        """Its coordinate system: the file's own, else what was stated."""
        return self._crs(self.first)

    @property
    def is_raw(self) -> bool:
        """Whether its numbers are whole and nothing says how they become values."""
        return all(
            np.dtype(self._dataset(band).dtypes[band.index - 1]).kind in "iu"
            and self._line(band) == (1.0, 0.0)
            for band in (self.file.bands[name] for name in self.names)
        )

    def read(self, grid: Grid) -> Pixels:
        """Read the values on a grid: at its own resolution as they are, else area-true.

        Parameters
        ----------
        grid
            The cells wanted; all of its source is held in memory.

        Returns
        -------
        Pixels
            Values, shape ``(height, width)``, as float32 (float64 from wider numbers), and the causes. A cell
            that any pixel without a value touches has none.

        Raises
        ------
        UsageError
            If a file cannot be read to its end.
        """
        values: dict[str, Values] = {}
        cause = np.zeros((grid.height, grid.width), dtype=np.uint8)
        for path, dataset in self.datasets.items():
            names = [name for name in self.names if str(self.file.bands[name].path) == path]
            if not names:
                continue
            where = place(self._crs(dataset), dataset.transform, grid)
            indexes = [self.file.bands[name].index for name in names]
            found = _numbers(dataset, indexes, where, has_mask=self._has_mask(dataset, path))
            for name, numbers in zip(names, found.numbers, strict=True):
                band = self.file.bands[name]
                values[name] = where.bring(self._values(dataset, band, numbers, found.is_missing))
                cause[np.isnan(values[name])] = CAUSES.index("nodata")
            if found.is_missing is not None:
                is_outside = ~(where.bring((~found.is_outside).astype(np.float32)) > 1 - 1e-6)
                cause[is_outside] = CAUSES.index("outside")
        self._spoil(grid, cause)
        return Pixels({name: values[name] for name in self.names}, cause)

    def _crs(self, dataset: DatasetReader) -> CRS:
        if dataset.crs is not None:
            return _parsed(dataset.crs.to_wkt())
        if self.file.crs is None:
            raise UsageError("raster_crs_missing", file=self.file.bands[self.names[0]].path.name)
        return self.file.crs

    def _has_mask(self, dataset: DatasetReader, path: str) -> bool:
        """Say whether a file masks pixels; a fourth band that GDAL takes for opacity may be near infrared."""
        from rasterio.enums import ColorInterp, MaskFlags  # noqa: PLC0415  heavy

        named = {band.index for band in self.file.bands.values() if str(band.path) == path}
        opacity = {at for at, kind in enumerate(dataset.colorinterp, 1) if kind == ColorInterp.alpha}
        masked = any(MaskFlags.per_dataset in flags for flags in dataset.mask_flag_enums)
        return masked and not opacity & named

    def _dataset(self, band: RasterBand) -> DatasetReader:
        return self.datasets[str(band.path)]

    def _line(self, band: RasterBand) -> tuple[float, float]:
        dataset, at = self._dataset(band), band.index - 1
        scale = dataset.scales[at] if band.scale is None else band.scale
        return float(scale), float(dataset.offsets[at] if band.offset is None else band.offset)

    def _values(
        self, dataset: DatasetReader, band: RasterBand, numbers: Stored, missing: Flags | None
    ) -> Values:
        # Whole numbers become fractions before anything is done with them: nothing can overflow.
        is_narrow = numbers.dtype.itemsize <= 2 or numbers.dtype == np.float32
        values: Values = numbers.astype(np.float32 if is_narrow else np.float64)
        scale, offset = self._line(band)
        if scale != 1:
            values *= scale
        if offset != 0:
            values += offset
        nodata = dataset.nodatavals[band.index - 1] if band.nodata is None else band.nodata
        if nodata is not None and _holds(numbers, nodata):
            values[numbers == numbers.dtype.type(nodata)] = np.nan
        if numbers.dtype.kind == "f":
            values[~np.isfinite(values)] = np.nan
        if missing is not None:
            values[missing] = np.nan
        return values

    def _spoil(self, grid: Grid, cause: Codes) -> None:
        """Give the cells that the quality band spoils their causes."""
        band = self.file.quality
        if band is None:
            return
        dataset = self._dataset(band)
        where = place(self._crs(dataset), dataset.transform, grid)
        (numbers,) = _numbers(dataset, [band.index], where).numbers
        bits = numbers.astype(np.int64)
        for rule in reversed(self.file.quality_rules):
            is_spoilt = where.bring(((bits & rule.mask) == rule.value).astype(np.float32)) > 1e-9
            cause[is_spoilt & (cause != CAUSES.index("outside"))] = CAUSES.index(rule.cause)


def _holds(numbers: Stored, nodata: float) -> bool:
    """Say whether an array's kind of number can be this one at all: -9999 is none of unsigned integers."""
    if numbers.dtype.kind == "f":
        return True
    limits = np.iinfo(numbers.dtype)
    return float(nodata).is_integer() and limits.min <= nodata <= limits.max


@lru_cache(maxsize=64)
def _parsed(text: str) -> CRS:
    return CRS.from_user_input(text)


class _Found(NamedTuple):
    numbers: Stored
    is_missing: Flags | None
    is_outside: Flags


def _numbers(dataset: DatasetReader, indexes: list[int], where: Place, *, has_mask: bool = False) -> _Found:
    """Read the numbers of a part of a file that may reach beyond it; there it is padded and marked."""
    from rasterio import windows as rio  # noqa: PLC0415  heavy
    from rasterio.errors import RasterioIOError  # noqa: PLC0415  heavy

    top, left = max(where.row, 0), max(where.col, 0)
    bottom = min(where.row + where.height, dataset.height)
    right = min(where.col + where.width, dataset.width)
    shape = (where.height, where.width)
    if bottom <= top or right <= left:
        empty = np.zeros((len(indexes), *shape), dtype=dataset.dtypes[indexes[0] - 1])
        return _Found(empty, np.ones(shape, dtype=np.bool_), np.ones(shape, dtype=np.bool_))
    part = rio.Window(left, top, right - left, bottom - top)
    try:
        read = dataset.read(indexes, window=part)
        is_masked = dataset.dataset_mask(window=part) == 0 if has_mask else None
    except RasterioIOError as error:
        raise UsageError("raster_unreadable", file=dataset.name, reason=str(error)) from error
    if read.shape[1:] == shape:
        return _Found(read, is_masked, np.zeros(shape, dtype=np.bool_))
    pad = (
        (top - where.row, where.row + where.height - bottom),
        (left - where.col, where.col + where.width - right),
    )
    is_outside = np.pad(np.zeros(read.shape[1:], dtype=np.bool_), pad, constant_values=True)
    is_missing = is_outside if is_masked is None else np.pad(is_masked, pad, constant_values=True)
    return _Found(np.pad(read, ((0, 0), *pad)), is_missing, is_outside)


@contextmanager
def open_raster(file: RasterFile, *, names: Sequence[str]) -> Iterator[RasterReader]:
    """Open a raster for reading in windows, with a small cache of blocks.

    Parameters
    ----------
    file
        What is known of the raster.
    names
        The bands that will be read.

    Yields
    ------
    RasterReader
        The open raster; its files are closed at the end of the block.

    Raises
    ------
    UnknownNameError
        If the raster has no band of such a name.
    UsageError
        If a file cannot be opened.
    """
    import rasterio  # noqa: PLC0415  heavy
    from rasterio.errors import RasterioIOError  # noqa: PLC0415  heavy

    use_own_projections()
    for name in names:
        if name not in file.bands:
            raise UnknownNameError("unknown_band", name=name, known=", ".join(file.bands))
    bands = [file.bands[name] for name in names] + ([file.quality] if file.quality else [])
    with ExitStack() as stack:
        stack.enter_context(rasterio.Env(GDAL_CACHEMAX=_CACHE_BYTES, GDAL_NUM_THREADS=2))
        datasets: dict[str, DatasetReader] = {}
        for path in dict.fromkeys(band.path for band in bands):
            try:
                datasets[str(path)] = stack.enter_context(rasterio.open(path))
            except RasterioIOError as error:
                raise UsageError("raster_unreadable", file=path.name, reason=str(error)) from error
        yield RasterReader(file, tuple(names), datasets)
