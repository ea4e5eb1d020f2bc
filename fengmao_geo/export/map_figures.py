"""What a map page says in figures: header, full set, every type by the people who lack it, the data."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fengmao_geo.export.map_data import column_values, whole_values
from fengmao_geo.export.theme import layer_name, named, say
from fengmao_geo.life_circle.coverage import FULL_SET
from fengmao_geo.tables import LAYERS
from fengmao_geo.town.people import dwelling_basis
from fengmao_geo.units import hectares

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from fengmao_geo.life_circle.circles import LifeCircles
    from fengmao_geo.messages import Lang
    from fengmao_geo.results import Results
    from fengmao_geo.standards.records import Catalogue, Walker
    from fengmao_geo.town.town import Town

__all__ = ["Place", "about", "block_places", "card", "full_set", "header", "type_rows"]


@dataclass(frozen=True)
class Place:
    """What a page is about: the town or one of its renewal blocks.

    Parameters
    ----------
    area_kind
        ``"town"`` or ``"block"``.
    area_id
        Its id in the tables; any for the town.
    name
        Its name.
    number
        The block's number; empty for the town.
    renewal_type
        The block's renewal type.
    area_m2
        Its size.
    href
        The file of its page.
    """

    area_kind: str
    area_id: str
    name: str
    number: str
    renewal_type: str | None
    area_m2: float
    href: str

    def rows(self, table: pd.DataFrame) -> pd.DataFrame:
        """Take the rows of a table by area that are about this place."""
        own = table["area_kind"] == self.area_kind
        return table[own & (table["area_id"] == self.area_id)] if self.area_kind == "block" else table[own]


def block_places(results: Results) -> list[Place]:
    """List the renewal blocks by number; where one has no number of its own, all are counted.

    Parameters
    ----------
    results
        With the town.

    Returns
    -------
    list of Place
        One for each block.
    """
    if "blocks" not in results.town:
        return []
    layer = results.town["blocks"]
    numbers = whole_values(layer, "block_no")
    if None in numbers or len(set(numbers)) < len(numbers):
        order = sorted(range(len(layer)), key=lambda row: layer["id"].iloc[row])
        numbers = [order.index(row) + 1 for row in range(len(layer))]
    rows = zip(
        numbers,
        layer["id"],
        column_values(layer, "name"),
        column_values(layer, "renewal_type"),
        layer.geometry.area,
        strict=True,
    )
    return [
        Place(
            "block", area_id, name or area_id, str(number), kind, float(area_m2), f"block_{number:02d}.html"
        )
        for number, area_id, name, kind, area_m2 in sorted(rows, key=lambda row: (row[0], row[1]))
    ]


def full_set(circles: LifeCircles | None, place: Place) -> dict[str, dict[str, Any]]:
    """Write for each circle how many people reach everything it asks for; nobody where nobody lives.

    Parameters
    ----------
    circles
        The town's life circles; ``None`` if they were not computed.
    place
        The block, or the town.

    Returns
    -------
    dict
        By minutes: ``people, reached, unreached, unknown, share``.
    """
    if circles is None:
        return {}
    rows = place.rows(circles.areas)
    rows = rows[(rows["facility_type"] == FULL_SET) & (rows["by"] == "network")]
    nobody = dict.fromkeys(("people", "reached", "unreached", "unknown"), 0.0) | {"share": None}
    found = {f"{limit:g}": nobody for limit in circles.minutes if not len(rows)}
    return found | {f"{row['limit_min']:g}": _counts(row) for row in rows.to_dict("records")}


def type_rows(
    circles: LifeCircles | None, place: Place, types: Sequence[str]
) -> dict[str, list[dict[str, Any]]]:
    """Write for each circle its types, first those that most people lack.

    Parameters
    ----------
    circles
        The life circles.
    place
        The town or a block.
    types
        The ids of the page's facility types.

    Returns
    -------
    dict
        Minutes, then one row per type asked for: ``type`` (its place in ``types``), ``people``, ``reached``,
        ``unreached``, ``unknown``, ``share``, ``straight`` (the share by straight line).
    """
    if circles is None:
        return {}
    asked = circles.types[circles.types["is_asked"]].set_index("facility_type")["tier_min"]
    areas = place.rows(circles.areas)
    areas = areas[areas["facility_type"].isin(asked.index)]
    areas = areas[areas["facility_type"].map(asked).astype(float) <= areas["limit_min"]]
    keys = ["limit_min", "facility_type"]
    straight = areas[areas["by"] == "straight_line"].set_index(keys)["reached_share"].rename("straight")
    ranks = place.rows(circles.gaps).set_index(keys)["rank"]
    rows = areas[areas["by"] == "network"].join(straight, on=keys).join(ranks, on=keys)
    rows = rows.assign(
        place=[types.index(name) for name in rows["facility_type"]],
        is_required=rows["facility_type"].map(circles.types.set_index("facility_type")["is_required"]),
    )
    order = ["is_required", "rank", "unreached_people", "unknown_people", "place"]
    rows = rows.sort_values(order, ascending=[False, True, False, False, True], kind="stable")
    return {
        f"{limit:g}": [_type_row(row) for row in rows[rows["limit_min"] == limit].to_dict("records")]
        for limit in circles.minutes
    }


def _type_row(row: dict[Any, Any]) -> dict[str, Any]:
    return _counts(row) | {
        "type": row["place"],
        "is_required": bool(row["is_required"]),
        "straight": _number(row["straight"]),
    }


def _counts(row: dict[Any, Any]) -> dict[str, Any]:
    return {
        "people": _number(row["people"]),
        "reached": _number(row["reached_people"]),
        "unreached": _number(row["unreached_people"]),
        "unknown": _number(row["unknown_people"]),
        "share": _number(row["reached_share"]),
    }


def _number(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else round(float(value), 4)


def header(town: Town, circles: LifeCircles | None, place: Place, *, lang: Lang) -> dict[str, Any]:
    """Write the head of a page: where, which block, of which type, how large, how many people.

    Parameters
    ----------
    town
        The town.
    circles
        The town's life circles; ``None`` if they were not computed.
    place
        The block, or the town.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    dict
        The figures and names in the head.
    """
    facts = [[say("size", lang=lang), _hectares(place.area_m2), say("hectares", lang=lang)]]
    facts.append(_people_fact(circles, place, lang))
    if place.area_kind == "town":
        counted = (("blocks", "n_blocks"), ("facilities", "n_facilities"))
        facts += [
            [layer_name(layer, lang=lang), f"{len(town[layer]):,}", say(unit, lang=lang)]
            for layer, unit in counted
            if layer in town
        ]
    return {
        "kicker": say(f"kicker_{place.area_kind}", lang=lang, town=town.name),
        "title": place.name,
        "number": place.number,
        "tag": "" if place.renewal_type is None else named("renewal_type", place.renewal_type, lang=lang),
        "facts": facts,
        "fine": _fine(town, lang),
    }


def _fine(town: Town, lang: Lang) -> list[str]:
    """Write what stands small in the head: from when the data are, in which CRS, and the notice."""
    dates = sorted(set(town.settings.dates.values()))
    span = dates[0] if dates else say("no_date", lang=lang)
    if len(dates) > 1:
        span = say("date_span", lang=lang, first=dates[0], last=dates[-1])
    code = town.crs.to_authority()
    crs = ":".join(code) if code else town.crs.name
    lines = [f"{say('dates', lang=lang)}{say('colon', lang=lang)}{span} · {crs}", town.settings.notice]
    return [line for line in lines if line]


def _people_fact(circles: LifeCircles | None, place: Place, lang: Lang) -> list[str]:
    basis = "people" if circles is None else circles.people_basis
    units = {"floor_area": "m2", "address_count": "addresses_unit"}
    name = say(basis, lang=lang)
    people = _people(circles, place)
    if people is None:
        return [name, say("unknown", lang=lang), ""]
    return [name, f"{people:,}", say(units.get(basis, "people_unit"), lang=lang)]


def _people(circles: LifeCircles | None, place: Place) -> int | None:
    counts = [full["people"] for full in full_set(circles, place).values() if full["people"] is not None]
    return round(counts[0]) if counts else None


def _hectares(area_m2: float) -> str:
    size = hectares(area_m2)
    return f"{size:,.0f}" if size >= 100 else f"{size:.1f}" if size >= 1 else f"{size:.2f}"


def card(circles: LifeCircles | None, place: Place, types: Sequence[str], *, lang: Lang) -> dict[str, Any]:
    """Write what the town's page says of a block: type, size, people, full set, what most people lack.

    Parameters
    ----------
    circles
        The town's life circles; ``None`` if they were not computed.
    place
        The block, or the town.
    types
        Ids of facility types, in the order of the page.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    dict
        The figures and names on the block's card.
    """
    kind = [] if place.renewal_type is None else [named("renewal_type", place.renewal_type, lang=lang)]
    _, people, unit = _people_fact(circles, place, lang)
    facts = [*kind, f"{_hectares(place.area_m2)} {say('hectares', lang=lang)}"]
    facts.append(f"{people} {unit}".strip() if unit or lang == "zh" else say("n_people", lang=lang, n=people))
    return {
        "number": place.number,
        "name": place.name,
        "href": place.href,
        "facts": " · ".join(facts),
        "full": full_set(circles, place),
        "worst": _worst(circles, place, types, lang),
    }


def _worst(circles: LifeCircles | None, place: Place, types: Sequence[str], lang: Lang) -> list[str]:
    """Say for each circle which required type most people lack."""
    said = []
    for limit, rows in type_rows(circles, place, types).items():
        lacked = [row for row in rows if row["is_required"] and (row["unreached"] or 0) >= 0.5]
        if lacked:
            name = named("facility_type", types[lacked[0]["type"]], lang=lang)
            said.append(
                say("block_worst", lang=lang, type=name, min=limit, n=f"{lacked[0]['unreached']:,.0f}")
            )
    return said


def about(town: Town, circles: LifeCircles | None, *, lang: Lang) -> list[list[str]]:
    """Write what figures rest on: built-up area, dwellings, people, walker, catalogue, coordinates, dates.

    Parameters
    ----------
    town
        The town.
    circles
        The town's life circles; ``None`` if they were not computed.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    list of list of str
        Pairs of a label and what it says.
    """
    settings = town.settings
    basis = [settings.boundary_basis, settings.boundary_year]
    rows = [
        [say("basis", lang=lang), " ".join(str(part) for part in basis if part) or say("unknown", lang=lang)]
    ]
    if circles is not None:
        walker, catalogue = circles.walker, circles.catalogue
        speed = say("walker_speed", lang=lang, name=_of(walker, lang), n=f"{walker.speed_m_min:g}")
        rows += [
            [say("dwelling_basis", lang=lang), say(f"dwelling_basis_{dwelling_basis(town)}", lang=lang)],
            [say("people_basis", lang=lang), say(f"people_basis_{circles.people_basis}", lang=lang)],
            [say("catalogue", lang=lang), _of(catalogue, lang)],
            [say("walker", lang=lang), speed],
        ]
    code = town.crs.to_authority()
    rows.append(
        [say("coordinates", lang=lang), f"{town.crs.name} ({':'.join(code)})" if code else town.crs.name]
    )
    return rows + _dates(town, lang)


def _of(record: Catalogue | Walker, lang: Lang) -> str:
    return str(record.name_zh if lang == "zh" else record.name_en)


def _dates(town: Town, lang: Lang) -> list[list[str]]:
    """Write the date of each layer, layers of one date together."""
    dated: dict[str, list[str]] = {}
    for layer in (name for name in LAYERS if name in town):
        dated.setdefault(str(town.settings.dates.get(layer) or ""), []).append(layer_name(layer, lang=lang))
    comma = say("list_comma", lang=lang)
    rows = [
        [date or say("no_date", lang=lang), comma.join(names)]
        for date, names in sorted(dated.items(), reverse=True)
    ]
    return [[say("dates", lang=lang), ""], *rows] if rows else []
