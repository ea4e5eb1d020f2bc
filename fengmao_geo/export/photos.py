"""Pictures of spaces, small enough for a page: turned upright, without what a camera writes beside them."""

from __future__ import annotations

import base64
import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageOps

from fengmao_geo.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["space_photos"]

_ENDINGS = (".jpg", ".jpeg", ".png")
_SIDE_PX = 480
_QUALITY = 72


def space_photos(folder: str | Path, *, spaces: Iterable[str]) -> dict[str, str]:
    """Read the pictures of spaces, each named as the space's id.

    Parameters
    ----------
    folder
        Where they lie: ``<space_id>.jpg``, ``.jpeg`` or ``.png``; other files are none.
    spaces
        The ids of the spaces there are.

    Returns
    -------
    dict
        Data-URIs of JPEG pictures of at most 480 pixels a side, by the space's id, without the place and the
        time that a camera wrote.

    Raises
    ------
    UsageError
        If the folder is not there, or pictures cannot be read or are named as no space; all are named.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     Image.new("RGB", (900, 600)).save(Path(folder) / "S1.png")
    ...     space_photos(folder, spaces=["S1", "S2"])["S1"][:22]
    'data:image/jpeg;base64'
    """
    source = Path(folder)
    if not source.is_dir():
        raise UsageError("photos_missing", folder=str(source))
    files = sorted(file for file in source.iterdir() if file.suffix.lower() in _ENDINGS)
    known = set(spaces)
    if strange := [file.name for file in files if file.stem not in known]:
        raise UsageError("photos_unknown", files=", ".join(strange))
    made = {file.stem: _small(file) for file in files}
    if broken := [file.name for file in files if made[file.stem] is None]:
        raise UsageError("photos_unreadable", files=", ".join(broken))
    return {space: picture for space, picture in made.items() if picture is not None}


def _small(file: Path) -> str | None:
    """Shrink a picture; ``None`` where it is none, or so large that it is meant to do harm."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=("JPEG", "PNG")) as opened:
                upright = ImageOps.exif_transpose(opened).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None
    upright.thumbnail((_SIDE_PX, _SIDE_PX))
    written = io.BytesIO()
    upright.save(written, "JPEG", quality=_QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(written.getvalue()).decode('ascii')}"
