"""What a raster file says of itself, and what is wrong with it, from its header and a few small windows."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import CRS

from fengmao_geo.findings import Finding
from fengmao_geo.geo.crs import parse_crs
from fengmao_geo.geo.raster_file import use_own_projections
from fengmao_geo.geo.raster_whole import driver_of, format_fault, whole_fault
from fengmao_geo.geo.zones import crs_name, looks_like

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import geopandas as gpd
    from affine import Affine
    from numpy.typing import NDArray

__all__ = [
    "RasterHead",
    "Sample",
    "covered_share",
    "fitting_crs",
    "grid_findings",
    "is_remote",
    "read_head",
    "sample_numbers",
]

#: A raster of this many pixels or fewer is looked at whole, a larger one in windows.
_WHOLE_COUNT = 2**18
_WINDOWS, _WINDOW = 5, 64


@dataclass(frozen=True)
class RasterHead:
    """What a raster file says of itself; no pixel is read for it.

    Parameters
    ----------
    path
        The file.
    width, height
        Pixels in a row and in a column.
    transform
        From column and row to coordinates.
    crs
        Its coordinate system, as pyproj understands it; ``None`` if it names none.
    has_grid
        Whether it says where its pixels lie.
    names
        What it calls its bands; empty where it does not.
    dtypes, nodata, scales, offsets
        Of each band.
    """

    path: Path
    width: int
    height: int
    transform: Affine
    crs: CRS | None
    has_grid: bool
    names: tuple[str, ...]
    dtypes: tuple[str, ...]
    nodata: tuple[float | None, ...]
    scales: tuple[float, ...]
    offsets: tuple[float, ...]

    @property
    def count(self) -> int:
        """How many bands it has."""
        return len(self.dtypes)

    @property
    def box(self) -> shapely.Geometry:
        """Its outline in its own coordinates."""
        at, corners = self.transform, ((0, 0), (self.width, 0), (self.width, self.height), (0, self.height))
        return shapely.Polygon([(at.c + at.a * x + at.b * y, at.f + at.d * x + at.e * y) for x, y in corners])

    def is_same_grid(self, other: RasterHead) -> bool:
        """Say whether another file has the same pixels.

        Parameters
        ----------
        other
            The other file.

        Returns
        -------
        bool
            True if size, place and coordinate system are the same.
        """
        same = (self.width, self.height) == (other.width, other.height) and self.crs == other.crs
        return same and self.transform.almost_equals(other.transform, precision=1e-9)


@dataclass(frozen=True, eq=False)
class Sample:
    """Numbers of a few pixels, as they are stored.

    Parameters
    ----------
    numbers
        One row a band, one column a pixel.
    is_edge
        Whether each pixel is one of the outermost.
    """

    numbers: NDArray[Any]
    is_edge: NDArray[np.bool_]


def is_remote(path: str) -> bool:
    """Say whether a path is an address or one of GDAL's own file systems.

    Parameters
    ----------
    path
        A path as it is written.

    Returns
    -------
    bool
        True if it is.

    Examples
    --------
    >>> is_remote("/vsicurl/http://example.org/a.tif"), is_remote("a.tif")
    (True, False)
    """
    return "://" in path or path.startswith("/vsi")


def read_head(path: Path, *, layer: str) -> tuple[RasterHead | None, list[Finding]]:
    """Read the header of a GeoTIFF or JPEG 2000 file, and see whether the file is whole.

    Parameters
    ----------
    path
        The file; its first bytes must be those of its suffix.
    layer
        Whom to name in the findings.

    Returns
    -------
    RasterHead or None
        The header; ``None`` if the file cannot be used.
    list
        What is wrong with the file.

    Examples
    --------
    >>> from pathlib import Path
    >>> read_head(Path("nowhere.tif"), layer="elevation")[1][0].code
    'file_missing'
    """
    import rasterio  # noqa: PLC0415  heavy
    from rasterio.errors import NotGeoreferencedWarning, RasterioError  # noqa: PLC0415  heavy

    use_own_projections()
    try:
        if fault := format_fault(path, layer):
            return None, [fault]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(path.resolve(), driver=driver_of(path)) as source:
                fault = whole_fault(source, path, layer)
                return (None, [fault]) if fault else (_head(source, path), [])
    except (RasterioError, OSError, ValueError) as reason:
        return None, [Finding("file_broken", layer, values={"file": path.name, "reason": str(reason)})]


def _head(source: Any, path: Path) -> RasterHead:  # noqa: ANN401  rasterio is untyped
    crs = None if source.crs is None else parse_crs(source.crs.to_wkt())
    return RasterHead(
        path=path,
        width=source.width,
        height=source.height,
        transform=source.transform,
        crs=crs if isinstance(crs, CRS) else None,
        has_grid=not source.transform.is_identity,
        names=tuple(name or "" for name in source.descriptions),
        dtypes=tuple(source.dtypes),
        nodata=tuple(source.nodatavals),
        scales=tuple(source.scales),
        offsets=tuple(source.offsets),
    )


def grid_findings(head: RasterHead, *, layer: str) -> list[Finding]:
    """Say why a raster's pixels cannot be laid over the town, if they cannot.

    Parameters
    ----------
    head
        The raster's header.
    layer
        Whom to name in the finding.

    Returns
    -------
    list
        An error if its pixels lie nowhere, are turned, sheared, or count from the south.
    """
    values = {"file": head.path.name}
    if not head.has_grid:
        return [Finding("raster_unplaced", layer, values=values)]
    at = head.transform
    is_upright = at.a > 0 > at.e and max(abs(at.b), abs(at.d)) <= 1e-9 * min(at.a, -at.e)
    return [] if is_upright else [Finding("raster_turned", layer, values=values)]


def sample_numbers(head: RasterHead, bands: Sequence[int]) -> Sample:
    """Read numbers of bands: all of a small raster, else of small windows from corner to corner.

    Parameters
    ----------
    head
        The raster's header.
    bands
        The numbers of the bands, from 1.

    Returns
    -------
    Sample
        As they are stored, without scale, offset or mask.

    Raises
    ------
    OSError
        If a window cannot be unpacked.
    """
    import rasterio  # noqa: PLC0415  heavy
    from rasterio.errors import NotGeoreferencedWarning  # noqa: PLC0415  heavy
    from rasterio.windows import Window  # noqa: PLC0415  heavy

    numbers, edges = [], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(head.path.resolve(), driver=driver_of(head.path)) as source:
            for left, top, width, height in _windows(head.width, head.height):
                found = source.read(list(bands), window=Window(left, top, width, height))
                numbers.append(found.reshape(len(bands), -1))
                down, across = np.mgrid[top : top + height, left : left + width]
                is_edge = (down % (head.height - 1 or 1) == 0) | (across % (head.width - 1 or 1) == 0)
                edges.append(is_edge.ravel())
    return Sample(np.concatenate(numbers, axis=1), np.concatenate(edges))


def _windows(width: int, height: int) -> list[tuple[int, int, int, int]]:
    """List windows as left, top, width, height."""
    if width * height <= _WHOLE_COUNT:
        return [(0, 0, width, height)]
    across, down = min(_WINDOW, width), min(_WINDOW, height)
    lefts = np.unique(np.linspace(0, width - across, _WINDOWS).astype(int))
    tops = np.unique(np.linspace(0, height - down, _WINDOWS).astype(int))
    return [(int(left), int(top), across, down) for top in tops for left in lefts]


def covered_share(head: RasterHead, ground: gpd.GeoSeries, *, crs: CRS) -> float:
    """Give the share of some ground that a raster covers, by its outline.

    Parameters
    ----------
    head
        The raster's header.
    ground
        Polygons, with their CRS.
    crs
        The raster's CRS.

    Returns
    -------
    float
        Between 0 and 1; 0 too where the ground has no coordinates in that CRS.
    """
    area = shapely.union_all(ground.to_crs(crs).to_numpy())
    if not area.area or not np.isfinite(area.bounds).all():
        return 0.0
    return float(shapely.area(shapely.intersection(area, head.box)) / area.area)


def fitting_crs(head: RasterHead, ground: gpd.GeoSeries | None) -> list[str]:
    """Name the coordinate systems in which a raster's numbers would lie on some ground.

    Parameters
    ----------
    head
        The raster's header.
    ground
        Polygons, with their CRS; ``None`` if nothing is known of the place.

    Returns
    -------
    list
        Names with their EPSG codes, the ground's own system first; empty if the numbers fit none.
    """
    if ground is not None and ground.crs is not None:
        tried = [ground.crs, ground.estimate_utm_crs(), *(CRS.from_epsg(code) for code in (4490, 3857))]
        if fits := [crs_name(crs) for crs in tried if covered_share(head, ground, crs=crs) > 0]:
            return fits[:1]
    middle = shapely.centroid(head.box)
    return looks_like(float(shapely.get_x(middle)), float(shapely.get_y(middle)))
