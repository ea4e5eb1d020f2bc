"""What a report says of each renewal block, and the large sheet that shows it at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fengmao_geo.blocks.located import located_projects
from fengmao_geo.blocks.proposal_words import translate_proposals
from fengmao_geo.export.map_data import column_values
from fengmao_geo.export.report_indicators import indicator_parts
from fengmao_geo.export.report_model import Figure, Paragraph, Section, plain
from fengmao_geo.export.report_parts import (
    circle_words,
    fact_words,
    gap_table,
    gap_words,
    own_programme,
    site_table,
    space_words,
)
from fengmao_geo.export.report_scores import red_line_table, score_words
from fengmao_geo.export.report_words import size_words, whole
from fengmao_geo.export.space_words import capital, control_name, kind_name, place_name, use_name
from fengmao_geo.export.static_map import map_size, static_maps
from fengmao_geo.export.theme import named, say
from fengmao_geo.standards.uses import uses

if TYPE_CHECKING:
    import pandas as pd

    from fengmao_geo.export.map_figures import Place
    from fengmao_geo.export.report_model import Part
    from fengmao_geo.export.report_words import Telling
    from fengmao_geo.export.static_layers import MapKind

__all__ = ["block_chapter"]

_WIDTH_MM = 156.0
_HEIGHTS_MM = (100.0, 165.0)
_SHEET_MM = (244.0, 252.0)
_MOST_SPACES = 15
_MOST_USES = 3
#: How many rows of each table a large sheet has room for.
_ON_SHEET = {"indicators": 15, "gaps": 5, "sites": 7}
_STATES = ("before", "now", "planned")


def block_chapter(telling: Telling) -> Section:
    """Tell of every block, then of the blocks that are proposed.

    Parameters
    ----------
    telling
        What is told of.

    Returns
    -------
    Section
        The chapter; it says so where the town has no blocks.
    """
    blocks = telling.blocks()
    own = [Section(plain(place.name), _block(telling, place)) for place in blocks]
    none = [] if blocks else [telling.tell("no_blocks")]
    proposed = Section(telling.say("section_proposed"), _proposed(telling))
    return Section(telling.say("chapter_blocks"), (*none, *own, proposed))


def _block(telling: Telling, place: Place) -> tuple[Section, ...]:
    maps = _block_maps(telling, place)
    sections: tuple[tuple[str, tuple[Part, ...]], ...] = (
        ("section_facts", _facts(telling, place, maps)),
        ("section_indicators", indicator_parts(telling, place)),
        ("section_gaps", (*gap_words(telling, place), *gap_table(telling, place))),
        ("section_spaces", _spaces(telling, place, maps)),
        ("section_projects", _projects(telling, place, maps)),
        ("section_red_lines", _red_lines(telling, place)),
        ("section_score", score_words(telling, place)),
    )
    return tuple(Section(telling.say(key), parts) for key, parts in sections)


def _block_maps(telling: Telling, place: Place) -> dict[MapKind, Figure]:
    """Draw the maps of a block that there is something to show on."""
    spaces, sites = _own_spaces(telling, place), own_programme(telling, place)
    there: dict[MapKind, bool] = {
        "reach": True,
        "spaces": spaces is not None and len(spaces) > 0,
        "programme": sites is not None and len(sites.sites) > 0,
    }
    size = map_size(telling.results, place, width_mm=_WIDTH_MM, heights_mm=_HEIGHTS_MM)
    kinds = [kind for kind, is_there in there.items() if is_there]
    drawn = static_maps(telling.results, place, kinds=kinds, size_mm=size, lang=telling.lang)
    return {kind: _block_figure(telling, place, kind, png) for kind, png in drawn.items()}


def _block_figure(telling: Telling, place: Place, kind: MapKind, png: bytes) -> Figure:
    words = telling.say("figure_block", number=place.number, name=place.name, map=telling.say(f"map_{kind}"))
    return Figure(words, png, _WIDTH_MM)


def _facts(telling: Telling, place: Place, maps: dict[MapKind, Figure]) -> tuple[Part, ...]:
    circles = circle_words(telling, place)
    if telling.results.circles is None:
        circles = [telling.not_run("circles")]
    return (Paragraph(fact_words(telling, place)), *circles, maps["reach"])


def _own_spaces(telling: Telling, place: Place) -> pd.DataFrame | None:
    spaces = telling.results.spaces
    if spaces is None:
        return None
    own: pd.DataFrame = spaces[(spaces["block_id"] == place.area_id) & (spaces["decision"] != "excluded")]
    return own.sort_values(["area_m2", "space_id"], ascending=[False, True])


def _spaces(telling: Telling, place: Place, maps: dict[MapKind, Figure]) -> tuple[Part, ...]:
    spaces = _own_spaces(telling, place)
    if spaces is None:
        return (telling.not_run("spaces"),)
    if not len(spaces):
        return (telling.tell("block_spaces_none"),)
    rows, lang = spaces.head(_MOST_SPACES), telling.lang
    columns = {
        "place": [place_name(name, lang=lang) for name in rows["name"]],
        "kind": [
            kind_name(kind, is_suspected=certainty == "suspected", lang=lang)
            for kind, certainty in zip(rows["kind"], rows["certainty"], strict=True)
        ],
        "ground": [whole(area) for area in rows["area_m2"]],
        "controls": [
            telling.joined(control_name(one, lang=lang) for one in told.split(";") if one)
            or say("space_controls_none", lang=lang)
            for told in rows["controls"]
        ],
        "could_be": _uses(telling, rows),
    }
    caption = telling.say("table_block_spaces", name=place.name)
    table = telling.table(caption, columns, (2.6, 1.9, 1.5, 1.9, 2.8), numbers=(2,))
    rest = len(spaces) - len(rows)
    more = [telling.note("and_more", count=rest)] if rest else []
    return (space_words(telling, spaces), table, *more, maps["spaces"])


def _uses(telling: Telling, rows: pd.DataFrame) -> list[str]:
    """Name the uses that fit each space, the first few."""
    found = telling.results.uses
    if found is None:
        return [telling.unknown()] * len(rows)
    fits = found[found["fits"] == "yes"]
    by_space = {space: of.tolist() for space, of in fits.groupby("space_id", sort=False)["use"]}
    said = []
    for space in rows["space_id"]:
        own = by_space.get(space, [])
        names = telling.joined(use_name(use, lang=telling.lang) for use in own[:_MOST_USES])
        more = telling.say("uses_more", list=names, count=len(own)) if len(own) > _MOST_USES else names
        said.append(capital(more) or say("space_fits_none", lang=telling.lang))
    return said


def _projects(telling: Telling, place: Place, maps: dict[MapKind, Figure]) -> tuple[Part, ...]:
    """Tell which sites of the programme lie in the block, then its projects."""
    programme = own_programme(telling, place)
    if programme is None:
        said: list[Part] = [telling.not_run("programme")]
    elif not len(programme.sites):
        said = [telling.tell("block_sites_none")]
    else:
        cost = float(programme.sites["cost_wan"].sum())
        said = [
            telling.lead("block_sites", count=len(programme.sites), cost=f"{cost:,.1f}"),
            site_table(telling, programme, telling.say("table_block_sites", name=place.name)),
            telling.note("note_sites"),
            maps["programme"],
        ]
    return (*said, *_project_list(telling, place))


def _project_list(telling: Telling, place: Place) -> tuple[Part, ...]:
    town = telling.results.town
    if "projects" not in town:
        return (telling.tell("no_projects"),)
    projects = located_projects(town)
    rows = projects[projects["block_id"] == place.area_id].sort_values("id")
    if not len(rows):
        return (telling.tell("block_projects_none"),)
    table = telling.table(
        telling.say("table_projects", name=place.name),
        {
            "project": [name or telling.unknown() for name in column_values(rows, "name")],
            "kind": [_project_kind(telling, row) for row in rows.to_dict("records")],
            "when": [_when(telling, row) for row in rows.to_dict("records")],
            "investment": [
                telling.unknown() if wan is None else whole(wan)
                for wan in column_values(rows, "investment_wan")
            ],
            **{
                name: [value or telling.unknown() for value in column_values(rows, name)]
                for name in ("responsible", "operator", "funding")
            },
        },
        (2.6, 1.4, 1.9, 1.1, 1.4, 1.4, 1.4),
        numbers=(3,),
    )
    return (telling.lead("block_projects", count=len(rows)), table)


def _project_kind(telling: Telling, row: dict[Any, Any]) -> str:
    """Name what a project is: its batch, its use, or the type that its town calls it by."""
    batch, use, kind = (row.get(name) for name in ("batch", "use", "project_type"))
    if isinstance(batch, str) and batch:
        return named("renewal_type", batch, lang=telling.lang)
    for name in (use, kind):
        if isinstance(name, str) and name in uses():
            return capital(use_name(name, lang=telling.lang))
    # An id of one's own is no name; what is written in Chinese is.
    return kind if isinstance(kind, str) and kind and not kind.isascii() else telling.unknown()


def _when(telling: Telling, row: dict[Any, Any]) -> str:
    """Say when a project was finished, or from when to when it is planned."""
    told = {
        name: value
        for name in ("completed_on", "started_on", "planned_start_on", "planned_end_on")
        if isinstance(value := row.get(name), str) and value
    }
    if "completed_on" in told:
        return telling.say("completed", date=told["completed_on"])
    ends = [told.get("started_on") or told.get("planned_start_on"), told.get("planned_end_on")]
    if not any(ends):
        return telling.unknown()
    first, last = (end or telling.unknown() for end in ends)
    return say("date_span", lang=telling.lang, first=first, last=last)


def _red_lines(telling: Telling, place: Place) -> tuple[Part, ...]:
    if telling.results.red_lines is None:
        return (telling.not_run("red_lines"),)
    table = red_line_table(telling, place)
    return (telling.tell("red_lines_none"),) if table is None else (telling.lead("red_lines_intro"), table)


def _proposed(telling: Telling) -> tuple[Part, ...]:
    """Tell where renewal blocks would help most."""
    table, lang = telling.results.proposed_blocks, telling.lang
    if table is None:
        return (telling.not_run("proposed_blocks"),)
    # As it was made it is in Chinese.
    table = table if lang == "zh" else translate_proposals(table, lang=lang)
    rows = table[~table["is_own"].astype(bool)].sort_values(["rank", "block_id"])
    if not len(rows):
        return (telling.tell("proposed_none"),)
    columns = {
        "name": rows["block_name"].tolist(),
        "renewal_type": [
            telling.unknown() if kind is None else named("renewal_type", kind, lang=lang)
            for kind in column_values(rows, "renewal_type")
        ],
        "size": [size_words(area, lang=lang) for area in rows["area_m2"]],
        "spaces": [whole(count) for count in rows["space_count"]],
        "lacking": [telling.people(count) for count in rows["lacking_people"]],
        "gaining": [telling.people(count) for count in rows["gained_people"]],
        "why": [_reason(telling, reason) for reason in rows["reason"]],
    }
    caption = telling.say("table_proposed")
    widths = (1.6, 1.1, 1.1, 1, 1.1, 1.1, 4.7)
    return (telling.lead("proposed"), telling.table(caption, columns, widths, numbers=(2, 3, 4, 5)))


def _reason(telling: Telling, reason: str) -> str:
    return str(reason) or telling.unknown()
