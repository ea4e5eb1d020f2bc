"""What proposed blocks are called and why they are proposed, in Chinese and English."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from fengmao_geo.messages import Lang, text
from fengmao_geo.standards.figures import figure_standard
from fengmao_geo.standards.green import green_standard
from fengmao_geo.standards.load import display_name

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.town.town import Town

    Geometries = NDArray[np.object_]

__all__ = ["along", "translate_proposals", "with_words"]

#: What runs along the outline of an area lies within this of it.
_ON_IT_M = 1.0

#: Classes of street that a place is named by, before lanes and the ways inside estates.
_NAMING = ("main", "secondary", "branch")


def along(town: Town, areas: Geometries) -> list[tuple[list[str], list[str]]]:
    """List the streets and the waters that run through areas or along their outline.

    Parameters
    ----------
    town
        The town.
    areas
        Polygons, shape ``(n,)``.

    Returns
    -------
    list of tuple
        Of each area the names of a few streets and waters, the longest first; lanes and the ways inside
        estates only where there is no other street.
    """
    streets = _named(town, "streets")
    waters = _named(town, "water")
    if "water_type" in waters:
        waters = waters[waters["water_type"].isin(green_standard().bank_types)]
    streets = streets.assign(is_lane=_is_lane(streets))
    waters = waters.set_geometry(waters.geometry.boundary).assign(is_lane=False)
    return list(zip(_names(streets, areas), _names(waters, areas), strict=True))


def _named(town: Town, layer: str) -> gpd.GeoDataFrame:
    if layer not in town:
        return town["built_up"].iloc[:0].assign(name=pd.Series(dtype=object))
    frame = town[layer]
    return frame[frame["name"].notna()] if "name" in frame else frame.iloc[:0].assign(name=None)


def _is_lane(streets: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    if "street_class" not in streets:
        return np.zeros(len(streets), dtype=bool)
    is_lane = streets["street_class"].notna() & ~streets["street_class"].isin(_NAMING)
    return np.asarray(is_lane, dtype=bool)


def _names(layer: gpd.GeoDataFrame, areas: Geometries) -> list[list[str]]:
    """Name the lines that run along enough of each area."""
    wide = shapely.buffer(areas, _ON_IT_M, join_style="mitre")
    area, line = shapely.STRtree(layer.geometry.to_numpy()).query(wide, predicate="intersects")
    along_m = shapely.length(shapely.intersection(layer.geometry.to_numpy()[line], wide[area]))
    rows = pd.DataFrame(
        {
            "area": area,
            "name": layer["name"].to_numpy(dtype=object)[line],
            "is_lane": layer["is_lane"].to_numpy(dtype=bool)[line],
            "metres": along_m,
        }
    )
    rows = rows.groupby(["area", "name"], as_index=False).agg({"is_lane": "min", "metres": "sum"})
    least_m = figure_standard("proposals").figure("name_share") * shapely.length(areas)
    rows = rows[rows["metres"] >= least_m[rows["area"]]].assign(metres=lambda of: of["metres"].round(2))
    rows = rows[~rows["is_lane"] | rows.groupby("area")["is_lane"].transform("all")]
    rows = rows.sort_values(["metres", "name"], ascending=[False, True], kind="stable")
    rows = rows[rows.groupby("area").cumcount() < figure_standard("proposals").figure("names_count")]
    return [rows.loc[rows["area"] == at, "name"].tolist() for at in range(len(areas))]


def with_words(rows: gpd.GeoDataFrame, places: list[tuple[list[str], list[str]]]) -> gpd.GeoDataFrame:
    """Name proposed blocks, list what they lie along, and say in Chinese why they are proposed.

    Parameters
    ----------
    rows
        Blocks with their measures; those of the user's own keep their names.
    places
        As `along` lists them.

    Returns
    -------
    GeoDataFrame
        The blocks with ``block_name, streets, reason``.
    """
    mark = text("label.list_mark")
    streets = [mark.join([*ways, *waters]) for ways, waters in places]
    first = [mark.join([*ways[: 1 if waters else 2], *waters[:1]]) for ways, waters in places]
    is_own = rows["is_own"].to_numpy(dtype=bool)
    names, seen = [], dict.fromkeys(rows["block_name"].dropna()[is_own[rows["block_name"].notna()]], 1)
    for own, name, found, rank in zip(is_own, rows["block_name"], first, rows["rank"], strict=True):
        called = name if own else _called(found, rank, mark)
        seen[called] = seen.get(called, 0) + (not own)
        again = seen[called] > 1 and not own
        names.append(text("space.again", name=called, number=seen[called]) if again else called)
    named = rows.assign(block_name=names, streets=streets)
    return named.assign(reason=_reasons(named, "zh"))


def _called(found: str, rank: object, mark: str) -> str:
    if not found:
        return text("proposal.unnamed", rank=rank)
    return text("proposal.named", places=found.replace(mark, text("proposal.between")))


def translate_proposals(proposed: gpd.GeoDataFrame, *, lang: Lang) -> gpd.GeoDataFrame:
    """Write the reasons of proposed blocks in another language.

    Parameters
    ----------
    proposed
        The table ``proposed_blocks``.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    GeoDataFrame
        The same rows with ``reason`` in that language; names of places stay as they are.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from fengmao_geo.tables import RESULTS
    >>> empty = gpd.GeoDataFrame(columns=RESULTS["proposed_blocks"].names, geometry=[], crs=4549)
    >>> translate_proposals(empty, lang="en").shape
    (0, 15)
    """
    return proposed.assign(reason=_reasons(proposed, lang))


def _reasons(rows: gpd.GeoDataFrame, lang: Lang) -> list[str]:
    measures = pd.DataFrame(rows.drop(columns="geometry")).to_dict("records")
    return [_reason({str(name): value for name, value in row.items()}, lang) for row in measures]


def _reason(row: dict[str, Any], lang: Lang) -> str:
    """Write why one block is proposed: where it lies, what comes together, what it is most of all."""
    streets = str(row["streets"]).replace(text("label.list_mark"), text("label.list_mark", lang=lang))
    parts = [text("proposal.along", lang=lang, places=streets)] if streets else []
    parts.append(
        text(
            "proposal.spaces",
            lang=lang,
            count=f"{row['space_count']:,}",
            ha=_number(row["space_m2"], lang, ha=True),
        )
    )
    parts.append(text("proposal.stock", lang=lang, ha=_number(row["stock_m2"], lang, ha=True)))
    parts += [
        text(f"proposal.{name}", lang=lang, count=_number(row[name], lang))
        for name in ("people", "lacking_people", "gained_people")
    ]
    if isinstance(row["renewal_type"], str):
        parts.append(
            text(f"proposal.{row['renewal_type']}", lang=lang, type=_type(row["renewal_type"], lang))
        )
    return text("proposal.mark", lang=lang).join(parts)


def _type(renewal_type: str, lang: Lang) -> str:
    return display_name("renewal_type", renewal_type, lang=lang)


def _number(value: float, lang: Lang, *, ha: bool = False) -> str:
    if np.isnan(value):
        return text("label.unknown", lang=lang)
    return f"{value / 10_000:,.1f}" if ha else f"{value:,.0f}"
