"""The layers of a town and of its results as they are handed over: wide and named, kinds of shapes apart."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fengmao_geo.export.area_columns import Columns, block_columns, community_columns, home_columns
from fengmao_geo.export.map_data import column_values
from fengmao_geo.export.map_links import link_rows
from fengmao_geo.export.qgis_style import Shown, field_name, looks
from fengmao_geo.export.space_words import capital, use_name
from fengmao_geo.export.theme import named, type_group
from fengmao_geo.messages import text
from fengmao_geo.tables import LAYERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fengmao_geo.messages import Lang
    from fengmao_geo.results import Results

__all__ = ["HandedLayer", "handed_layers"]

#: Tables without shapes that go along, by the attribute of the results that holds them.
_TABLES = ("indicators", "scorecard", "block_scores", "red_lines", "block_matrix")
_SYMBOLS = {0: "marker", 1: "line", 2: "fill"}
_BANKS = ("neither", "green", "path", "green_path")
# Layers of which a facility is shown by one point, be it drawn as ground or not.
_POINTED = ("facilities", "firms")


@dataclass(frozen=True)
class HandedLayer:
    """One layer, or one table without shapes.

    Parameters
    ----------
    key
        What it is, as the library calls it.
    title
        What it is called.
    table
        Its rows.
    style
        Name of its style; that of its key by default.
    aliases
        What columns are called that the library's tables do not have.
    """

    key: str
    title: str
    table: pd.DataFrame
    style: str = ""
    aliases: Mapping[str, str] = field(default_factory=dict)

    def shown(self, *, lang: Lang) -> Shown:
        """Say what its style is made for.

        Parameters
        ----------
        lang
            ``zh`` or ``en``.

        Returns
        -------
        Shown
            Style, symbol and columns with their names.
        """
        own = [str(name) for name in self.table.columns if name != "geometry"]
        columns = {name: self.aliases.get(name) or field_name(name, lang=lang) for name in own}
        return Shown(self.style or self.key, _symbol(self.table), columns)


def handed_layers(results: Results, *, lang: Lang = "zh") -> list[HandedLayer]:
    """List the layers of a town and of what was computed from it, the uppermost of a map first.

    Parameters
    ----------
    results
        The town and what was computed from it; a step that was not run has no layers.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    list of HandedLayer
        Layers of one kind of shape each, then tables without shapes; names of a list occur once.
    """
    found = [*_town_layers(results, lang), *_space_layers(results, lang), *_walk_layers(results, lang)]
    found += [*_green_layers(results, lang), *_street_layers(results, lang)]
    order = {key: at for at, key in enumerate(looks()["order"])}
    layers = sorted((layer for layer in found if len(layer.table)), key=lambda layer: order[layer.key])
    apart = [part for layer in layers for part in _apart(layer, lang)]
    return [*apart, *_tables(results, lang)]


def _town_layers(results: Results, lang: Lang) -> list[HandedLayer]:
    """Take the town's layers with the columns that the library knows, and what was found of areas."""
    town, found = results.town, []
    more = {"blocks": block_columns(results, lang=lang), "communities": community_columns(results, lang=lang)}
    for name, declared in LAYERS.items():
        if name not in town:
            continue
        layer = town[name]
        known = [column for column in declared.names if column in layer.columns]
        own = more.get(name, Columns.none())
        table = own.beside(layer[[*known, "geometry"]])
        if name in _POINTED:
            table = table.set_geometry(shapely.point_on_surface(table.geometry.to_numpy()), crs=layer.crs)
        if name == "facilities":
            kinds = [type_group(kind or "") for kind in column_values(table, "facility_type")]
            table = table.assign(display_group=kinds)
        title = named("layer", name, lang=lang)
        aliases = {**own.aliases, "display_group": text("geopackage.display_group", lang=lang)}
        found.append(HandedLayer(name, title, table, own.style(name), aliases))
    return found


def _space_layers(results: Results, lang: Lang) -> list[HandedLayer]:
    found = []
    if results.spaces is not None:
        fits = text("geopackage.fitting_uses", lang=lang)
        table = results.spaces.assign(fitting_uses=_fitting(results, lang))
        found.append(_layer("spaces", table, lang, aliases={"fitting_uses": fits}))
    if results.programme is not None:
        sites = results.programme.sites.to_crs(results.town.crs)
        found.append(_layer("sites", sites, lang))
    if results.proposed_blocks is not None:
        found.append(_layer("proposed_blocks", results.proposed_blocks, lang))
    return found


