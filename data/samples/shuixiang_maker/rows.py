"""Rows of buildings: along a street, or one behind the other facing south."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import LineString, Polygon, affinity

from shuixiang_maker import geometry as geo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapely.geometry.base import BaseGeometry

    from shuixiang_maker.site import Placer


@dataclass(frozen=True)
class Terrace:
    """How houses stand along a street: fronts, depths, gaps and the chance that a house is missing."""

    front_m: float
    width_m: tuple[float, float]
    depth_m: tuple[float, float]
    gap_m: float = 0.15
    break_share: float = 0.06
    break_m: tuple[float, float] = (2.0, 7.0)
    wobble_m: float = 0.4


def along(
    line: LineString, side: int, terrace: Terrace, placer: Placer, rng: np.random.Generator
) -> list[Polygon]:
    """Place houses along one side of a line; return those that fitted."""
    placed: list[Polygon] = []
    at = rng.uniform(0.3, 2.0)
    while at < line.length:
        width = rng.uniform(*terrace.width_m)
        if rng.random() < terrace.break_share:
            at += rng.uniform(*terrace.break_m)
        if at + width > line.length:
            break
        depth = rng.uniform(*terrace.depth_m)
        front = terrace.front_m + rng.uniform(0, terrace.wobble_m)
        houses = (
            geo.house_on(line, (at, at + width), front_m=front, depth_m=deep, side=side)
            for deep in (depth, terrace.depth_m[0])
        )
        done = next((shape for shape in houses if placer.put(shape, terrace.gap_m * 0.6)), None)
        placed += [done] if done is not None else []
        at += (width + terrace.gap_m) if done is not None else min(2.0, width / 2)
    return placed


def runs(
    land: BaseGeometry, angle: float, pitch_m: float, depth_m: float, first_m: float = 1.0
) -> Iterator[LineString]:
    """Yield the centre lines of rows that fit a piece of land, from its southern end northwards."""
    turned = affinity.rotate(land, -angle, origin=(0, 0), use_radians=True)
    if turned.is_empty:
        return
    x0, y0, x1, y1 = turned.bounds
    y = y0 + first_m + depth_m / 2
    while y + depth_m / 2 < y1:
        strip = shapely.box(x0 - 1, y - depth_m / 2, x1 + 1, y + depth_m / 2)
        lines = [LineString([(x0 - 1, y + dy), (x1 + 1, y + dy)]) for dy in (-depth_m / 2, 0.0, depth_m / 2)]
        free = _free_runs(turned.intersection(strip), lines, y)
        for run in free:
            yield affinity.rotate(run, angle, origin=(0, 0), use_radians=True)
        y += pitch_m


def _free_runs(land: BaseGeometry, lines: list[LineString], y: float) -> list[LineString]:
    """Return the stretches free on all three lines, as lines at height y."""
    spans: list[tuple[float, float]] | None = None
    for line in lines:
        mine = [
            (part.bounds[0], part.bounds[2])
            for part in shapely.get_parts(land.intersection(line))
            if part.length > 4
        ]
        spans = (
            mine
            if spans is None
            else [(max(a, c), min(b, d)) for a, b in spans for c, d in mine if min(b, d) - max(a, c) > 4]
        )
    return [LineString([(a, y), (b, y)]) for a, b in spans or []]


@dataclass(frozen=True)
class Block:
    """How free-standing buildings stand in a row."""

    lengths_m: tuple[float, ...]
    depth_m: float
    gap_m: float
    shift_m: float = 0.0


def in_run(run: LineString, block: Block, placer: Placer, rng: np.random.Generator) -> list[Polygon]:
    """Fill one run with buildings of the given lengths; return those placed."""
    placed: list[Polygon] = []
    angle = float(np.arctan2(run.coords[-1][1] - run.coords[0][1], run.coords[-1][0] - run.coords[0][0]))
    at = rng.uniform(0.0, block.shift_m) if block.shift_m else 0.3
    shortest = min(block.lengths_m)
    while at + shortest <= run.length:
        room = run.length - at
        length = float(rng.choice([size for size in block.lengths_m if size <= room][-2:]))
        centre = np.array(run.interpolate(at + length / 2).coords[0])
        shape = geo.rectangle(centre, length, block.depth_m, angle)
        if placer.put(shape, min(block.gap_m * 0.8, 4.0)):
            placed.append(shape)
            at += length + block.gap_m * rng.uniform(0.9, 1.3)
        else:
            at += 4.0
    return placed
