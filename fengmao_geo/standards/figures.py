"""Figures by which data are judged or drawn anew, each with its source: files that hold nothing else."""

from __future__ import annotations

from functools import cache
from typing import Literal

from fengmao_geo.standards.files import read_record, read_toml, shipped
from fengmao_geo.standards.records import Record, Tag, Words
from fengmao_geo.standards.spaces import Figure  # noqa: TC001  read by pydantic

__all__ = ["FIGURE_FILES", "FigureFile", "FigureStandard", "figure_standard"]

#: When coordinates look wrong; by what layers and people that come in are judged; how streets drawn as
#: surfaces or edges become centre lines; how blocks are scored, and where new ones are proposed.
FigureFile = Literal["coordinates", "intake", "street_surfaces", "scores", "proposals"]
FIGURE_FILES: tuple[FigureFile, ...] = ("coordinates", "intake", "street_surfaces", "scores", "proposals")


class FigureStandard(Record):
    """Figures with what they are for.

    Parameters
    ----------
    source, tag
        Where they come from and how sure they are.
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
            Its name in the file.

        Returns
        -------
        float
            Its value, in the unit that ends the name.

        Examples
        --------
        >>> figure_standard("coordinates").figure("away_m")
        10000.0
        """
        return self.figures[name].value


@cache
def figure_standard(name: FigureFile) -> FigureStandard:
    """Read a file of figures.

    Parameters
    ----------
    name
        ``coordinates``, ``intake``, ``street_surfaces``, ``scores`` or ``proposals``.

    Returns
    -------
    FigureStandard
        Its figures.

    Examples
    --------
    >>> figure_standard("street_surfaces").figures["spacing_m"].tag
    'P'
    """
    path = shipped(f"{name}.toml")
    return read_record(path, FigureStandard, read_toml(path))
