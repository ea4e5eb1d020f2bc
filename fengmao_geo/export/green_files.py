"""Green gains as files to hand over: tables for Excel, a chart per block, a GeoPackage of what lies where."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from fengmao_geo.errors import UsageError
from fengmao_geo.export.files import write_whole
from fengmao_geo.export.geopackage import write_tables
from fengmao_geo.export.green_chart import gain_chart
from fengmao_geo.export.green_words import gain_words, headline_rows, indicator_name, value_words
from fengmao_geo.export.map_figures import block_places
from fengmao_geo.export.space_files import table_csv
from fengmao_geo.export.theme import named, say
from fengmao_geo.messages import text

if TYPE_CHECKING:
    import geopandas as gpd

    from fengmao_geo.green.gain import GreenGains
    from fengmao_geo.messages import Lang
    from fengmao_geo.results import Results

__all__ = ["green_summary", "write_green_files"]

_LAYERS = ("pocket_parks", "banks", "tree_lined_streets", "vertical_green")
_TABLES = ("green_gains", "green_attribution", "transitions", "image_cover")
_TOWN = "town"
# Shares need more places than metres.
_DECIMALS = 6


def write_green_files(results: Results, *, folder: str | Path, lang: Lang = "zh") -> list[Path]:
    """Write what was gained in green: tables, a chart per block and one of the town, layers for GIS.

    Parameters
    ----------
    results
        With green gains.
    folder
        Where to write; it is made if it is not there.
    lang
        The language of the charts and of the names beside the ids; columns are headed as ``fengmao columns``
        lists them.

    Returns
    -------
    list of Path
        ``green_gains.csv``, ``green_attribution.csv``, ``transitions.csv``, ``image_cover.csv``,
        ``green.gpkg`` and a PNG for the town and for each block.

    Raises
    ------
    UsageError
        If the results hold no green gains.
    OSError
        If the folder or a file cannot be written.
    """
    if results.gains is None:
        raise UsageError("no_gains")
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    written = [
        write_whole(target / f"{name}.csv", table_csv(_worded(_table(results.gains, name), lang)))
        for name in _TABLES
    ]
    layers = {name: _plain(getattr(results.gains, name)) for name in _LAYERS}
    written.append(write_tables(layers, target / "green.gpkg"))
    for place in block_places(results):
        number = say("green_chart_number", lang="en", n=place.number)
        chart = gain_chart(results, place.area_id, number=number, lang=lang)
        written.append(write_whole(target / f"green_block_{int(place.number):02d}.png", chart))
    chart = gain_chart(results, _TOWN, number=say("town", lang="en"), lang=lang)
    return [*written, write_whole(target / "green_town.png", chart)]


def _table(gains: GreenGains, name: str) -> pd.DataFrame:
    attribute = {"green_gains": "gains", "green_attribution": "attribution"}.get(name, name)
    return pd.DataFrame(getattr(gains, attribute))


def _plain(layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Write yes and no so that a file can leave them out where they are not known."""
    answers = [str(name) for name in layer if str(name).startswith(("is_", "has_"))]
    return layer.assign(**{name: layer[name].astype("boolean") for name in answers})


def _worded(table: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Put what an indicator is called beside its id; figures keep what people and programs compare."""
    table = table.round(dict.fromkeys(table.select_dtypes("number").columns, _DECIMALS))
    if "indicator" not in table:
        return table
    rules = table["rule_set"] if "rule_set" in table else pd.Series("", index=table.index)
    pairs = zip(table["indicator"], rules, strict=True)
    named_table = table.copy()
    at = list(table.columns).index("indicator") + 1
    named_table.insert(at, "name", [indicator_name(one, rule, lang=lang) for one, rule in pairs])
    return named_table


def green_summary(results: Results, *, lang: Lang = "zh") -> pd.DataFrame:
    """Sum up what the town and each block gained, as people read it.

    Parameters
    ----------
    results
        With green gains.
    lang
        The language of heads and names.

    Returns
    -------
    DataFrame
        One row per area and headline indicator: both states, the gain with its interval, how it is known.
        What is not known reads so.
    """
    places = [*(place.area_id for place in block_places(results)), _TOWN]
    found = [headline_rows(results, area, is_planned=plan) for area in places for plan in (False, True)]
    rows = pd.concat(found, ignore_index=True)
    rules = zip(rows["indicator"], rows["rule_set"], strict=True)
    table = {
        "area_name": rows["area_name"],
        "indicator": [indicator_name(indicator, rule_set, lang=lang) for indicator, rule_set in rules],
        "basis": [named("green_basis", basis, lang=lang) for basis in rows["basis"]],
        **{
            state: [
                value_words(value, indicator, lang=lang)
                for value, indicator in zip(rows[state], rows["indicator"], strict=True)
            ]
            for state in ("before", "after")
        },
        "gain": [gain_words(row, lang=lang) for _, row in rows.iterrows()],
    }
    return pd.DataFrame(table).rename(columns={head: text(f"column.{head}", lang=lang) for head in table})
