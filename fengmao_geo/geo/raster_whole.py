"""Whether a raster file is what its suffix says, is all there, and can be read in small pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fengmao_geo.findings import Finding

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FORMATS", "driver_of", "format_fault", "whole_fault"]

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_JPEG2000 = (b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51")

#: First bytes and GDAL's driver of each suffix; no other driver may look at the file.
FORMATS = {".tif": (_TIFF, "GTiff"), ".tiff": (_TIFF, "GTiff"), ".jp2": (_JPEG2000, "JP2OpenJPEG")}

#: What marks a BigTIFF, what an entry of a TIFF's directory holds, and the bytes of a value of each type.
_BIG = 43
_ENTRY = ("tag", "type", "count", "at")
_TAG_BYTES = (0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8)

#: The largest piece that is unpacked at once; one such piece and its copy leave room in a gigabyte.
_BLOCK_BYTES = 256 * 2**20


def driver_of(path: Path) -> str:
    """Name the one driver of GDAL that may open a file.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    str
        The driver's name.

    Raises
    ------
    KeyError
        If files of its suffix are not read.

    Examples
    --------
    >>> from pathlib import Path
    >>> driver_of(Path("A.TIF"))
    'GTiff'
    """
    return FORMATS[path.suffix.casefold()][1]


def format_fault(path: Path, layer: str) -> Finding | None:
    """Say why a file is not opened, if it is not: absent, of another format, or with odd files beside it.

    Parameters
    ----------
    path
        The file.
    layer
        Whom to name in the finding.

    Returns
    -------
    Finding or None
        The fault.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    if not path.is_file():
        return Finding("file_missing", layer, column="path", values={"file": str(path)})
    suffix = path.suffix.casefold()
    if suffix not in FORMATS:
        return Finding("file_format", layer, values={"file": path.name, "known": ", ".join(FORMATS)})
    with path.open("rb") as file:
        begins = file.read(12)
    if not begins.startswith(FORMATS[suffix][0]):
        return Finding("file_first_bytes", layer, values={"file": path.name, "head": repr(begins)[2:-1]})
    return _beside_fault(path, layer)


def _beside_fault(path: Path, layer: str) -> Finding | None:
    """Refuse overviews and masks that are no TIFF: GDAL would open them as anything, addresses too."""
    names = [f"{path.name}{suffix}".casefold() for suffix in (".ovr", ".msk")]
    for beside in sorted(path.parent.iterdir()):
        if beside.name.casefold() in names:
            with beside.open("rb") as file:
                if not file.read(4).startswith(_TIFF):
                    return Finding("raster_beside", layer, values={"file": beside.name})
    return None


def whole_fault(source: Any, path: Path, layer: str) -> Finding | None:  # noqa: ANN401  rasterio is untyped
    """Say why a file's pixels cannot be read, if they cannot: cut short, no numbers, too large pieces.

    Parameters
    ----------
    source
        The file as rasterio opened it.
    path
        The file.
    layer
        Whom to name in the finding.

    Returns
    -------
    Finding or None
        The fault.
    """
    name = path.name
    if "OVERVIEW_FILE" in source.tags(ns="OVERVIEWS"):
        return Finding("raster_beside", layer, values={"file": f"{name}.aux.xml"})
    if odd := [kind for kind in source.dtypes if np.dtype(kind).kind not in "iuf"]:
        return Finding("raster_type", layer, values={"file": name, "type": odd[0]})
    rows, columns = source.block_shapes[0]
    together = source.count if str(source.profile.get("interleave")) == "pixel" else 1
    piece = rows * columns * together * np.dtype(source.dtypes[0]).itemsize
    if piece > _BLOCK_BYTES:
        return Finding("raster_block", layer, values={"file": name, "size_mb": piece // 2**20})
    pieces = _pieces_end(source, bands=source.count if together == 1 else 1)
    stated, there = max(pieces, _tags_end(path)), path.stat().st_size
    if stated > there:
        return Finding("raster_cut", layer, values={"file": name, "stated": stated, "size": there})
    return None


def _pieces_end(source: Any, *, bands: int) -> int:  # noqa: ANN401  rasterio is untyped
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


def _tags_end(path: Path) -> int:
    """Give the end of the last tag of a TIFF; GDAL does without those that are lost, CRS or scale."""
    with path.open("rb") as file:
        begins = file.read(16)
        if not begins.startswith(_TIFF):
            return 0
        order, is_big = "<" if begins.startswith(b"I") else ">", begins[2] + begins[3] == _BIG
        word, count, first = ("u8", "u8", 8) if is_big else ("u4", "u2", 4)
        file.seek(int(np.frombuffer(begins, order + word, 1, first)[0]))
        tags = int(np.frombuffer(file.read(np.dtype(count).itemsize), order + count)[0])
        entry = np.dtype(
            [(name, order + kind) for name, kind in zip(_ENTRY, ("u2", "u2", word, word), strict=True)]
        )
        found = np.frombuffer(file.read(tags * entry.itemsize), entry)
    sizes = found["count"].astype(float) * np.take(_TAG_BYTES, found["type"], mode="clip")
    apart = sizes > np.dtype(word).itemsize
    return int((found["at"] + sizes)[apart].max(initial=0))
