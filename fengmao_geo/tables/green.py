"""Tables of green: indicators before and after, what was gained, and the lists behind them."""

from __future__ import annotations

from fengmao_geo.schema import Column, Table

__all__ = ["GREEN_RESULTS"]

_AREA = (
    # A part is a piece of the town that one block, one intervention, both or none take.
    Column("area_kind", choices=("town", "block", "intervention", "part")),
    Column("area_id"),
    Column("area_name"),
)
#: An indicator's unit ends its name; ``rule_set`` and ``by`` are empty where it has none.
_INDICATOR = (
    Column("indicator"),
    Column("rule_set"),
    Column("by", choices=("", "network", "straight_line")),
)
_BLOCK = Column("block_id", is_nullable=True)
_NAME = Column("name", is_nullable=True)


def _share(name: str) -> Column:
    return Column(name, "number", is_nullable=True, minimum=0, maximum=1)


def _number(name: str) -> Column:
    return Column(name, "number", is_nullable=True, minimum=0)


def _signed(name: str) -> Column:
    return Column(name, "number", is_nullable=True)


GREEN_RESULTS = (
    Table(
        "green_values",
        (*_AREA, *_INDICATOR, _number("value"), Column("boundary")),
        keys=("area_kind", "area_id", "indicator", "rule_set", "by"),
    ),
    Table(
        "green_gains",
        (
            *_AREA,
            *_INDICATOR,
            *(_signed(name) for name in ("before", "after", "gain", "low", "high")),
            Column("basis", choices=("vector", "image", "height", "planned")),
            Column("boundary"),
        ),
        keys=("area_kind", "area_id", "indicator", "rule_set", "by", "basis"),
    ),
    Table(
        "green_attribution",
        (
            _BLOCK,
            Column("intervention_id", is_nullable=True),
            Column("indicator"),
            Column("basis", choices=("vector", "image", "height", "planned")),
            _signed("gain"),
        ),
        keys=("block_id", "intervention_id", "indicator", "basis"),
    ),
    Table(
        "pocket_parks",
        (Column("green_id"), _NAME, Column("area_m2", "number", minimum=0), _BLOCK),
        "polygon",
        keys=("green_id",),
    ),
    Table(
        "park_reach",
        (
            Column("dwelling_id"),
            Column("green_id", is_nullable=True),
            _number("distance_m"),
            _number("straight_m"),
            Column("status", choices=("reached", "unreached", "unknown")),
        ),
        keys=("dwelling_id",),
    ),
    Table(
        "banks",
        (
            Column("bank_id"),
            Column("water_id"),
            Column("water_name", is_nullable=True),
            Column("length_m", "number", minimum=0),
            Column("has_green", "yes_no", is_nullable=True),
            Column("has_path", "yes_no", is_nullable=True),
            Column("cause", choices=("", "building", "barrier", "compound", "no_path", "unjoined_path")),
            _BLOCK,
        ),
        "line",
        keys=("bank_id",),
    ),
    Table(
        "tree_lined_streets",
        (
            Column("street_id"),
            _NAME,
            Column("length_m", "number", minimum=0),
            _share("shaded_share"),
            Column("is_tree_lined", "yes_no", is_nullable=True),
            _BLOCK,
        ),
        "line",
        keys=("street_id",),
    ),
    Table(
        "vertical_green",
        (
            Column("candidate_id"),
            Column("place", choices=("roof", "wall", "pier")),
            Column("source_layer", choices=("buildings", "compounds", "barriers", "bridges")),
            Column("source_id"),
            Column("area_m2", "number", minimum=0),
            _BLOCK,
        ),
        "any",
        keys=("candidate_id",),
    ),
    Table(
        "transitions",
        (
            *_AREA,
            Column("before_class"),
            Column("after_class"),
            Column("area_m2", "number", minimum=0),
        ),
        keys=("area_kind", "area_id", "before_class", "after_class"),
    ),
    Table(
        "image_cover",
        (
            *_AREA,
            Column("area_m2", "number", minimum=0),
            _share("valid_share"),
            *(_share(f"{cause}_share") for cause in ("outside", "nodata", "cloud", "shadow", "masked")),
            Column("basis", choices=("image", "height")),
        ),
        keys=("area_kind", "area_id", "basis"),
    ),
)
