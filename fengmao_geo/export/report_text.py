"""What a report says of the town: how it is, what is to be built, what became greener."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from fengmao_geo.export.green_chart import gain_chart
from fengmao_geo.export.green_files import green_summary
from fengmao_geo.export.green_words import gain_words, headline_rows, indicator_name, value_words
from fengmao_geo.export.map_figures import Place, about, full_set
from fengmao_geo.export.report_annex import annex
from fengmao_geo.export.report_blocks import block_chapter
from fengmao_geo.export.report_model import Figure, Paragraph, Report, Section, plain
from fengmao_geo.export.report_parts import (
    circle_words,
    full_share,
    gap_table,
    gap_words,
    people_of,
    site_table,
    space_words,
)
from fengmao_geo.export.report_scores import data_chapter, score_chapter
from fengmao_geo.export.report_sheets import block_sheets
from fengmao_geo.export.report_words import Telling, date_span, size_words, whole
from fengmao_geo.export.site_files import site_words
from fengmao_geo.export.space_files import space_summary
from fengmao_geo.export.space_words import capital, kind_name, place_name
from fengmao_geo.export.static_map import map_size, static_maps
from fengmao_geo.export.summary import summary_table
from fengmao_geo.export.theme import named, say

if TYPE_CHECKING:
    from fengmao_geo.export.report_model import Part, Table
    from fengmao_geo.export.static_layers import MapKind
    from fengmao_geo.messages import Lang
    from fengmao_geo.results import Results

__all__ = ["report_of"]

_WIDTH_MM = 156.0
_HEIGHTS_MM = (105.0, 152.0)
_TOWN = "town"
_LEAST_BLOCKS = 3
_WORST = 3
_MOST_STOCK = 20


def report_of(results: Results, *, lang: Lang = "zh") -> Report:
    """Tell all that results hold, as a report.

    Parameters
    ----------
    results
        The town and what was computed from it; a step that was not run is said to be so.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    Report
        Cover, chapters and one large sheet per block.
    """
    telling = Telling(results, lang)
    town, maps = results.town, _town_maps(telling)
    chapters = (
        _general(telling, maps),
        _present(telling, maps),
        block_chapter(telling),
        _programme(telling, maps),
        _green(telling),
        score_chapter(telling),
        data_chapter(telling),
        annex(telling),
    )
    return Report(
        title=telling.say("title", town=town.name),
        lines=(telling.say("data_of", dates=date_span(town.settings.dates.values(), lang=lang)),),
        notice=telling.say("as_it_is", words=town.settings.notice),
        lang=lang,
        sections=chapters,
        sheets=block_sheets(telling),
    )


def _town_place(telling: Telling) -> Place:
    town = telling.results.town
    area_m2 = float(town["built_up"].geometry.union_all().area)
    return Place("town", "", town.name, "", None, area_m2, "")


def _town_maps(telling: Telling) -> dict[MapKind, Figure]:
    """Draw the maps of the town that there is something to show on."""
    place, results = _town_place(telling), telling.results
    there: dict[MapKind, bool] = {
        "reach": True,
        "spaces": results.spaces is not None and len(results.spaces) > 0,
        "green": "green" in results.town,
        "programme": results.programme is not None and len(results.programme.sites) > 0,
    }
    size = map_size(results, place, width_mm=_WIDTH_MM, heights_mm=_HEIGHTS_MM)
    kinds = [kind for kind, is_there in there.items() if is_there]
    drawn = static_maps(results, place, kinds=kinds, size_mm=size, lang=telling.lang)
    return {kind: _town_figure(telling, kind, png) for kind, png in drawn.items()}


def _town_figure(telling: Telling, kind: MapKind, png: bytes) -> Figure:
    shown = telling.say(f"map_{kind}")
    return Figure(telling.say("figure_town", town=telling.results.town.name, map=shown), png, _WIDTH_MM)


def _general(telling: Telling, maps: dict[MapKind, Figure]) -> Section:
    """Tell what the town is and what the report rests on."""
    place, blocks, town = _town_place(telling), telling.blocks(), telling.results.town
    people = telling.people(people_of(telling, place))
    basis = " ".join(
        str(part) for part in (town.settings.boundary_basis, town.settings.boundary_year) if part
    )
    said: list[Part] = [
        telling.tell(
            "general_town",
            town=town.name,
            size=size_words(place.area_m2, lang=telling.lang),
            basis=basis or telling.unknown(),
            what=telling.people_name(),
            people=people,
        )
    ]
    if not blocks:
        said.append(telling.tell("no_blocks"))
    else:
        area = sum(block.area_m2 for block in blocks)
        if len(blocks) < _LEAST_BLOCKS:
            said.append(telling.tell("few_blocks", least=_LEAST_BLOCKS))
        size = size_words(area, lang=telling.lang)
        said.append(telling.lead("general_blocks", count=len(blocks), size=size))
        said.append(_block_table(telling, blocks))
    said.append(maps["reach"])
    return Section(
        telling.say("chapter_general"),
        (
            Section(telling.say("section_town"), tuple(said)),
            Section(telling.say("section_data"), _data(telling)),
        ),
    )


def _block_table(telling: Telling, blocks: list[Place]) -> Table:
    circles, lang = telling.results.circles, telling.lang
    fulls = [list(full_set(circles, place).values()) for place in blocks]
    columns = {
        "number": [place.number for place in blocks],
        "name": [place.name for place in blocks],
        "renewal_type": [
            telling.unknown()
            if place.renewal_type is None
            else named("renewal_type", place.renewal_type, lang=lang)
            for place in blocks
        ],
        "size": [size_words(place.area_m2, lang=lang) for place in blocks],
        "people": [telling.people(people_of(telling, place)) for place in blocks],
        "full_set": [_full_share(full, telling) for full in fulls],
    }
    return telling.table(telling.say("table_blocks"), columns, (1, 3.2, 2, 1.8, 2, 2), numbers=(3, 4, 5))


def _full_share(full: list[dict[str, Any]], telling: Telling) -> str:
    """Write the share of the widest circle; nobody where nobody lives."""
    if full and full[-1]["people"] == 0:
        return say("nobody", lang=telling.lang)
    return full_share(telling, full[-1] if full else {})


def _data(telling: Telling) -> tuple[Part, ...]:
    """Tell what figures rest on; pairs of a name and what it says, then dates and their layers."""
    rows = about(telling.results.town, telling.results.circles, lang=telling.lang)
    names, told = [row[0] for row in rows], [row[1] for row in rows]
    is_head = [not words for words in told]
    until = is_head.index(True) if any(is_head) else len(rows)
    basis = {"basis": names[:until], "says": told[:until]}
    parts: list[Part] = [
        telling.lead("data_intro"),
        telling.table(telling.say("table_basis"), basis, (1.2, 4)),
    ]
    if names[until + 1 :]:
        dates = {"date": names[until + 1 :], "layers": told[until + 1 :]}
        parts.append(telling.table(telling.say("table_dates"), dates, (1.2, 4)))
    return tuple(parts)


def _present(telling: Telling, maps: dict[MapKind, Figure]) -> Section:
    """Tell how the town is: life circles, gaps, spaces, stock, green."""
    sections = (
        ("section_circles", _circles(telling)),
        ("section_gaps", _gaps(telling)),
        ("section_spaces", _spaces(telling, maps)),
        ("section_stock", _stock(telling)),
        ("section_green", _green_now(telling, maps)),
    )
    return Section(
        telling.say("chapter_present"), tuple(Section(telling.say(key), parts) for key, parts in sections)
    )


def _circles(telling: Telling) -> tuple[Part, ...]:
    circles = telling.results.circles
    if circles is None:
        return (telling.not_run("circles"),)
    names = {place.area_id: place.name for place in telling.blocks()}
    table = summary_table(telling.results, lang=telling.lang)
    # A block where nobody lives is listed by its id.
    table = table.assign(**{str(table.columns[0]): table.iloc[:, 0].replace(names)})
    table = table.replace("-", say("none_lack", lang=telling.lang))
    widths = (2.2, 1.2, 1.5, 1.5, 1.3, 1.5, 4)
    return (
        *circle_words(telling, _town_place(telling)),
        telling.frame(telling.say("table_circles"), table, widths, numbers=range(1, 6)),
        telling.note("note_circles"),
    )


def _gaps(telling: Telling) -> tuple[Part, ...]:
    if telling.results.circles is None:
        return (telling.not_run("circles"),)
    place = _town_place(telling)
    return (*gap_words(telling, place), *gap_table(telling, place))


def _spaces(telling: Telling, maps: dict[MapKind, Figure]) -> tuple[Part, ...]:
    spaces = telling.results.spaces
    if spaces is None:
        return (telling.not_run("spaces"),)
    if not len(spaces):
        return (telling.tell("spaces_none"),)
    summary = space_summary(telling.results, lang=telling.lang)
    return (
        space_words(telling, spaces),
        telling.frame(telling.say("table_spaces"), summary, (2.6, 1, 1.6, 1.2, 1.2, 2), numbers=range(1, 6)),
        telling.note("note_suspected"),
        maps["spaces"],
    )


def _stock(telling: Telling) -> tuple[Part, ...]:
    """Tell what stands idle, the largest first."""
    spaces, lang = telling.results.spaces, telling.lang
    if spaces is None:
        return (telling.not_run("spaces"),)
    stock = spaces[(spaces["family"] == "stock") & (spaces["decision"] != "excluded")]
    if not len(stock):
        return (telling.tell("stock_none"),)
    rows = stock.sort_values(["area_m2", "space_id"], ascending=[False, True]).head(_MOST_STOCK)
    columns = {
        "place": [place_name(name, lang=lang) for name in rows["name"]],
        "kind": [
            kind_name(kind, is_suspected=certainty == "suspected", lang=lang)
            for kind, certainty in zip(rows["kind"], rows["certainty"], strict=True)
        ],
        "ground": [whole(area) for area in rows["area_m2"]],
        "building": [telling.unknown() if pd.isna(area) else whole(area) for area in rows["building_m2"]],
        "owner": [named("owner", owner, lang=lang) for owner in rows["owner"]],
    }
    known = float(stock["building_m2"].sum())
    first = telling.lead(
        "stock_sum",
        count=whole(len(stock)),
        size=size_words(float(stock["area_m2"].sum()), lang=lang),
        building=whole(known),
    )
    table = telling.table(telling.say("table_stock"), columns, (3, 2.6, 1.4, 1.4, 1.2), numbers=(2, 3))
    rest = len(stock) - len(rows)
    return (first, table, *([telling.note("and_more", count=rest)] if rest else []))


def _green_now(telling: Telling, maps: dict[MapKind, Figure]) -> tuple[Part, ...]:
    """Tell how green the town is today."""
    picture = [maps["green"]] if "green" in maps else []
    if telling.results.gains is None:
        return (telling.not_run("gains"), *picture)
    rows = headline_rows(telling.results, _TOWN)
    columns = {
        "indicator": [
            indicator_name(name, rules, lang=telling.lang)
            for name, rules in zip(rows["indicator"], rows["rule_set"], strict=True)
        ],
        "now": [
            value_words(value, name, lang=telling.lang)
            for value, name in zip(rows["after"], rows["indicator"], strict=True)
        ],
        "measured": [named("green_basis", basis, lang=telling.lang) for basis in rows["basis"]],
    }
    table = telling.table(telling.say("table_green_now"), columns, (3.4, 1.6, 2), numbers=(1,))
    if not table.rows:
        return (telling.tell("green_unknown"), *picture)
    return (telling.lead("green_intro"), table, *picture)


def _programme(telling: Telling, maps: dict[MapKind, Figure]) -> Section:
    """Tell what is to be built where, whom it serves and how good that is."""
    title, programme = telling.say("chapter_programme"), telling.results.programme
    if programme is None:
        return Section(title, (telling.not_run("programme"),))
    said = [telling.tell("stop", words=capital(words)) for words in site_words(programme, lang=telling.lang)]
    if not len(programme.sites):
        return Section(title, (*said, telling.tell("sites_none")))
    return Section(
        title,
        (
            Section(telling.say("section_reached"), (*said, *_after(telling))),
            Section(
                telling.say("section_sites"),
                (
                    telling.lead("sites_intro"),
                    site_table(telling, programme, telling.say("table_sites")),
                    telling.note("note_sites"),
                    maps["programme"],
                ),
            ),
        ),
    )


def _after(telling: Telling) -> list[Paragraph]:
    """Say how many people have the full set once the programme stands."""
    planned = telling.results.planned
    if planned is None:
        return [telling.not_run("planned")]
    place = _town_place(telling)
    now = full_set(telling.results.circles, place)
    return [
        telling.tell(
            "after_circle",
            min=limit,
            share=full_share(telling, full),
            was=full_share(telling, now.get(limit, {})),
            people=telling.people(full["reached"]),
        )
        for limit, full in full_set(planned, place).items()
    ]


def _green(telling: Telling) -> Section:
    """Tell what became greener, and would by the programme."""
    title, lang = telling.say("chapter_green"), telling.lang
    if telling.results.gains is None:
        return Section(title, (telling.not_run("gains"),))
    said = []
    for is_planned in (False, True):
        rows = headline_rows(telling.results, _TOWN, is_planned=is_planned)
        rows = rows[rows["gain"].notna()] if len(rows) else rows
        gained = [
            telling.say(
                "green_gain",
                name=indicator_name(row["indicator"], row["rule_set"], lang=lang),
                gain=gain_words(row, lang=lang),
            )
            for _, row in rows.head(_WORST).iterrows()
        ]
        key = "green_planned" if is_planned else "green_seen"
        said.append(telling.tell(key if gained else f"{key}_none", list=telling.joined(gained)))
    table = green_summary(telling.results, lang=lang)
    parts: list[Part] = [*said]
    if len(table):
        parts.append(_green_table(telling, table))
        parts.append(Paragraph(say("green_note_interval", lang=lang), "note"))
        chart = gain_chart(telling.results, _TOWN, number=say("town", lang="en"), lang=lang)
        parts.append(Figure(telling.say("figure_chart"), chart, _WIDTH_MM))
    return Section(title, tuple(parts))


def _green_table(telling: Telling, table: pd.DataFrame) -> Table:
    """Lay out what each area gained below its name."""
    widths = (3, 1.8, 1.5, 1.5, 2.6)
    laid = telling.frame(telling.say("table_green"), table.iloc[:, 1:], widths, numbers=(2, 3, 4))
    rows: list[tuple[str, ...]] = []
    area = None
    for name, row in zip(table.iloc[:, 0].tolist(), laid.rows, strict=True):
        if name != area:
            rows.append((plain(name),))
            area = name
        rows.append(row)
    return replace(laid, rows=tuple(rows))
