"""What a map page draws and says of spaces, as plain lists: shapes, kinds, and a card for each."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from fengmao_geo.export.map_data import column_values, whole_values
from fengmao_geo.export.space_words import (
    capital,
    control_name,
    evidence_parts,
    kind_name,
    place_name,
    rounded,
    use_name,
)
from fengmao_geo.export.theme import named, say, theme

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd

    from fengmao_geo.export.map_figures import Place
    from fengmao_geo.export.map_geometry import Frame
    from fengmao_geo.messages import Lang
    from fengmao_geo.results import Results

__all__ = ["space_data"]

_M2_PER_HA = 10_000.0
_DECISIONS = ("", "confirmed", "excluded")


def space_data(
    results: Results, place: Place, frame: Frame, *, lang: Lang, photos: Mapping[str, str] | None = None
) -> dict[str, Any] | None:
    """Write the spaces shown, each with what its card says.

    Parameters
    ----------
    results
        The town and what was computed from it.
    place
        The block, or the town.
    frame
        What part of the town is shown.
    lang
        The language of the page.
    photos
        Pictures of spaces by their id, as data-URIs.

    Returns
    -------
    dict or None
        ``families`` with their kinds and how many of each are shown, ``own`` (how many and how large, in the
        place itself), ``options`` (what spaces may become, each list once), ``uses`` and ``flags`` that they
        count in, and one list per fact, one value per space; ``None`` where no spaces were looked for.
    """
    if results.spaces is None:
        return None
    table = results.spaces
    shown = table[frame.shows(table.geometry)]
    shapes = frame.polygons(shown.geometry)
    keep = np.array([bool(shape) for shape in shapes], dtype=bool)
    shown = shown[keep]
    options, of_space, words = _options(results.uses, shown["space_id"].tolist(), lang)
    families = _families(shown, lang)
    kinds: list[str] = [kind["id"] for family in families for kind in family["kinds"]]
    return {
        "families": families,
        "own": _own(table, place, lang),
        "options": options,
        "uses": words["uses"],
        "flags": words["flags"],
        **_cards(shown, kinds, lang),
        "option": of_space,
        "cost": _costs(results.uses, shown["space_id"].tolist(), words["uses_named"]),
        "photo": {
            str(number): photos[space]
            for number, space in enumerate(shown["space_id"])
            if photos and space in photos
        },
        "shapes": [shape for shape in shapes if shape],
    }


def _families(shown: pd.DataFrame, lang: Lang) -> list[dict[str, Any]]:
    """List families and their kinds in the order of their colours; kinds that have none come last."""
    counts = Counter(zip(shown["family"].tolist(), shown["kind"].tolist(), strict=True))
    styles: dict[str, dict[str, Any]] = theme()["space"]["kind"]
    order = [*styles, *sorted({kind for _, kind in counts} - set(styles))]
    found = []
    for family in dict.fromkeys([*theme()["space"]["family"], *shown["family"]]):
        kinds = [
            {
                "id": kind,
                "name": kind_name(kind, lang=lang),
                "suspected": kind_name(kind, is_suspected=True, lang=lang),
                "colour": styles.get(kind, theme()["space"])["colour"],
                "count": counts[family, kind],
            }
            for kind in order
            if (family, kind) in counts
        ]
        if kinds:
            found.append({"id": family, "name": named("family", family, lang=lang), "kinds": kinds})
    return found


def _own(table: gpd.GeoDataFrame, place: Place, lang: Lang) -> str:
    """Say how many spaces there are in the place, and how large they are together."""
    own = table[table["block_id"] == place.area_id] if place.area_kind == "block" else table
    values = {"n": f"{len(own):,}", "ha": rounded(float(own["area_m2"].sum()) / _M2_PER_HA)}
    return say("spaces_own" if place.area_kind == "block" else "spaces_sum", lang=lang, **values)


def _cards(shown: gpd.GeoDataFrame, kinds: list[str], lang: Lang) -> dict[str, Any]:
    """Write what cards say of the spaces, but for what they may become: one list per fact.

    Texts that return stand in a list once: ``words`` in which ``why`` counts, ``control_names``,
    ``owner_names``.
    """
    parts = [
        evidence_parts(rule, evidence, lang=lang)
        for rule, evidence in zip(shown["rule"], shown["evidence"], strict=True)
    ]
    words = list(dict.fromkeys(said for row in parts for said, _ in row))
    number = {said: place for place, said in enumerate(words)}
    control_names, controls = _numbered(_controls(shown, lang))
    owner_names, owner = _numbered([named("owner", owner, lang=lang) for owner in shown["owner"]])
    near = (whole_values(shown, f"within_{minutes}_min_people") for minutes in (5, 15))
    return {
        "id": shown["space_id"].tolist(),
        "name": [place_name(name, lang=lang) for name in shown["name"]],
        "kind": [kinds.index(kind) for kind in shown["kind"]],
        "is_suspected": [int(value == "suspected") for value in shown["certainty"]],
        "words": words,
        "why": [[part for said, value in row for part in (number[said], value)] for row in parts],
        "area": [rounded(value) for value in shown["area_m2"]],
        "building": [rounded(value) if value else "" for value in column_values(shown, "building_m2")],
        "width": [rounded(value) for value in shown["width_m"]],
        "circle": [rounded(value) for value in shown["circle_m"]],
        "owner_names": owner_names,
        "owner": owner,
        "control_names": control_names,
        "controls": controls,
        "near": list(near),
        "bridge": _bridges(shown, lang),
        "decision": [_DECISIONS.index(decision) for decision in shown["decision"]],
        "decision_names": [named("decision", decision, lang=lang) for decision in _DECISIONS],
    }


def _numbered(texts: Sequence[str]) -> tuple[list[str], list[int]]:
    """List different texts once, and which each row has."""
    codes, names = pd.factorize(pd.Series(list(texts), dtype=object))
    return names.tolist(), codes.tolist()


def _controls(shown: gpd.GeoDataFrame, lang: Lang) -> list[str]:
    mark = say("list_comma", lang=lang)
    said = []
    for told, protected_m2 in zip(shown["controls"], column_values(shown, "protected_m2"), strict=True):
        names = mark.join(
            capital(control_name(part, lang=lang)) if not place else control_name(part, lang=lang)
            for place, part in enumerate(filter(None, told.split(";")))
        )
        is_farmland = names and protected_m2
        values = {"names": names, "n": rounded(protected_m2)} if is_farmland else {}
        said.append(say("space_protected", lang=lang, **values) if is_farmland else names)
    return said


def _bridges(shown: gpd.GeoDataFrame, lang: Lang) -> list[list[str] | None]:
    """Write who manages the deck above and how high it is; ``None`` where there is no deck."""
    unknown = say("unknown", lang=lang)
    rows = zip(
        shown["kind"] == "under_bridge",
        column_values(shown, "bridge_manager"),
        column_values(shown, "clear_height_m"),
        strict=True,
    )
    return [
        [
            unknown if manager is None else named("manager", manager, lang=lang),
            unknown if height is None else say("n_metres", lang=lang, n=f"{height:g}"),
        ]
        if is_under or manager is not None
        else None
        for is_under, manager, height in rows
    ]


def _options(
    uses: pd.DataFrame | None, ids: Sequence[str], lang: Lang
) -> tuple[list[dict[str, list[int]]], list[int], dict[str, list[str]]]:
    """List what spaces may become, each different list once, and which of them is each space's."""
    if uses is None:
        return [], [-1] * len(ids), {"uses": [], "flags": [], "uses_named": []}
    seen = uses[uses["space_id"].isin(ids)]
    names, flags = seen["use"].drop_duplicates().tolist(), sorted(_flags(seen["reason"]))
    found: dict[tuple[tuple[int, ...], ...], int] = {}
    of_space = dict.fromkeys(ids, -1)
    for space, rows in seen[seen["fits"] != "no"].groupby("space_id", sort=False):
        of_space[str(space)] = found.setdefault(_lists(rows, names, flags), len(found))
    keys = ("fits", "flagged", "unknown", "flags")
    options = [dict(zip(keys, map(list, lists), strict=True)) for lists in found]
    is_none = {space: len(options) for space, option in of_space.items() if option < 0}
    if is_none:
        options.append({key: [] for key in keys})
    words = {
        "uses": [capital(use_name(name, lang=lang)) for name in names],
        "flags": [control_name(name, lang=lang) for name in flags],
        "uses_named": names,
    }
    return options, [(of_space | is_none)[space] for space in ids], words


