"""What was found of blocks, communities and homes, as columns to stand beside their shapes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from fengmao_geo.export.theme import named
from fengmao_geo.life_circle.coverage import FULL_SET
from fengmao_geo.messages import text
from fengmao_geo.standards.indicators import indicator_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

    from fengmao_geo.life_circle.circles import LifeCircles
    from fengmao_geo.messages import Lang
    from fengmao_geo.results import Results

__all__ = ["Columns", "block_columns", "community_columns", "home_columns"]

_WORST = 5


@dataclass(frozen=True)
class Columns:
    """Columns by the id of what they are of, and what they are called.

    Parameters
    ----------
    table
        One row per id, which is the index.
    aliases
        What the columns are called.
    suffix
        What the style of a layer with such columns ends with.
    """

    table: pd.DataFrame
    aliases: Mapping[str, str]
    suffix: str = ""

    @classmethod
    def none(cls) -> Columns:
        """Give no columns."""
        return cls(pd.DataFrame(), {})

    def beside(self, layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Put the columns beside a layer, whose first column holds the ids.

        Parameters
        ----------
        layer
            The layer.

        Returns
        -------
        GeoDataFrame
            The same rows.
        """
        if not self.table.columns.size:
            return layer
        new = self.table[[name for name in self.table.columns if name not in layer.columns]]
        joined = layer.join(new, on=layer.columns[0])
        return joined[[*(name for name in joined.columns if name != "geometry"), "geometry"]]

    def style(self, layer: str) -> str:
        """Name the style of a layer with these columns.

        Parameters
        ----------
        layer
            The layer.

        Returns
        -------
        str
            The name.
        """
        return f"{layer}{self.suffix}" if self.table.columns.size else layer


def block_columns(results: Results, *, lang: Lang = "zh") -> Columns:
    """Lay out what was found of blocks: people, life circles, scores, indicators.

    Parameters
    ----------
    results
        The town and what was computed from it.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    Columns
        By the block's id.
    """
    parts = [_circle_columns(results.circles, "block", lang), _score_columns(results, lang)]
    parts.append(_indicator_columns(results, lang))
    return _together(parts, "_scored" if results.block_scores is not None else "")


def community_columns(results: Results, *, lang: Lang = "zh") -> Columns:
    """Lay out what was found of communities: people, life circles, and how many lack each type.

    Parameters
    ----------
    results
        The town and what was computed from it.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    Columns
        By the community's id.
    """
    circles = results.circles
    if circles is None:
        return Columns.none()
    whole, lacks = _circle_columns(circles, "community", lang), _lack_columns(circles, lang)
    return _together([whole, lacks], "_gaps")


def _together(parts: list[Columns], suffix: str) -> Columns:
    there = [part for part in parts if part.table.columns.size]
    if not there:
        return Columns.none()
    aliases = {name: alias for part in there for name, alias in part.aliases.items()}
    return Columns(pd.concat([part.table for part in there], axis="columns"), aliases, suffix)


def _circle_columns(circles: LifeCircles | None, kind: str, lang: Lang) -> Columns:
    """Give the people of areas, and the share of them with the full set, by circle and in the widest one."""
    if circles is None:
        return Columns.none()
    rows = circles.areas
    rows = rows[(rows["area_kind"] == kind) & (rows["facility_type"] == FULL_SET) & (rows["by"] == "network")]
    if rows.empty:
        return Columns.none()
    shares = rows.pivot_table(index="area_id", columns="limit_min", values="reached_share", dropna=False)
    people = rows.groupby("area_id")["people"].max().rename("people")
    columns = {f"full_set_{limit:g}_min_share": shares[limit] for limit in shares.columns}
    aliases = {
        f"full_set_{limit:g}_min_share": text("geopackage.full_set", lang=lang, minutes=f"{limit:g}")
        for limit in shares.columns
    }
    widest = max(circles.minutes)
    if widest in shares:
        columns["full_set_share"] = shares[widest]
        aliases["full_set_share"] = text("geopackage.full_set", lang=lang, minutes=f"{widest:g}")
    return Columns(pd.DataFrame({"people": people, **columns}), aliases)


