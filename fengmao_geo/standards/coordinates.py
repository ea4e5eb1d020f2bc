"""When coordinates look wrong: the figures, each with its source."""

from __future__ import annotations

from functools import cache

from fengmao_geo.standards.files import read_record, read_toml, shipped
from fengmao_geo.standards.records import Record, Tag, Words
from fengmao_geo.standards.spaces import Figure  # noqa: TC001  read by pydantic

__all__ = ["CoordinateStandard", "coordinate_standard"]


class CoordinateStandard(Record):
    """When coordinates and their systems look wrong.

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
            Its name in ``coordinates.toml``.

        Returns
        -------
        float
            Its value, in the unit that ends the name.

        Examples
        --------
        >>> coordinate_standard().figure("away_m")
        10000.0
        """
        return self.figures[name].value


@cache
def coordinate_standard() -> CoordinateStandard:
    """Read when coordinates look wrong.

    Returns
    -------
    CoordinateStandard
        The thresholds.

    Examples
    --------
    >>> coordinate_standard().figures["area_scale_ppm"].tag
    'P'
    """
    path = shipped("coordinates.toml")
    return read_record(path, CoordinateStandard, read_toml(path))
