"""A programme as files to hand over: sites, whom they serve and what else was near, for Excel and for GIS."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from fengmao_geo.errors import UsageError
from fengmao_geo.export.files import write_whole
from fengmao_geo.export.geopackage import write_tables
from fengmao_geo.export.map_data import column_values
from fengmao_geo.export.space_files import headed, table_csv
from fengmao_geo.export.space_words import capital, place_name, use_name
from fengmao_geo.export.theme import named
from fengmao_geo.messages import text

if TYPE_CHECKING:
    from fengmao_geo.messages import Lang
    from fengmao_geo.results import Results
    from fengmao_geo.tables import Programme

__all__ = ["gained_by_type", "site_summary", "site_words", "types_served", "write_site_files"]


def write_site_files(results: Results, *, folder: str | Path, lang: Lang = "zh") -> list[Path]:
    """Write a programme: its sites, whom each newly serves, and the next-best programmes.

    Parameters
    ----------
    results
        With a programme; with life circles the GeoPackage shows where those served live.
    folder
        Where to write; it is made if it is not there.
    lang
        The language of the tables; the GeoPackage holds the ids of ``fengmao columns``.

    Returns
    -------
    list of Path
        ``programme.csv``, ``served.csv``, ``alternatives.csv`` and ``programme.gpkg``. A programme without
        sites gives tables without rows, so that none of an earlier run stays.

    Raises
    ------
    UsageError
        If the results hold no programme.
    OSError
        If the folder or a file cannot be written.
    """
    programme = results.programme
    if programme is None:
        raise UsageError("no_programme")
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    tables = {
        "programme.csv": _site_rows(programme, lang),
        "served.csv": _served_rows(programme, lang),
        "alternatives.csv": _alternative_rows(results, programme, lang),
    }
    written = [write_whole(target / name, table_csv(table)) for name, table in tables.items()]
    return [*written, write_tables(_layers(results, programme), target / "programme.gpkg")]


def _site_rows(programme: Programme, lang: Lang) -> pd.DataFrame:
    sites = programme.sites.drop(columns="geometry").sort_values("rank")
    said = types_served(programme, lang=lang)
    rows = pd.DataFrame(sites).assign(
        name=[place_name(name, lang=lang) for name in sites["name"]],
        use=_uses(sites["use"], lang),
        served_types=[said.get(space, "") for space in sites["space_id"]],
    )
    first = ["rank", "space_id", "name", "use", "block_id", "cost_wan", "area_m2", "green_m2"]
    people = [name for name in ("gained_people",) if name in rows]
    return headed(rows[[*first, *people, "served_types"]], lang)


def types_served(programme: Programme, *, lang: Lang = "zh") -> dict[str, str]:
    """Say of each site how many people it newly serves, type by type.

    Parameters
    ----------
    programme
        The programme.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    dict
        By space; spaces that serve nobody are not in it.
    """
    if programme.gained is None:
        return {}
    rows = gained_by_type(programme.gained)
    mark = text("label.list_mark", lang=lang)
    told = rows.assign(
        said=[
            f"{named('facility_type', kind, lang=lang)} {people:,.0f}"
            for kind, people in zip(rows["facility_type"], rows["gained_people"], strict=True)
        ]
    )
    return {str(space): mark.join(of["said"]) for space, of in told.groupby("space_id", sort=False)}


def gained_by_type(gained: pd.DataFrame) -> pd.DataFrame:
    """Take the row of everyone where a type is for everyone, or else that of its own group.

    Parameters
    ----------
    gained
        The table ``gained`` of a programme.

    Returns
    -------
    DataFrame
        One row per site and type.
    """
    is_all = gained["group"] == "everyone"
    order = gained.assign(place=~is_all).sort_values(["space_id", "facility_type", "place"], kind="stable")
    return order.drop_duplicates(["space_id", "facility_type"]).drop(columns="place")


def _served_rows(programme: Programme, lang: Lang) -> pd.DataFrame:
    columns = ["dwelling_id", "facility_type", "space_id", "group", "travel_min", "people"]
    if programme.served is None:
        return headed(pd.DataFrame(columns=columns), lang)
    rows = programme.served[columns]
    kinds = {kind: named("facility_type", kind, lang=lang) for kind in rows["facility_type"].unique()}
    groups = {group: named("group", group, lang=lang) for group in rows["group"].unique()}
    return headed(
        rows.assign(facility_type=rows["facility_type"].map(kinds), group=rows["group"].map(groups)), lang
    )


def _alternative_rows(results: Results, programme: Programme, lang: Lang) -> pd.DataFrame:
    columns = ["rank", "objective", "cost_wan", "gap_share", "space_id", "name", "use"]
    if programme.alternatives is None:
        return headed(pd.DataFrame(columns=columns), lang)
    spaces = results.spaces if results.spaces is not None else programme.sites
    called = dict(zip(spaces["space_id"], spaces["name"], strict=True))
    rows = programme.alternatives
    names = [place_name(called.get(space, space), lang=lang) for space in rows["space_id"]]
    return headed(rows.assign(name=names, use=_uses(rows["use"], lang))[columns], lang)


def _uses(uses: pd.Series, lang: Lang) -> list[str]:
    return [capital(use_name(use, lang=lang)) for use in uses]


def _layers(results: Results, programme: Programme) -> dict[str, gpd.GeoDataFrame]:
    """Lay out the sites, and who is served where they live."""
    sites = programme.sites.assign(block_id=column_values(programme.sites, "block_id"))
    layers = {"sites": sites}
    if results.circles is not None and programme.served is not None:
        homes = results.circles.dwellings.set_index("dwelling_id").geometry
        shapes = homes.reindex(programme.served["dwelling_id"]).to_numpy()
        layers["served"] = gpd.GeoDataFrame(programme.served, geometry=shapes, crs=homes.crs)
    return layers


def site_summary(programme: Programme, *, lang: Lang = "zh") -> pd.DataFrame:
    """Sum a programme up as people read it.

    Parameters
    ----------
    programme
        The programme.
    lang
        The language of heads and names.

    Returns
    -------
    DataFrame
        One row per site, by rank: where, which use, cost, people newly served there (each once, however many
        types), and by type. The same people may be served by several sites.
    """
    sites = programme.sites.sort_values("rank")
    said = types_served(programme, lang=lang)
    unknown = text("label.unknown", lang=lang)
    people = column_values(sites, "gained_people")
    rows = [
        {
            "rank": str(row["rank"]),
            "name": place_name(row["name"], lang=lang),
            "use": capital(use_name(row["use"], lang=lang)),
            "cost_wan": unknown if pd.isna(row["cost_wan"]) else f"{row['cost_wan']:,.1f}",
            "gained_people": unknown if count is None else f"{count:,.0f}",
            "served_types": said.get(row["space_id"], "-"),
        }
        for row, count in zip(sites.to_dict("records"), people, strict=True)
    ]
    heads = ("rank", "name", "use", "cost_wan", "gained_people", "served_types")
    return pd.DataFrame(rows, columns=list(heads)).rename(
        columns={head: text(f"column.{head}", lang=lang) for head in heads}
    )


def site_words(programme: Programme, *, lang: Lang = "zh") -> list[str]:
    """Say what a programme reaches, how sure that is, why if nothing is, and what a greedy answer reaches.

    Parameters
    ----------
    programme
        The programme.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    list of str
        Sentences.
    """
    said = programme.words(lang=lang).splitlines()
    greedy = programme.greedy
    if greedy is not None and len(greedy) and greedy["objective"].notna().iloc[-1]:
        reached = text(f"programme.aim_{programme.aim}", lang=lang, value=greedy["objective"].iloc[-1])
        values = {"count": len(greedy), "cost": greedy["cost_wan"].sum(), "reached": reached}
        said.append(text("programme.greedy", lang=lang, **values))
    return said
