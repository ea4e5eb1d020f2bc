"""Streets drawn as surfaces or edges: the figures with which they become centre lines."""

from __future__ import annotations

from functools import cache

from fengmao_geo.standards.files import read_record, read_toml, shipped
from fengmao_geo.standards.records import Record, Tag, Words
from fengmao_geo.standards.spaces import Figure  # noqa: TC001  read by pydantic

__all__ = ["SurfaceStandard", "surface_standard"]


class SurfaceStandard(Record):
    """How streets drawn as surfaces or edges become centre lines.

    Parameters
    ----------
    source, tag
        Where it comes from and how sure it is.
    figures
        Thresholds; the unit ends the name.
    """

    source: Words
    tag: Tag
    figures: dict[str, Figure]

    def figure(self, name: str) -> float:
        """Look up a threshold.

        Parameters
        ----------
        name
            Its name in ``street_surfaces.toml``.

        Returns
        -------
        float
            Its value, in the unit that ends the name.

        Examples
        --------
        >>> surface_standard().figure("edge_width_m")
        40.0
        """
        return self.figures[name].value


@cache
def surface_standard() -> SurfaceStandard:
    """Read how streets drawn as surfaces or edges become centre lines.

    Returns
    -------
    SurfaceStandard
        The thresholds.

    Examples
    --------
    >>> surface_standard().figures["spacing_m"].tag
    'P'
    """
    path = shipped("street_surfaces.toml")
    return read_record(path, SurfaceStandard, read_toml(path))
