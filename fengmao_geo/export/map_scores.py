"""What a map page says of scores: a block's own with its indicators, the town's with the order of blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from fengmao_geo.export.indicator_words import indicator_words, missing_words, value_of
from fengmao_geo.export.theme import named, say
from fengmao_geo.standards.indicators import STATES, indicator_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fengmao_geo.export.map_figures import Place
    from fengmao_geo.messages import Lang
    from fengmao_geo.results import Results

__all__ = ["score_data"]


def score_data(
    results: Results, place: Place, blocks: Sequence[Place], *, lang: Lang
) -> dict[str, Any] | None:
    """Write the scores a page shows.

    Parameters
    ----------
    results
        The town and what was computed from it.
    place
        The block, or the town.
    blocks
        All blocks of the town.
    lang
        The language of the page.

    Returns
    -------
    dict or None
        ``blocks``: on the town's page a row per block, the best first, on a block's page its own;
        ``groups``: the indicators of the place, group by group. ``None`` where nothing was measured.
    """
    if results.indicators is None:
        return None
    own = results.indicators[(results.indicators["area_id"] == place.area_id) | (place.area_kind == "town")]
    own = own[own["area_kind"] == place.area_kind]
    return {
        "blocks": _blocks(results.block_scores, place, blocks, lang),
        "groups": _groups(own, _attained(results.scorecard, place), lang),
    }


def _blocks(
    scores: pd.DataFrame | None, place: Place, blocks: Sequence[Place], lang: Lang
) -> list[dict[str, Any]]:
    if scores is None:
        return []
    now = scores[scores["state"] == "now"].set_index("block_id")
    planned = scores[scores["state"] == "planned"].set_index("block_id")["score"]
    rows = [
        _block(block, now.loc[block.area_id].to_dict(), planned.get(block.area_id), len(now), lang=lang)
        for block in blocks
        if block.area_id in now.index and (place.area_kind == "town" or place == block)
    ]
    return sorted(rows, key=lambda row: (row["score"] is None, -(row["score"] or 0.0)))


def _block(
    block: Place, row: dict[Any, Any], planned: float | None, count: int, lang: Lang
) -> dict[str, Any]:
    is_known = pd.notna(row["score"])
    score = round(float(row["score"]), 1) if is_known else None
    return {
        "number": block.number,
        "name": block.name,
        "href": block.href,
        "score": score,
        "low": round(float(row["low_score"]), 1) if is_known else 0.0,
        "high": round(float(row["high_score"]), 1) if is_known else 100.0,
        "words": [*_words(row, score, planned, count, lang)],
    }


def _words(
    row: dict[Any, Any], score: float | None, planned: float | None, count: int, lang: Lang
) -> Iterator[str]:
    if score is None:
        yield say("score_none", lang=lang)
        return
    if pd.notna(row["rank"]):
        yield say("score_rank", lang=lang, rank=int(row["rank"]), count=count)
    if pd.notna(row["stability_share"]):
        yield say("score_stable", lang=lang, n=f"{row['stability_share']:.0%}")
    if row["bonus_score"] > 0:
        yield say("score_bonus", lang=lang, n=f"{row['bonus_score']:.1f}")
    if row["known_share"] < 1:
        yield say("score_known", lang=lang, n=f"{row['known_share']:.0%}")
        low, high = f"{row['low_score']:.0f}", f"{row['high_score']:.0f}"
        yield say("score_range", lang=lang, low=low, high=high)
    if planned is not None and pd.notna(planned):
        yield say("score_change", lang=lang, n=f"{planned:.1f}", change=f"{planned - score:+.1f}")


def _attained(scorecard: pd.DataFrame | None, place: Place) -> dict[str, tuple[float, float]]:
    """Look up each indicator's target and how far the block attains it now."""
    if scorecard is None or place.area_kind == "town":
        return {}
    own = scorecard[(scorecard["block_id"] == place.area_id) & (scorecard["state"] == "now")]
    return {
        str(name): (float(target), float(share))
        for name, target, share in zip(
            own["indicator"], own["target"], own["attainment_share"].astype(float), strict=True
        )
    }


def _groups(rows: pd.DataFrame, attained: dict[str, tuple[float, float]], lang: Lang) -> list[dict[str, Any]]:
    found: dict[str, list[dict[str, Any]]] = {}
    known = indicator_file().indicators
    for name, of in rows.groupby("indicator", sort=False):
        found.setdefault(known[str(name)].group, []).append(_row(str(name), of, attained, lang))
    return [{"name": named("indicator_group", group, lang=lang), "rows": of} for group, of in found.items()]


def _row(
    name: str, rows: pd.DataFrame, attained: dict[str, tuple[float, float]], lang: Lang
) -> dict[str, Any]:
    states = {row["state"]: row for row in rows.to_dict("records")}
    said = [
        [named("state", state, lang=lang), _value(name, states[state], lang)]
        for state in STATES
        if state in states
    ]
    # What only a programme yields has no value now.
    told = states.get("now") or states[next(state for state in STATES[::-1] if state in states)]
    target, share = attained.get(name, (None, None))
    is_attained = share is not None and pd.notna(share)
    aim = None if target is None else value_of(target, name, lang=lang)
    lacking = missing_words(told["missing"], lang=lang)
    return {
        "name": indicator_words(name, lang=lang),
        "value": _value(name, told, lang),
        "states": [] if list(states) == ["now"] else said,
        "is_known": bool(pd.notna(told["value"])),
        "lacking": say("score_lacking", lang=lang, names=lacking) if lacking else "",
        "target": "" if aim is None else say("score_target", lang=lang, n=aim),
        "attained": round(float(share), 3) if is_attained and share is not None else None,
    }


def _value(name: str, row: dict[Any, Any], lang: Lang) -> str:
    return value_of(row["value"], name, missing=row["missing"], lang=lang)
