"""The hand-laid drawing board (`skeleton.toml`): rivers, roads and what each piece of land is."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

Points = list[tuple[float, float]]


@dataclass(frozen=True)
class River:
    """A watercourse: its centre line and its usual width."""

    name: str
    water_type: str
    width_m: float
    points: Points


@dataclass(frozen=True)
class Road:
    """A road laid by hand; lanes and estate roads are drawn by the parts that build each piece of land."""

    name: str
    street_class: str
    width_m: float
    points: Points
    bridge: str = ""
    is_steps: bool = False


@dataclass(frozen=True)
class Label:
    """What the piece of land around a point is used for."""

    x: float
    y: float
    kind: str
    name: str


_BOARD = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))

RIVERS = [River(**river) for river in _BOARD["rivers"]]
ROADS = [Road(**road) for road in _BOARD["roads"]]
ELEVATED: Points = _BOARD["elevated"]
RAILWAY: Points = _BOARD["railway"]
LABELS = [Label(*label) for label in _BOARD["labels"]]
HAMLETS: list[tuple[float, float, str]] = [tuple(row) for row in _BOARD["hamlets"]]
FOOTBRIDGES: list[tuple[float, str, bool]] = [tuple(row) for row in _BOARD["footbridges"]]
COMMUNITIES: list[tuple[float, float, str]] = [tuple(row) for row in _BOARD["communities"]]
BLOCKS: list[tuple[str, str, Points]] = [tuple(row) for row in _BOARD["blocks"]]
POCKET_PARKS: list[tuple[float, float, str, float]] = [tuple(row) for row in _BOARD["pocket_parks"]]
LANDMARKS: list[tuple[float, float, str, str, int, int]] = [tuple(row) for row in _BOARD["landmarks"]]
NEIGHBOURHOODS: list[tuple[float, float, str, list[str]]] = [tuple(row) for row in _BOARD["neighbourhoods"]]
