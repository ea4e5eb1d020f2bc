"""Where the sample town lies, in an installed wheel or in the sources."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from fengmao_geo.errors import UsageError
from fengmao_geo.town.read import read_town

if TYPE_CHECKING:
    from fengmao_geo.town.town import Town

__all__ = ["sample_folder", "sample_town"]

_TOWN = "shuixiang"


def sample_folder() -> Path:
    """Find the folder of the sample town.

    Returns
    -------
    Path
        The folder that holds its ``town.toml``.

    Raises
    ------
    UsageError
        If this installation carries no sample town.

    Examples
    --------
    >>> sample_folder().name
    'shuixiang'
    """
    package = Path(str(files("fengmao_geo")))
    places = (package / "samples" / _TOWN, package.parent / "data" / "samples" / _TOWN)
    found = next((place for place in places if (place / "town.toml").is_file()), None)
    if found is None:
        raise UsageError("sample_missing", places=", ".join(str(place) for place in places))
    return found


def sample_town() -> Town:
    """Read the sample town: a made-up water town with four renewal blocks.

    Returns
    -------
    Town
        The town.

    Raises
    ------
    UsageError
        If this installation carries no sample town.

    Examples
    --------
    >>> "streets" in sample_town()
    True
    """
    return read_town(sample_folder())
