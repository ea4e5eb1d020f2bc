"""Indicators and scores worked out on paper for the two blocks of the hand-made town of the maps."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd
from map_town import map_results

from fengmao_geo.tables import RESULTS

if TYPE_CHECKING:
    from fengmao_geo.results import Results

NAN = float("nan")


def indicator_rows(results: Results) -> pd.DataFrame:
    """Green rate 0.20, 0.28 and 0.30 in the first block, unknown in the second; no firms in the first."""
    names = block_names(results)
    rows = []
    for kind, area, name in [*(("block", area, name) for area, name in names), ("town", "town", "T")]:
        first = area == names[0][0]
        green = (
            {"before": 0.2, "now": 0.28, "planned": 0.3}
            if first
            else dict.fromkeys(("before", "now", "planned"), NAN)
        )
        rows += [
            (kind, area, name, "green_rate_share", state, value, "" if first else "green")
            for state, value in green.items()
        ]
        rows.append((kind, area, name, "parcel_yield_wan_per_mu", "now", NAN if first else 12.34, ""))
    columns = ["area_kind", "area_id", "area_name", "indicator", "state", "value", "missing"]
    return RESULTS["indicators"].check(pd.DataFrame(rows, columns=columns))


def block_names(results: Results) -> list[tuple[str, str]]:
    blocks = results.town["blocks"].sort_values("block_no")
    return list(
        zip(blocks["id"], blocks["name"].fillna("") if "name" in blocks else blocks["id"], strict=True)
    )


def card_rows(results: Results) -> pd.DataFrame:
    """0.28 of 0.35 is 80 % attained now, 0.30 about 86 % with the programme."""
    rows = [
        (
            *names,
            "green_rate_share",
            state,
            value,
            "share",
            0.35,
            False,
            1.0,
            value / 0.35,
            100 * value / 0.35,
        )
        for number, names in enumerate(block_names(results))
        for state, value in (
            (("now", 0.28), ("planned", 0.3)) if number == 0 else (("now", NAN), ("planned", NAN))
        )
    ]
    columns = [
        *("block_id", "block_name", "indicator", "state", "value", "unit", "target", "is_bonus"),
        *("weight_share", "attainment_share", "score"),
    ]
    return RESULTS["scorecard"].check(pd.DataFrame(rows, columns=columns))


def block_score_rows(results: Results) -> pd.DataFrame:
    (first, second) = block_names(results)
    rows = [
        (*first, "now", 80.0, 2.5, 82.5, 70.0, 90.0, 0.8, 1, 0.73),
        (*first, "planned", 85.7, 2.5, 88.2, 75.0, 95.0, 0.8, 1, 0.8),
        (*second, "now", NAN, NAN, NAN, 0.0, 100.0, 0.0, None, NAN),
        (*second, "planned", NAN, NAN, NAN, 0.0, 100.0, 0.0, None, NAN),
    ]
    columns = [
        *("block_id", "block_name", "state", "base_score", "bonus_score", "score", "low_score", "high_score"),
        *("known_share", "rank", "stability_share"),
    ]
    table = pd.DataFrame(rows, columns=columns)
    return RESULTS["block_scores"].check(table.assign(rank=table["rank"].astype("Int64")))


def scored_results(**changes: Any) -> Results:
    results = map_results(**changes)
    return replace(
        results,
        indicators=indicator_rows(results),
        scorecard=card_rows(results),
        block_scores=block_score_rows(results),
    )
