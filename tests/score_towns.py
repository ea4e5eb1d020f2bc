"""Indicators of the tests' own, and small towns whose blocks are scored by them."""

from __future__ import annotations

from functools import cache

import pandas as pd
from town_layers import frame, good_layers, square

import fengmao_geo as fg
from fengmao_geo.blocks import score_rules
from fengmao_geo.results import Results
from fengmao_geo.standards.indicators import Indicator, IndicatorFile, indicator_file
from fengmao_geo.tables import RESULTS
from fengmao_geo.town.town import TownSettings

WORDS = {"formula_zh": "甲", "formula_en": "a", "source": "made for a test", "tag": "P"}
AIM = {"target_source": "made for a test", "target_tag": "P"}


def indicator(name, **changes):
    of = {
        "indicator": name,
        "group": "circles",
        "name_zh": f"指标{name}",
        "name_en": f"indicator {name}",
        "unit": "share",
        "direction": "more",
        "target": 1.0,
        "batch": "public_space",
        "theme": "jiangnan",
    }
    return Indicator(**(of | WORDS | AIM | changes))


#: Two of one group, one of another of which less is better, two that tell what is distinctive, two not scored.
OURS = (
    indicator("reach", states=("before", "now", "planned")),
    indicator("walks", target=2.0),
    indicator("noise", group="fabric", direction="less", floor=10.0, target=0.0),
    indicator("charm", group="townscape", is_bonus=True),
    indicator("views", group="townscape", is_bonus=True),
    indicator("grain", group="fabric", direction="none", target=None),
    indicator("trade", group="vitality", target=None),
)


def use_our_indicators(monkeypatch):
    """Score by the indicators of the tests."""
    file = IndicatorFile(
        source="made for a test",
        tag="P",
        units=indicator_file().units,
        indicators={of.indicator: of for of in OURS},
    )
    monkeypatch.setattr(score_rules, "indicator_file", lambda: file)


def town_of_blocks(*ids, score=None, **layers):
    """A square kilometre with blocks of a hectare side by side."""
    shapes = [square(100 * at, 0, 100) for at in range(len(ids))]
    blocks = frame(shapes, id=list(ids), name=[f"区块{name}" for name in ids])
    return fg.Town.from_layers(
        name="T", settings=TownSettings(score=score or {}), **(good_layers() | {"blocks": blocks} | layers)
    )


def measured(*rows, missing="green"):
    """Indicators of blocks: block, indicator, state, value; ``None`` is unknown, ``"none"`` has no meaning."""
    frame = pd.DataFrame(
        [
            {
                "area_kind": "block",
                "area_id": block,
                "area_name": f"区块{block}",
                "indicator": name,
                "state": state,
                "value": float("nan") if value in (None, "none") else float(value),
                "missing": missing if value is None else "",
            }
            for block, name, state, value in rows
        ],
        columns=list(RESULTS["indicators"].names),
    )
    return RESULTS["indicators"].check(frame)


@cache
def _town(ids):
    return town_of_blocks(*ids)


def results_of(*rows, ids=("a", "b"), score=None):
    town = _town(ids) if score is None else town_of_blocks(*ids, score=score)
    return Results(town, indicators=measured(*rows))


def whole(values, state="now"):
    """Rows of measured values: block, then indicator, then value."""
    return [(block, name, state, value) for block, of in values.items() for name, value in of.items()]


def placed_spaces(shapes, **columns):
    """Spaces of these shapes; all of one kind unless columns say otherwise."""
    plain = {
        "space_id": [f"s{at:02d}" for at in range(len(shapes))],
        "name": "s",
        "family": "leftover",
        "kind": "vacant_plot",
        "basis": "open_land",
        "certainty": "certain",
        "rule": "",
        "evidence": "",
        "area_m2": [shape.area for shape in shapes],
        "building_m2": 0.0,
        "width_m": 10.0,
        "circle_m": 10.0,
        "compactness_share": 0.5,
        "frontage_m": 10.0,
        "water_m": float("nan"),
        "is_accessible": True,
        "block_id": None,
        "owner": "state",
        "bridge_manager": None,
        "clear_height_m": float("nan"),
        "within_5_min_people": float("nan"),
        "within_15_min_people": float("nan"),
        "protected_m2": 0.0,
        "controls": "",
        "decision": "",
    }
    return RESULTS["spaces"].check(frame(shapes, **(plain | columns)))
