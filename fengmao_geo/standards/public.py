"""What of a town and its results is handed out, and how finely."""

from __future__ import annotations

from functools import cache

from fengmao_geo.standards.files import read_record, read_toml, shipped
from fengmao_geo.standards.records import Record, Tag, Words
from fengmao_geo.standards.spaces import Figure  # noqa: TC001  read by pydantic

__all__ = ["PublicStandard", "public_standard"]


class Withheld(Record):
    """What stays inside of layers that are handed out.

    Parameters
    ----------
    houses
        Layers of which single features tell of a house.
    kinds, controls
        Kinds of spaces, and controls whose spaces, are left out.
    evidence
        What was measured of a space that tells of a person or a firm.
    of_dwellings
        Columns whose indicators are left out where an area has few dwellings.
    """

    houses: tuple[Words, ...]
    kinds: tuple[Words, ...]
    controls: tuple[Words, ...]
    evidence: tuple[Words, ...]
    of_dwellings: tuple[Words, ...]


class Rasters(Record):
    """Rasters that are handed out.

    Parameters
    ----------
    kept
        Their names.
    """

    kept: tuple[Words, ...]


class PublicStandard(Record):
    """What is handed out.

    Parameters
    ----------
    source, tag
        Where it comes from and how sure it is.
    figures
        How finely; the unit ends the name.
    layers
        Layers, and the columns of each.
    withheld
        What stays inside of them.
    rasters
        Rasters that are handed out.
    """

    source: Words
    tag: Tag
    figures: dict[str, Figure]
    layers: dict[str, tuple[Words, ...]]
    withheld: Withheld
    rasters: Rasters

    def figure(self, name: str) -> float:
        """Look up a figure.

        Parameters
        ----------
        name
            Its name, with its unit.

        Returns
        -------
        float
            Its value.

        Examples
        --------
        >>> public_standard().figure("grid_m")
        1.0
        """
        return self.figures[name].value


@cache
def public_standard() -> PublicStandard:
    """Read what is handed out.

    Returns
    -------
    PublicStandard
        Layers, columns and figures.

    Examples
    --------
    >>> public_standard().layers["buildings"]
    ('id', 'use')
    """
    path = shipped("public.toml")
    return read_record(path, PublicStandard, read_toml(path))
