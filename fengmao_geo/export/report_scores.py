"""What a report says of scores, batches and red lines, of what is not known, and how indicators are made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from fengmao_geo.export.indicator_words import in_unit, layer_words, missing_words, need_words, source_words
from fengmao_geo.export.report_model import Paragraph, Section
from fengmao_geo.export.report_words import NONE, STEPS, share_words, whole
from fengmao_geo.export.theme import named, say
from fengmao_geo.findings import translate_findings
from fengmao_geo.messages import text
from fengmao_geo.standards.indicators import STATES, indicator_file
from fengmao_geo.tables import RENEWAL_TYPES, THEMES

if TYPE_CHECKING:
    from fengmao_geo.export.map_figures import Place
    from fengmao_geo.export.report_model import Part, Table
    from fengmao_geo.export.report_words import Telling

__all__ = ["data_chapter", "red_line_table", "score_chapter", "score_words", "sourced"]

_ITEMS = {"batch": ("renewal_type", RENEWAL_TYPES), "theme": ("theme", THEMES)}
_COUNTED = ("space", "site", "project")
_MOST_FINDINGS = 40


def points(value: float | None, telling: Telling) -> str:
    """Write a score of a hundred.

    Parameters
    ----------
    value
        The score.
    telling
        What is told of.

    Returns
    -------
    str
        Its text.
    """
    return telling.unknown() if value is None or pd.isna(value) else f"{value:.1f}"


def score_words(telling: Telling, place: Place, *, is_short: bool = False) -> tuple[Paragraph, ...]:
    """Say what a block scores in each state, how sure that is, and its rank.

    Parameters
    ----------
    telling
        What is told of.
    place
        The block.
    is_short
        Whether the score and its rank are enough.

    Returns
    -------
    tuple of Paragraph
        One for each state.
    """
    if telling.results.block_scores is None:
        return (telling.not_run("scorecard"),)
    rows = telling.of_block(telling.results.block_scores, place)
    if not len(rows):
        return (telling.tell("score_none"),)
    by_state = {row["state"]: row for row in rows.to_dict("records")}
    say_it = _short_score if is_short else _score
    return tuple(Paragraph(say_it(telling, by_state[state])) for state in STATES if state in by_state)


def _score_values(telling: Telling, row: dict[Any, Any]) -> dict[str, str]:
    names = ("base_score", "bonus_score", "low_score", "high_score", "score")
    values = {name.removesuffix("_score"): points(row[name], telling) for name in names}
    return values | {"state": named("state", row["state"], lang=telling.lang)}


def _short_score(telling: Telling, row: dict[Any, Any]) -> str:
    if pd.isna(row["rank"]):
        return telling.say("score_plain", **_score_values(telling, row))
    return telling.say("score_short", rank=whole(row["rank"]), **_score_values(telling, row))


def _score(telling: Telling, row: dict[Any, Any]) -> str:
    known = share_words(row["known_share"], lang=telling.lang)
    words = telling.say("score_words", known=known, **_score_values(telling, row))
    if pd.isna(row["rank"]):
        return words
    stability = share_words(row["stability_share"], lang=telling.lang)
    return telling.say("score_rank", words=words, rank=whole(row["rank"]), stability=stability)


def red_line_table(telling: Telling, place: Place, *, is_short: bool = False) -> Table | None:
    """Lay out the red lines of renewal of a block.

    Parameters
    ----------
    telling
        What is told of.
    place
        The block.

    is_short
        Whether the value is enough, without what would settle it.

    Returns
    -------
    Table or None
        ``None`` where there are none.
    """
    rows, lang = telling.of_block(telling.results.red_lines, place), telling.lang
    if not len(rows):
        return None
    told = rows.to_dict("records")
    columns = {
        "red_line": [named("red_line", name, lang=lang) for name in rows["red_line"]],
        "value": [telling.value(row, row["unit"]) if is_short else _measured(row, telling) for row in told],
        "limit": [
            NONE if pd.isna(row["limit"]) else in_unit(row["limit"], row["unit"], lang=lang) for row in told
        ],
        "status": [named("red_line_status", status, lang=lang) for status in rows["status"]],
        "source": [sourced(row["source"], row["tag"], telling) for row in told],
    }
    caption = telling.say("table_red_lines", name=place.name)
    return telling.table(caption, columns, (2.2, 2.2, 1.2, 1.2, 3), numbers=(2,))


def _measured(row: dict[Any, Any], telling: Telling) -> str:
    """Write the value, or what would settle it."""
    value = telling.value(row, row["unit"])
    missing = str(row["missing"])
    if not missing or not pd.isna(row["value"]):
        return value
    return telling.say("needing", value=value, needs=missing_words(missing, lang=telling.lang))


def sourced(source: str, tag: str, telling: Telling) -> str:
    """Write a source with how sure it is.

    Parameters
    ----------
    source
        Where it comes from.
    tag
        How sure it is.
    telling
        What is told of.

    Returns
    -------
    str
        Its text.
    """
    if not source:
        return NONE
    return telling.say("sourced", source=source_words(source, lang=telling.lang), tag=tag)


def score_chapter(telling: Telling) -> Section:
    """Tell how the blocks score, and which batches and themes each lacks.

    Parameters
    ----------
    telling
        What is told of.

    Returns
    -------
    Section
        The chapter.
    """
    sections = (
        ("section_scores", _scores(telling)),
        ("section_batches", _matrix(telling, "batch")),
        ("section_themes", _matrix(telling, "theme")),
    )
    return Section(
        telling.say("chapter_scores"), tuple(Section(telling.say(key), parts) for key, parts in sections)
    )


def _scores(telling: Telling) -> tuple[Part, ...]:
    table = telling.results.block_scores
    if table is None:
        return (telling.not_run("scorecard"),)
    places = {place.area_id: at for at, place in enumerate(telling.blocks())}
    order = table.assign(
        place=table["block_id"].map(places), at=[STATES.index(state) for state in table["state"]]
    )
    rows = order.sort_values(["place", "at"]).to_dict("records")
    if not rows:
        return (telling.tell("score_none"),)
    lang = telling.lang
    columns = {
        "block": [row["block_name"] for row in rows],
        "state": [named("state", row["state"], lang=lang) for row in rows],
        "score": [points(row["score"], telling) for row in rows],
        "base": [points(row["base_score"], telling) for row in rows],
        "bonus": [points(row["bonus_score"], telling) for row in rows],
        "span": [
            say(
                "date_span",
                lang=lang,
                first=points(row["low_score"], telling),
                last=points(row["high_score"], telling),
            )
            for row in rows
        ],
        "known": [share_words(row["known_share"], lang=lang) for row in rows],
        "rank": [NONE if pd.isna(row["rank"]) else whole(row["rank"]) for row in rows],
        "stability": [
            NONE if pd.isna(row["rank"]) else share_words(row["stability_share"], lang=lang) for row in rows
        ],
    }
    widths = (2.4, 1.1, 1, 1, 1, 1.9, 1.1, 1.1, 1.2)
    return (
        telling.lead("scores_intro"),
        telling.table(telling.say("table_scores"), columns, widths, numbers=range(2, 9)),
        telling.note("note_scores"),
    )


def _matrix(telling: Telling, side: str) -> tuple[Part, ...]:
    """Lay out what each block has of each batch or theme; what is missing is marked so."""
    table = telling.results.block_matrix
    if table is None:
        return (telling.not_run("block_matrix"),)
    kind, items = _ITEMS[side]
    rows = table[table["side"] == side]
    cells = {(row["block_id"], row["item"]): row for row in rows.to_dict("records")}
    places = telling.blocks()
    if not cells:
        return (telling.tell("matrix_none"),)
    grid = pd.DataFrame(
        [
            [place.name, *(_cell(cells.get((place.area_id, item)), telling) for item in items)]
            for place in places
        ],
        columns=[telling.say("head_block"), *(named(kind, item, lang=telling.lang) for item in items)],
    )
    lacking = [
        telling.say(
            "matrix_lacks",
            name=place.name,
            list=telling.joined(named(kind, item, lang=telling.lang) for item in own),
        )
        for place in places
        if (own := [item for item in items if cells.get((place.area_id, item), {}).get("is_missing")])
    ]
    stop = say("semicolon", lang=telling.lang)
    first = (
        telling.lead("matrix_missing", list=stop.join(lacking)) if lacking else telling.lead("matrix_full")
    )
    table_of = telling.frame(telling.say(f"table_{side}"), grid, (1.8, *(1.5,) * len(items)))
    return (first, table_of, telling.note("note_matrix"))


def _cell(row: dict[Any, Any] | None, telling: Telling) -> str:
    if row is None:
        return telling.unknown()
    if row["is_missing"]:
        return telling.say("lacking_item")
    counted = [
        telling.say(f"n_{name}", count=whole(row[f"{name}_count"]))
        for name in _COUNTED
        if row[f"{name}_count"]
    ]
    counted = counted or [telling.say("n_indicator", count=whole(row["indicator_count"]))]
    return telling.joined(counted)


def data_chapter(telling: Telling) -> Section:
    """Tell what was found in the data, what is not known, and what would settle it.

    Parameters
    ----------
    telling
        What is told of.

    Returns
    -------
    Section
        The chapter.
    """
    sections = (
        ("section_findings", _findings(telling)),
        ("section_unknown", _unknown(telling)),
        ("section_steps", _steps(telling)),
    )
    return Section(
        telling.say("chapter_data"), tuple(Section(telling.say(key), parts) for key, parts in sections)
    )


def _findings(telling: Telling) -> tuple[Part, ...]:
    """Count what was found by layer and kind, with the first of each as an example."""
    found, lang = telling.results.findings, telling.lang
    if not len(found):
        return (telling.tell("findings_none"),)
    counts = found["severity"].value_counts()
    said = [
        telling.say("finding_count", name=text(f"severity.{name}", lang=lang), count=whole(counts[name]))
        for name in ("error", "excluded", "repaired", "warning")
        if name in counts
    ]
    groups = translate_findings(found, lang=lang).groupby(["severity", "layer", "code"], sort=False)
    first = groups.first().assign(count=groups.size()).reset_index()
    rows = first.head(_MOST_FINDINGS)
    columns = {
        "severity": [text(f"severity.{name}", lang=lang) for name in rows["severity"]],
        "layer": [layer_words(str(layer).partition(".")[0], lang=lang) for layer in rows["layer"]],
        "count": [whole(count) for count in rows["count"]],
        "example": [str(words) for words in rows["found"]],
        "remedy": [str(words) or NONE for words in rows["remedy"]],
    }
    rest = len(first) - len(rows)
    return (
        telling.lead("findings_sum", count=whole(len(found)), list=telling.joined(said)),
        telling.table(telling.say("table_findings"), columns, (0.9, 1.4, 0.7, 3, 3.2), numbers=(2,)),
        telling.note("note_findings"),
        *([telling.note("and_more", count=rest)] if rest else []),
    )


def _unknown(telling: Telling) -> tuple[Part, ...]:
    """Tell which layer or step would settle which indicators, and which facilities nobody counted."""
    said: list[Part] = []
    circles, lang = telling.results.circles, telling.lang
    if circles is not None:
        types = circles.types[circles.types["is_asked"] & ~circles.types["is_surveyed"]]["facility_type"]
        names = [named("facility_type", kind, lang=lang) for kind in types]
        said.append(
            telling.tell("not_surveyed", count=len(names), list=telling.joined(names))
            if names
            else telling.tell("all_surveyed")
        )
    table = telling.results.indicators
    if table is None:
        return (*said, telling.not_run("indicators"))
    rows = table[table["value"].isna() & (table["missing"] != "")]
    if not len(rows):
        return (*said, telling.tell("all_known"))
    needs = rows.assign(need=rows["missing"].str.split(", ")).explode("need")
    called = _indicator_names(telling)
    groups = needs.groupby("need", sort=True)["indicator"].unique()
    columns = {
        "need": [need_words(need, lang=lang) for need in groups.index],
        "count": [whole(len(own)) for own in groups],
        "settles": [telling.joined(called.get(one, one) for one in own) for own in groups],
    }
    intro = telling.lead("unknown_sum", count=rows["indicator"].nunique(), needs=len(groups))
    table_of = telling.table(telling.say("table_unknown"), columns, (2, 0.8, 4.4), numbers=(1,))
    return (*said, intro, table_of)


def _indicator_names(telling: Telling) -> dict[str, str]:
    return {
        name: one.name_zh if telling.lang == "zh" else one.name_en
        for name, one in indicator_file().indicators.items()
    }


def _steps(telling: Telling) -> tuple[Part, ...]:
    """Tell which steps were run."""
    done = {step: getattr(telling.results, step) is not None for step in STEPS}
    run = [telling.say(f"step_{step}") for step, is_run in done.items() if is_run]
    rest = [telling.say(f"step_{step}") for step, is_run in done.items() if not is_run]
    said = [telling.tell("steps_run", list=telling.joined(run))] if run else []
    said.append(telling.tell("steps_left", list=telling.joined(rest)) if rest else telling.tell("steps_all"))
    return tuple(said)
