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

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_JPEG2000 = (b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51")

#: First bytes and GDAL's driver of each suffix; no other driver may look at the file.
_FORMATS = {".tif": (_TIFF, "GTiff"), ".tiff": (_TIFF, "GTiff"), ".jp2": (_JPEG2000, "JP2OpenJPEG")}

#: The largest piece that is unpacked at once; one such piece and its copy leave room in a gigabyte.
_BLOCK_BYTES = 256 * 2**20

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
        corners = [(0, 0), (self.width, 0), (self.width, self.height), (0, self.height)]
        return shapely.Polygon([self.transform * corner for corner in corners])

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

    if fault := _format_fault(path, layer):
        return None, [fault]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(path.resolve(), driver=_FORMATS[path.suffix.casefold()][1]) as source:
                fault = _whole_fault(source, path, layer)
                return (None, [fault]) if fault else (_head(source, path), [])
    except (RasterioError, OSError, ValueError) as reason:
        return None, [Finding("file_broken", layer, values={"file": path.name, "reason": str(reason)})]


def _format_fault(path: Path, layer: str) -> Finding | None:
    if not path.is_file():
        return Finding("file_missing", layer, column="path", values={"file": str(path)})
    suffix = path.suffix.casefold()
    if suffix not in _FORMATS:
        return Finding("file_format", layer, values={"file": path.name, "known": ", ".join(_FORMATS)})
    try:
        with path.open("rb") as file:
            begins = file.read(12)
    except OSError as reason:
        return Finding("file_broken", layer, values={"file": path.name, "reason": str(reason)})
    if begins.startswith(_FORMATS[suffix][0]):
        return None
    return Finding("file_first_bytes", layer, values={"file": path.name, "head": repr(begins)[2:-1]})


def _whole_fault(source: Any, path: Path, layer: str) -> Finding | None:  # noqa: ANN401  rasterio is untyped
    """Say why a file's pixels cannot be read, if they cannot: cut short, of no use, or in too large pieces."""
    name = path.name
    if odd := [kind for kind in source.dtypes if np.dtype(kind).kind not in "iuf"]:
        return Finding("raster_type", layer, values={"file": name, "type": odd[0]})
    rows, columns = source.block_shapes[0]
    together = source.count if str(source.profile.get("interleave")) == "pixel" else 1
    piece = rows * columns * together * np.dtype(source.dtypes[0]).itemsize
    if piece > _BLOCK_BYTES:
        return Finding("raster_block", layer, values={"file": name, "size_mb": piece // 2**20})
    stated, there = _stated_bytes(source, bands=source.count if together == 1 else 1), path.stat().st_size
    if stated > there:
        return Finding("raster_cut", layer, values={"file": name, "stated": stated, "size": there})
    return None


def _stated_bytes(source: Any, *, bands: int) -> int:  # noqa: ANN401  rasterio is untyped
    """Give the end of the last piece of pixels that a TIFF states; 0 for other formats and empty pieces."""
    rows, columns = source.block_shapes[0]
    down, across = -(-source.height // rows), -(-source.width // columns)
    ends = [
        int(start) + int(source.get_tag_item(f"BLOCK_SIZE_{at}", "TIFF", bidx=band) or 0)
        for band in range(1, bands + 1)
        for at in (f"{column}_{row}" for row in range(down) for column in range(across))
        if (start := source.get_tag_item(f"BLOCK_OFFSET_{at}", "TIFF", bidx=band))
    ]
    return max(ends, default=0)


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
        with rasterio.open(head.path.resolve(), driver=_FORMATS[head.path.suffix.casefold()][1]) as source:
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
    middle = head.box.centroid
    return looks_like(middle.x, middle.y)