def _costs(uses: pd.DataFrame | None, ids: Sequence[str], names: Sequence[str]) -> list[list[float]]:
    """List for each space what its uses that fit would cost: the number of the use, then 10,000 yuan."""
    found: dict[str, list[float]] = {space: [] for space in ids}
    if uses is None:
        return list(found.values())
    fit = uses[(uses["fits"] == "yes") & uses["space_id"].isin(ids) & uses["cost_wan"].notna()]
    for space, use, cost in zip(fit["space_id"], fit["use"], fit["cost_wan"], strict=True):
        found[space] += [names.index(use), round(float(cost), 1)]
    return list(found.values())


def _lists(rows: pd.DataFrame, names: list[str], flags: list[str]) -> tuple[tuple[int, ...], ...]:
    """List the uses that fit, those of them that are flagged, those not known, and why."""
    place = rows["use"].map(names.index)
    fits = rows["fits"] == "yes"
    return (
        tuple(place[fits].tolist()),
        tuple(place[fits & rows["reason"].str.startswith("flag=")].tolist()),
        tuple(place[rows["fits"] == "unknown"].tolist()),
        tuple(sorted(flags.index(name) for name in _flags(rows["reason"]))),
    )


def _flags(reasons: pd.Series) -> set[str]:
    """List what is flagged, or not known, in reasons."""
    heads = reasons[reasons.str.startswith(("flag=", "unknown="))].drop_duplicates()
    return {name for head in heads for name in head.partition("=")[2].partition(";")[0].split(",")}
