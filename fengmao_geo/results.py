"""The town and every table computed from it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from fengmao_geo.findings import Finding, findings_table, join_findings
from fengmao_geo.messages import text
from fengmao_geo.standards.figures import figure_standard

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd
    import pandas as pd

    from fengmao_geo.green.gain import GreenGains
    from fengmao_geo.life_circle.circles import LifeCircles
    from fengmao_geo.life_circle.school_routes import SchoolRoutes
    from fengmao_geo.messages import Lang
    from fengmao_geo.network.walk_network import WalkNetwork
    from fengmao_geo.tables import Programme
    from fengmao_geo.town.town import Town

__all__ = ["Results", "few_blocks"]

_STEPS = (
    "network",
    "circles",
    "spaces",
    "uses",
    "programme",
    "planned",
    "gains",
    "school_routes",
    "indicators",
    "block_scores",
    "red_lines",
    "block_matrix",
    "proposed_blocks",
)


@dataclass(frozen=True, repr=False)
class Results:
    """What is handed to indicators and exporters; a step that was not run is ``None``.

    Parameters
    ----------
    town
        The town the results are of.
    network
        Its walk network.
    circles
        Its life circles.
    spaces
        The spaces it could use: the table ``spaces``.
    uses
        What each could become: the table ``possible_uses``.
    space_findings
        What was found while looking for spaces, as a `SpaceSurvey` holds it.
    programme
        Which spaces are to become what.
    planned
        The life circles once the programme stands, or something else that is planned: a footbridge, a gate.
    planned_network
        The streets that ``planned`` was measured on, where they are not those of ``network``: with the
        footbridge, with the gate open.
    gains
        What became greener, and would by the programme.
    school_routes
        The walks to school.
    indicators
        Area by indicator by state: the table ``indicators``.
    scorecard, block_scores
        Block by indicator by state, and what that adds up to: the tables of these names.
    red_lines
        Block by red line: the table ``red_lines``.
    block_matrix
        What each block has of each batch and theme: the table ``block_matrix``.
    proposed_blocks
        Where renewal blocks would help most: the table ``proposed_blocks``.
    share
        Whom the results are for: ``internal``, or ``public`` as `public_results` makes them, in which nothing
        is told of single dwellings, owners and firms; what is left out is not there, which is not none.
    """

    town: Town
    network: WalkNetwork | None = None
    circles: LifeCircles | None = None
    spaces: gpd.GeoDataFrame | None = None
    uses: pd.DataFrame | None = None
    space_findings: pd.DataFrame | None = None
    programme: Programme | None = None
    planned: LifeCircles | None = None
    planned_network: WalkNetwork | None = None
    gains: GreenGains | None = None
    school_routes: SchoolRoutes | None = None
    indicators: pd.DataFrame | None = None
    scorecard: pd.DataFrame | None = None
    block_scores: pd.DataFrame | None = None
    red_lines: pd.DataFrame | None = None
    block_matrix: pd.DataFrame | None = None
    proposed_blocks: gpd.GeoDataFrame | None = None
    share: Literal["internal", "public"] = "internal"

    def __repr__(self) -> str:
        ran = [name for name in _STEPS if getattr(self, name) is not None]
        return f"<Results of {self.town.name}: {', '.join(ran) or 'nothing run'}>"

    def _repr_html_(self) -> str:
        import pandas as pd  # noqa: PLC0415  heavy

        rows = [(text(f"results.{name}"), _short(getattr(self, name))) for name in ("town", *_STEPS)]
        return str(pd.DataFrame(rows).to_html(index=False, header=False))

    def explore(
        self,
        *,
        block: str | int | None = None,
        lang: Lang = "zh",
        basemap: str | None = None,
        basemap_key: str | None = None,
    ) -> object:
        """Show the map of a block or of the town in a notebook.

        Parameters
        ----------
        block
            A block by its id, number or name; the town if it is left out.
        lang
            ``zh`` or ``en``.
        basemap, basemap_key
            As `write_block_maps` takes them.

        Returns
        -------
        object
            The page, which a notebook shows: a `MapPage`.

        Raises
        ------
        UsageError
            If there is no such block, or the basemap is not known or lacks its key.
        """
        # By the package's public name: what draws stands above the results.
        draw: Callable[..., object] = sys.modules[__name__.partition(".")[0]].explore
        return draw(self, block=block, lang=lang, basemap=basemap, basemap_key=basemap_key)

    @property
    def findings(self) -> pd.DataFrame:
        """Everything found on the way to the results, the worst first: the table ``findings``."""
        tables = [self.town.findings]
        if self.network is not None:
            tables.append(self.network.audit)
        if self.circles is not None:
            tables.append(self.circles.findings)
        if self.space_findings is not None:
            tables.append(self.space_findings)
        if self.gains is not None:
            tables.append(self.gains.findings)
        if self.school_routes is not None:
            tables.append(_others(self.school_routes.findings, tables))
        if self.block_matrix is not None:
            tables.append(few_blocks(self.block_matrix["block_id"].nunique()))
        return join_findings(tables)


def _short(step: object) -> str:
    """Say in a line what a step gave."""
    if step is None:
        return text("results.not_run")
    rows = getattr(step, "index", None)
    return repr(step).strip("<>") if rows is None else text("results.rows", count=len(rows))


def few_blocks(count: int) -> pd.DataFrame:
    """Say so where there are fewer renewal blocks than an application needs.

    Parameters
    ----------
    count
        How many there are.

    Returns
    -------
    DataFrame
        The table ``findings``: one row, or none.

    Examples
    --------
    >>> few_blocks(2)["code"].tolist(), len(few_blocks(3))
    (['few_blocks'], 0)
    """
    least = int(figure_standard("proposals").figure("blocks_count"))
    values = {"count": count, "least": least}
    return findings_table([Finding("few_blocks", "blocks", values=values)] if count < least else [])


def _others(findings: pd.DataFrame, tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Leave out what was found before: homes off the streets are so for every walk."""
    keys = ["layer", "feature_id", "code"]
    known = {key for table in tables for key in zip(*(table[name] for name in keys), strict=True)}
    is_new = [key not in known for key in zip(*(findings[name] for name in keys), strict=True)]
    return findings[is_new]