def _lack_columns(circles: LifeCircles, lang: Lang) -> Columns:
    """Count the people of communities that lack a type in the circle that asks for it first."""
    gaps = circles.gaps[circles.gaps["area_kind"] == "community"]
    tiers = circles.types.set_index("facility_type")["tier_min"]
    first = {
        kind: min((limit for limit in circles.minutes if limit >= tier), default=None)
        for kind, tier in tiers.items()
    }
    own = gaps[gaps["facility_type"].map(first) == gaps["limit_min"]]
    if own.empty:
        return Columns.none()
    wide = own.pivot_table(index="area_id", columns="facility_type", values="lacking_people", dropna=False)
    aliases = {
        f"lacking_{kind}_people": text(
            "geopackage.lacking",
            lang=lang,
            type=named("facility_type", str(kind), lang=lang),
            minutes=f"{first[kind]:g}",
        )
        for kind in wide.columns
    }
    worst = own[own["lacking_people"] > 0].sort_values(["area_id", "rank"], kind="stable")
    worst = worst.groupby("area_id").head(_WORST)
    said = worst.assign(
        said=[
            f"{named('facility_type', kind, lang=lang)} {people:,.0f}"
            for kind, people in zip(worst["facility_type"], worst["lacking_people"], strict=True)
        ]
    )
    words = said.groupby("area_id")["said"].agg(text("label.list_mark", lang=lang).join)
    table = wide.rename(columns=lambda kind: f"lacking_{kind}_people")
    aliases["worst_gaps"] = text("geopackage.worst", lang=lang)
    return Columns(table.assign(worst_gaps=words.reindex(table.index)), aliases)


def _score_columns(results: Results, lang: Lang) -> Columns:
    """Give the score of blocks in each state, and their rank in the latest."""
    scores = results.block_scores
    if scores is None:
        return Columns.none()
    columns, aliases = {}, {}
    for name in ("score", "rank", "stability_share", "known_share"):
        wide = scores.pivot_table(index="block_id", columns="state", values=name, dropna=False)
        for state in wide.columns:
            columns[f"{name}_{state}"] = wide[state]
            aliases[f"{name}_{state}"] = _in_state(text(f"column.{name}", lang=lang), str(state), lang)
    return Columns(pd.DataFrame(columns), aliases)


def _indicator_columns(results: Results, lang: Lang) -> Columns:
    """Give every indicator of blocks in the states in which it was measured."""
    table = results.indicators
    if table is None:
        return Columns.none()
    rows = table[table["area_kind"] == "block"]
    declared = indicator_file().indicators
    columns, aliases = {}, {}
    for (indicator, state), own in rows.groupby(["indicator", "state"], sort=False):
        record = declared.get(str(indicator))
        called = str(indicator) if record is None else record.name_zh if lang == "zh" else record.name_en
        columns[f"{indicator}_{state}"] = own.set_index("area_id")["value"]
        aliases[f"{indicator}_{state}"] = _in_state(called, str(state), lang)
    return Columns(pd.DataFrame(columns), aliases)


def _in_state(name: str, state: str, lang: Lang) -> str:
    return text("geopackage.in_state", lang=lang, name=name, state=named("state", state, lang=lang))


def home_columns(circles: LifeCircles, *, lang: Lang = "zh") -> Columns:
    """Count what each home reaches of the types that everybody is asked for, by circle and in the widest one.

    Parameters
    ----------
    circles
        The life circles.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    Columns
        By the dwelling's id: types asked for, reached and not known, and the share reached of those asked
        for; missing where a type that is not known could change it.
    """
    rows = circles.coverage
    if rows.empty:
        return Columns.none()
    rows = rows[rows["group"] == "everyone"].set_index("dwelling_id")
    columns, aliases = {}, {}
    for limit in circles.minutes:
        own = rows[rows["limit_min"] == limit]
        for name in ("asked_count", "reached_count", "unknown_count"):
            columns[f"{name[:-6]}_{limit:g}_min_count"] = own[name]
            called = text(f"column.{name}", lang=lang)
            aliases[f"{name[:-6]}_{limit:g}_min_count"] = text(
                "geopackage.in_circle", lang=lang, name=called, minutes=f"{limit:g}"
            )
    widest = rows[rows["limit_min"] == max(circles.minutes)]
    share = widest["reached_count"] / widest["asked_count"].where(widest["asked_count"] > 0)
    columns["reached_share"] = share.where(widest["unknown_count"] == 0)
    aliases["reached_share"] = text("geopackage.reached", lang=lang, minutes=f"{max(circles.minutes):g}")
    return Columns(pd.DataFrame(columns), aliases)