def _fitting(results: Results, lang: Lang) -> list[str | None]:
    """Name the uses that fit each space; missing where uses were not worked out."""
    spaces, uses = results.spaces, results.uses
    if spaces is None or uses is None:
        return [None] * (0 if spaces is None else len(spaces))
    fit = uses[uses["fits"] == "yes"]
    called = fit["use"].map({use: capital(use_name(use, lang=lang)) for use in fit["use"].unique()})
    joined = called.groupby(fit["space_id"]).agg(text("label.list_mark", lang=lang).join)
    return [str(value) for value in spaces["space_id"].map(joined).fillna("")]


def _walk_layers(results: Results, lang: Lang) -> list[HandedLayer]:
    circles, routes, found = results.circles, results.school_routes, []
    if circles is not None:
        homes = home_columns(circles, lang=lang)
        found.append(_layer("homes", homes.beside(circles.dwellings), lang, aliases=homes.aliases))
        areas = circles.service_areas
        kinds = [type_group(kind) for kind in areas["facility_type"]]
        aliases = {"display_group": text("geopackage.display_group", lang=lang)}
        found.append(_layer("service_areas", areas.assign(display_group=kinds), lang, aliases=aliases))
    if routes is not None:
        found.append(_layer("school_segments", routes.segments, lang))
        found.append(_layer("school_crossings", routes.crossings, lang))
    return found


def _green_layers(results: Results, lang: Lang) -> list[HandedLayer]:
    gains = results.gains
    if gains is None:
        return []
    has_green, has_path = (gains.banks[name].astype("boolean") for name in ("has_green", "has_path"))
    is_known = (has_green.notna() & has_path.notna()).to_numpy()
    place = 2 * has_path.fillna(value=False).astype(int) + has_green.fillna(value=False).astype(int)
    state = np.where(is_known, np.array(_BANKS, dtype=object)[place.to_numpy()], "unknown")
    aliases = {"bank_state": text("geopackage.bank", lang=lang)}
    return [
        _layer("pocket_parks", gains.pocket_parks, lang),
        _layer("banks", gains.banks.assign(bank_state=state), lang, aliases=aliases),
        _layer("tree_lined_streets", gains.tree_lined_streets, lang),
        _layer("vertical_green", gains.vertical_green, lang),
    ]


def _street_layers(results: Results, lang: Lang) -> list[HandedLayer]:
    before, after = results.network, results.planned_network
    if before is None or after is None:
        return []
    rows = link_rows(before, after).rename(columns={"kind": "link_kind"})
    texts = {name: rows[name].astype("str") for name in ("link_kind", "id", "place_id")}
    aliases = {"link_kind": text("geopackage.link", lang=lang)}
    return [_layer("planned_links", rows.assign(**texts), lang, aliases=aliases)]


def _layer(
    key: str, table: gpd.GeoDataFrame, lang: Lang, *, aliases: Mapping[str, str] | None = None
) -> HandedLayer:
    return HandedLayer(key, text(f"geopackage.layer.{key}", lang=lang), table, "", aliases or {})


def _tables(results: Results, lang: Lang) -> list[HandedLayer]:
    """Take the tables by area, which fit no shape."""
    found: dict[str, pd.DataFrame | None] = {name: getattr(results, name) for name in _TABLES}
    if results.circles is not None:
        found |= {"areas": results.circles.areas, "gaps": results.circles.gaps}
    if results.gains is not None:
        rows = results.gains.gains
        found["green_gains"] = rows[rows["area_kind"] != "part"]
    return [
        HandedLayer(key, text(f"geopackage.layer.{key}", lang=lang), pd.DataFrame(table))
        for key, table in found.items()
        if table is not None and len(table)
    ]


def _apart(layer: HandedLayer, lang: Lang) -> list[HandedLayer]:
    """Part a layer by the kind of its shapes, since QGIS draws one kind in one way; most have one."""
    dimensions = shapely.get_dimensions(layer.table["geometry"].to_numpy())
    kinds = sorted(set(dimensions.tolist()) & set(_SYMBOLS), reverse=True)
    if len(kinds) < 2:
        return [layer]
    return [
        replace(
            layer,
            title=text(f"geopackage.{_SYMBOLS[kind]}", lang=lang, layer=layer.title),
            table=layer.table[dimensions == kind],
        )
        for kind in kinds
    ]


def _symbol(table: pd.DataFrame) -> str:
    if not isinstance(table, gpd.GeoDataFrame):
        return ""
    dimensions = shapely.get_dimensions(table.geometry.to_numpy())
    return _SYMBOLS[max(0, int(dimensions.max(initial=0)))]
