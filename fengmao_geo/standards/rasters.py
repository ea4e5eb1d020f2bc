"""The rasters a town may have: their names, the bands they need, and when their numbers look wrong."""

from __future__ import annotations

from functools import cache
from typing import Literal

from fengmao_geo.standards.files import read_record, read_toml, refuse_shared, shipped
from fengmao_geo.standards.names import normalise
from fengmao_geo.standards.records import Record, Tag, Words
from fengmao_geo.standards.spaces import Figure  # noqa: TC001  read by pydantic

__all__ = ["RasterKind", "RasterName", "RasterStandard", "raster_standard"]


class RasterKind(Record):
    """What a raster of one kind must hold.

    Parameters
    ----------
    required
        The bands it cannot do without.
    bands
        The bands that are known, each with its other names.
    date
        Whether its date must be stated, should be, or is not asked for.
    is_zero_empty
        Whether a pixel of zeros at the edge looks like ground that was not measured.
    value_max
        Values above this are not in the unit they should be in; ``None`` if any may be.
    """

    required: tuple[Words, ...]
    bands: dict[str, tuple[Words, ...]]
    date: Literal["required", "wanted", ""] = ""
    is_zero_empty: bool = False
    value_max: Figure | None = None

    def band(self, theirs: str) -> str:
        """Find the library's name of a band; their own if it is not known.

        Parameters
        ----------
        theirs
            The band's name as it came.

        Returns
        -------
        str
            The name.
        """
        names = {normalise(name): ours for ours, other in self.bands.items() for name in (ours, *other)}
        return names.get(normalise(theirs), theirs)


class RasterName(Record):
    """One raster that a town may have.

    Parameters
    ----------
    kind
        What it holds.
    name_zh, name_en
        Its names.
    aliases
        Other names under which ``town.toml`` may give it.
    """

    kind: Words
    name_zh: Words
    name_en: Words
    aliases: tuple[Words, ...] = ()


class RasterStandard(Record):
    """Which rasters a town may have, and what is asked of them.

    Parameters
    ----------
    source, tag
        Where it comes from and how sure it is.
    figures
        Thresholds; the unit ends the name.
    kinds
        What rasters of each kind must hold.
    rasters
        The rasters by the library's names.
    """

    source: Words
    tag: Tag
    figures: dict[str, Figure]
    kinds: dict[str, RasterKind]
    rasters: dict[str, RasterName]

    def raster(self, theirs: str) -> str | None:
        """Find the library's name of a raster.

        Parameters
        ----------
        theirs
            Its name in ``town.toml``.

        Returns
        -------
        str or None
            The name; ``None`` if it is not known.

        Examples
        --------
        >>> raster_standard().raster("DEM"), raster_standard().raster("cats")
        ('elevation', None)
        """
        names = {normalise(name): ours for ours, of in self.rasters.items() for name in (ours, *of.aliases)}
        return names.get(normalise(theirs))

    def kind(self, raster: str) -> RasterKind:
        """Look up what a raster must hold.

        Parameters
        ----------
        raster
            The library's name of the raster.

        Returns
        -------
        RasterKind
            What is asked of it.

        Examples
        --------
        >>> raster_standard().kind("imagery_after").required
        ('red', 'nir')
        """
        return self.kinds[self.rasters[raster].kind]


@cache
def raster_standard() -> RasterStandard:
    """Read which rasters a town may have.

    Returns
    -------
    RasterStandard
        Names, bands and thresholds.

    Examples
    --------
    >>> raster_standard().kind("imagery_before").band("R")
    'red'
    """
    path = shipped("rasters.toml")
    read = read_record(path, RasterStandard, read_toml(path))
    refuse_shared(path, "rasters", {name: of.aliases for name, of in read.rasters.items()})
    for kind, of in read.kinds.items():
        refuse_shared(path, f"kinds.{kind}.bands", of.bands)
    return read
