"""What is known of a raster before a pixel of it is read."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyproj import CRS

__all__ = ["QualityRule", "RasterBand", "RasterFile", "use_own_projections"]


@dataclass(frozen=True)
class RasterBand:
    """One band: where it lies, and how its numbers become values: ``value = number · scale + offset``.

    Parameters
    ----------
    path
        Its file.
    index
        Its number in the file, from 1.
    scale, offset
        How numbers become values; ``None`` for what the file itself says, else 1 and 0.
    nodata
        The number that means nothing was measured; ``None`` for what the file itself says.
    """

    path: Path
    index: int = 1
    scale: float | None = None
    offset: float | None = None
    nodata: float | None = None


@dataclass(frozen=True)
class QualityRule:
    """Bits of a quality band that spoil a pixel: ``number & mask == value``.

    Parameters
    ----------
    cause
        Why the pixel is left out.
    mask, value
        The bits looked at, and what they must be.
    """

    cause: Literal["nodata", "cloud", "shadow"]
    mask: int
    value: int


@dataclass(frozen=True)
class RasterFile:
    """A raster layer of a town: bands by name, and what its files cannot say of themselves.

    Parameters
    ----------
    bands
        Bands by their names: ``red`` and ``nir`` of imagery, ``height`` of canopies.
    date
        When it was taken, as ``2024-07-20``; empty if unknown.
    sensor
        What took it; empty if unknown.
    crs
        The coordinate system of files that carry none; ``None`` for the files' own.
    quality
        Band of quality bits.
    quality_rules
        Which of its bits spoil a pixel.
    """

    bands: Mapping[str, RasterBand]
    date: str = ""
    sensor: str = ""
    crs: CRS | None = None
    quality: RasterBand | None = None
    quality_rules: tuple[QualityRule, ...] = ()


def use_own_projections() -> None:
    """Let rasterio look codes up in the database it brings along.

    QGIS and PostGIS set ``PROJ_LIB`` to a database of their own version, which rasterio takes up whenever it
    opens a file and then cannot read. Pyproj and pyogrio look in their own first.
    """
    import rasterio.env  # noqa: PLC0415  heavy

    own = Path(rasterio.__file__).with_name("proj_data")
    if own.is_dir():
        for name in ("PROJ_LIB", "PROJ_DATA"):
            os.environ.pop(name, None)
        # It may have been imported before us.
        rasterio.env.set_proj_data_search_path(str(own))
