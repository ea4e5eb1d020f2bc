"""Sentences and tables that a report has of the town and of every block: circles, gaps, spaces, sites."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fengmao_geo.export.map_figures import full_set
from fengmao_geo.export.report_words import share_words, size_words, whole
from fengmao_geo.export.site_files import site_summary
from fengmao_geo.export.theme import named
from fengmao_geo.messages import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from fengmao_geo.export.map_figures import Place
    from fengmao_geo.export.report_model import Paragraph, Table
    from fengmao_geo.export.report_words import Telling
    from fengmao_geo.tables import Programme

__all__ = [
    "circle_words",
    "fact_words",
    "full_share",
    "gap_table",
    "gap_words",
    "own_programme",
    "people_of",
    "site_table",
    "space_words",
]

_WORST = 3
_MOST_GAPS = 10
# Less than one person is nobody.
_SOMEBODY = 0.5
# A share of people that changes no per cent.
_FEW = 0.005


def people_of(telling: Telling, place: Place) -> float | None:
    """Count the people of a place; ``None`` where nobody knows.

    Parameters
    ----------
    telling
        What is told of.
    place
        The town or a block.

    Returns
    -------
    float or None
        The people.
    """
    counts = [full["people"] for full in full_set(telling.results.circles, place).values()]
    return next((count for count in counts if count is not None), None)


def circle_words(telling: Telling, place: Place) -> list[Paragraph]:
    """Say for each circle how many people reach everything it asks for.

    Parameters
    ----------
    telling
        What is told of.
    place
        The town or a block.

    Returns
    -------
    list of Paragraph
        One for each circle.
    """
    return [_circle(telling, limit, full) for limit, full in full_set(telling.results.circles, place).items()]


def _circle(telling: Telling, limit: str, full: dict[str, Any]) -> Paragraph:
    people = {name: telling.people(full[name]) for name in ("people", "reached", "unreached", "unknown")}
    if full["people"] is not None and full["people"] < _SOMEBODY:
        return telling.tell("circle_nobody", min=limit)
    has_doubt = full["unknown"] is None or full["unknown"] >= _SOMEBODY
    return telling.tell(
        "circle" if has_doubt else "circle_known", min=limit, share=full_share(telling, full), **people
    )


def full_share(telling: Telling, full: Mapping[str, Any]) -> str:
    """Write which share reaches everything: the least it can be, where some people are not known.

    Parameters
    ----------
    telling
        What is told of.
    full
        Figures of one circle as `full_set` gives them; none where they are not known.

    Returns
    -------
    str
        Its text, as tables and maps have it.
    """
    words = share_words(full.get("share"), lang=telling.lang)
    is_least = full.get("share") is not None and full["unknown"] >= _FEW * full["people"]
    return f"≥{words}" if is_least else words


def gap_words(telling: Telling, place: Place) -> list[Paragraph]:
    """Say for each circle what most people lack.

    Parameters
    ----------
    telling
        What is told of.
    place
        The town or a block.

    Returns
    -------
    list of Paragraph
        One for each circle.
    """
    circles = telling.results.circles
    if circles is None:
        return [telling.not_run("circles")]
    said = []
    for limit in circles.minutes:
        rows = place.rows(circles.gaps)
        rows = rows[(rows["limit_min"] == limit) & (rows["lacking_people"] >= _SOMEBODY)].nsmallest(
            _WORST, "rank"
        )
        worst = [
            telling.say(
                "lacked", type=named("facility_type", kind, lang=telling.lang), people=telling.people(people)
            )
            for kind, people in zip(rows["facility_type"], rows["lacking_people"], strict=True)
        ]
        key = "gap_worst" if worst else "gap_none"
        said.append(telling.tell(key, min=f"{limit:g}", list=telling.joined(worst)))
    return said


def gap_table(telling: Telling, place: Place, *, most: int = _MOST_GAPS) -> tuple[Table, ...]:
    """List the types that most people lack within the widest circle; nothing where none is lacked.

    Parameters
    ----------
    telling
        What is told of.
    place
        The town or a block.
    most
        How many are listed.

    Returns
    -------
    tuple of Table
        One table, or none.
    """
    circles, lang = telling.results.circles, telling.lang
    if circles is None:
        return ()
    rows = place.rows(circles.gaps)
    limit = circles.minutes[-1]
    rows = rows[(rows["limit_min"] == limit) & (rows["lacking_people"] + rows["unknown_people"] >= _SOMEBODY)]
    rows = rows.sort_values("rank").head(most)
    if not len(rows):
        return ()
    columns = {
        "type": [named("facility_type", kind, lang=lang) for kind in rows["facility_type"]],
        "group": [named("group", group, lang=lang) for group in rows["group"]],
        "lacking": [telling.people(people) for people in rows["lacking_people"]],
        "share": [share_words(share, lang=lang) for share in rows["lacking_share"]],
        "unknown": [telling.people(people) for people in rows["unknown_people"]],
    }
    caption = telling.say("table_gaps", name=place.name, min=f"{limit:g}")
    return (telling.table(caption, columns, (2.6, 2.2, 1.6, 1.2, 1.6), numbers=(2, 3, 4)),)


def space_words(telling: Telling, spaces: pd.DataFrame) -> Paragraph:
    """Say how many spaces there are, how large, and how sure.

    Parameters
    ----------
    telling
        What is told of.
    spaces
        The spaces.

    Returns
    -------
    Paragraph
        A sentence.
    """
    return telling.lead(
        "spaces_sum",
        count=whole(len(spaces)),
        size=size_words(float(spaces["area_m2"].sum()), lang=telling.lang),
        suspected=whole(int((spaces["certainty"] == "suspected").sum())),
        controls=whole(int((spaces["controls"] != "").sum())),
    )


def site_table(telling: Telling, programme: Programme, caption: str) -> Table:
    """List the sites of a programme by rank: where, what, for how much, whom it newly serves.

    Parameters
    ----------
    telling
        What is told of.
    programme
        The programme.
    caption
        What it is called.

    Returns
    -------
    Table
        The table.
    """
    table = site_summary(programme, lang=telling.lang)
    served = text("column.served_types", lang=telling.lang)
    none = telling.unknown() if programme.gained is None else telling.say("for_looks")
    table = table.assign(**{served: table[served].replace("-", none)})
    return telling.frame(caption, table, (0.8, 3, 1.6, 1.3, 1.3, 4.2), numbers=(0, 3, 4))


def own_programme(telling: Telling, place: Place) -> Programme | None:
    """Take what of the programme lies in a block; ``None`` where there is no programme.

    Parameters
    ----------
    telling
        What is told of.
    place
        The town or a block.

    Returns
    -------
    Programme or None
        With the sites of the block.
    """
    programme = telling.results.programme
    if programme is None:
        return None
    own = programme.sites[programme.sites["block_id"] == place.area_id]
    return replace(programme, sites=own.sort_values("rank"))


def fact_words(telling: Telling, place: Place) -> str:
    """Say what a block is: its number, type, size and people.

    Parameters
    ----------
    telling
        What is told of.
    place
        The town or a block.

    Returns
    -------
    str
        A sentence.
    """
    kind = telling.unknown()
    if place.renewal_type is not None:
        kind = named("renewal_type", place.renewal_type, lang=telling.lang)
    return telling.say(
        "block_facts",
        name=place.name,
        number=place.number,
        type=kind,
        size=size_words(place.area_m2, lang=telling.lang),
        what=telling.people_name(),
        people=telling.people(people_of(telling, place)),
    )
