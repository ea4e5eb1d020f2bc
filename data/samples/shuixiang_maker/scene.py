"""The town from above in both summers, metre by metre: what covers the ground, how tall its trees are.

The two summers differ only in the cells of `zones` (what was built and what was lost), in the fields and
on the water. The scene is the truth of the pictures; `truth` counts it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from shuixiang_maker.brush import CODE, CROP_CODES, IS_PLANTS, IS_ROOF, PLANTED, STAND, STANDS, Layers, paint
from shuixiang_maker.canvas import CELL_M, Booleans, Bytes, Grid, Trees
from shuixiang_maker.ledger import plantings
from shuixiang_maker.renewal import GROUND_BEFORE

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from shuixiang_maker.brush import Painting

    Whole = NDArray[np.int64]

#: What stands on the fields, and the share of it in the first and in the second summer.
CROPS = ("rice", "young_rice", "flooded", "fallow")
CROP_SHARES = ((0.35, 0.30, 0.15, 0.20), (0.70, 0.20, 0.05, 0.05))
#: The share of the water that plants cover in each summer.
WATER_PLANTS_SHARES = (0.04, 0.14)
FIELD_M = (38.0, 96.0)
FIELD_ANGLE = 0.14
BUND_M = 1.5
WEEDS_SHARE = 0.03
ROOF_EDGE_M = 1.2
TREE_EVERY_M = 4.5
STREET_TREE_M = (3.0, 1.1)
CANOPY_DM = 20


@dataclass(frozen=True)
class Summer:
    """One summer: the cover of each cell, and the height of its tree in decimetres."""

    cover: Bytes
    top: Bytes


class Stems(NamedTuple):
    """Where trees may stand: the cell of each, how likely it is to grow, how large it would be."""

    rows: Whole
    columns: Whole
    chance: NDArray[np.float64]
    size: NDArray[np.float64]


@dataclass(frozen=True)
class Area:
    """One area of the truth: what it is, its identifier and name, its cells."""

    kind: str
    id: str
    name: str
    mask: Booleans


@dataclass(frozen=True)
class Scene:
    """Both summers; `zones` numbers the cells of `zone_ids` from 1, 0 is what stayed as it was."""

    seed: int
    grid: Grid
    before: Summer
    after: Summer
    tone: Bytes
    zones: Bytes
    zone_ids: tuple[str, ...]
    is_masked: Booleans
    clouds: tuple[Booleans, Booleans]
    areas: tuple[Area, ...]

    def second_summer(self, carried_out: Collection[str] | None = None) -> Summer:
        """Return the second summer if only these projects and losses had happened; all of them if None."""
        if carried_out is None:
            return self.after
        missing = [n for n, zone in enumerate(self.zone_ids, start=1) if zone not in carried_out]
        as_it_was = np.isin(self.zones, missing)
        return Summer(
            np.where(as_it_was, self.before.cover, self.after.cover),
            np.where(as_it_was, self.before.top, self.after.top),
        )


def build(layers: Layers, seed: int) -> Scene:
    """Return the scene of a town from the layers in its folder."""
    layers = layers | {"projects": plantings(layers["projects"])}
    grid = Grid.around([*layers["built_up"].geometry, *layers["blocks"].geometry])
    painting = paint(layers, grid, seed)
    zones, ids = _zones(layers, grid)
    decks = grid.mask(layers["bridges"].geometry)
    zones[decks] = 0
    ground = _ground(painting, layers, zones)
    tops = _tops(painting, layers, zones)
    plots = _plots(painting)
    summers = [
        _summer(painting, (ground[n], tops[n]), decks, plots[n], WATER_PLANTS_SHARES[n]) for n in (0, 1)
    ]
    parcels = layers["parcels"]
    crops = parcels[parcels["DLBM"].isin(CROP_CODES)]
    clouds = layers["clouds_after"]
    return Scene(
        seed,
        grid,
        *summers,
        tone=painting.tone,
        zones=zones,
        zone_ids=ids,
        is_masked=grid.mask([*crops.geometry, *layers["water"].geometry]),
        clouds=tuple(grid.mask(clouds[clouds["name"] == name].geometry) for name in ("云", "云影")),
        areas=_areas(layers, grid, zones),
    )


def _lost(layers: Layers) -> Layers:
    """Return the green that is on the first map only."""
    before = layers["green_before"]
    return before[~before["id"].isin(layers["green"]["id"])]


def _zones(layers: Layers, grid: Grid) -> tuple[Bytes, tuple[str, ...]]:
    """Return the cells of each project and of each loss, and their identifiers."""
    zones = np.zeros(grid.shape, dtype=np.uint8)
    changed = [layers["projects"], _lost(layers)]
    ids = tuple(name for layer in changed for name in layer["id"])
    shapes = [shape for layer in changed for shape in layer.geometry]
    grid.burn(zones, shapes, range(1, len(shapes) + 1))
    return zones, ids


def _ground(painting: Painting, layers: Layers, zones: Bytes) -> tuple[Bytes, Bytes]:
    """Return the ground of both summers without crops and crowns, and set the young trees' stands."""
    projects, lost = layers["projects"], _lost(layers)
    after, before = painting.cover, painting.cover.copy()
    for number, (kind, ground) in enumerate(
        zip(projects["project_type"], GROUND_BEFORE, strict=True), start=1
    ):
        zone = zones == number
        weedy = zone & (painting.chance < WEEDS_SHARE) & IS_PLANTS[after]
        if kind == "roof":
            inner = projects.geometry.iloc[number - 1].buffer(-ROOF_EDGE_M)
            after[zone] = before[zone] = CODE[ground]
            after[painting.grid.mask([inner]) & zone] = CODE["roof_garden"]
        else:
            before[zone], before[weedy] = CODE[ground], CODE["weeds"]
            is_stand = zone & (painting.stand > 0) & (painting.stand != STAND["sports"])
            painting.stand[is_stand] = STAND["young"]
    for number in range(len(projects) + 1, len(projects) + len(lost) + 1):
        before[zones == number] = CODE["lawn"]
    return before, after


def _tops(painting: Painting, layers: Layers, zones: Bytes) -> tuple[Bytes, Bytes]:
    """Return the heights of the crowns of both summers; what was planted or felled keeps to its own zone."""
    projects, lost = layers["projects"], _lost(layers)
    stand_before = np.where(zones > 0, 0, painting.stand)
    for number, kind in enumerate(lost["green_type"], start=len(projects) + 1):
        stand_before[zones == number] = STAND[PLANTED[kind][0]]
    stems = _stems(painting)
    now, then = (_grown(painting, stand, stems) for stand in (painting.stand, stand_before))
    old = _street_trees(layers, painting.grid).crowns(zones.shape)
    old = np.maximum(old, now.kept(zones[now.rows, now.columns] == 0).crowns(zones.shape))
    old[zones > 0] = 0
    young, felled = (
        np.where(zones > 0, trees.kept(zones[trees.rows, trees.columns] > 0).crowns(zones.shape), 0)
        for trees in (now, then)
    )
    return np.maximum(old, felled), np.maximum(old, young)


def _street_trees(layers: Layers, grid: Grid) -> Trees:
    """Return the street trees; the wider the crown, the taller the tree."""
    spots, crown_m = layers["trees"].geometry, layers["trees"]["crown_m"].to_numpy()
    rows, columns = grid.cells(spots.x.to_numpy(), spots.y.to_numpy())
    return Trees(rows, columns, crown_m / 2, STREET_TREE_M[0] + STREET_TREE_M[1] * crown_m)


def _stems(painting: Painting) -> Stems:
    """Return where a tree may stand: the places of a grid, each moved a little."""
    height, width = painting.grid.shape
    places = (np.arange(2, size - 2, TREE_EVERY_M) for size in (height, width))
    y, x = (part.ravel() for part in np.meshgrid(*places, indexing="ij"))
    moved = painting.rng.uniform(-1.8, 1.8, (2, y.size))
    chance, size = painting.rng.random((2, y.size))
    return Stems((y + moved[0]).astype(np.int64), (x + moved[1]).astype(np.int64), chance, size)


def _grown(painting: Painting, stand: Bytes, stems: Stems) -> Trees:
    """Return the trees that the stands bear; crown and height go together."""
    kinds = stand[stems.rows, stems.columns]
    share = np.array([0.0, *[s["share"] for s in STANDS.values()]])[kinds]
    thick = 0.35 + 1.3 * painting.patches[stems.rows // 3, stems.columns // 3]
    low, high = (
        np.array([[0.0, 0.0], *[(s["crown_m"][end], s["height_m"][end]) for s in STANDS.values()]])[kinds]
        for end in (0, 1)
    )
    crown_m, height_m = (low + stems.size[:, None] * (high - low)).T
    trees = Trees(stems.rows, stems.columns, crown_m / 2, height_m)
    return trees.kept(stems.chance < share * thick)


def _plots(painting: Painting) -> tuple[Bytes, Bytes]:
    """Return what stands on the fields in both summers: each plot its own crop, with banks between them."""
    rows, columns = painting.grid.shape
    y, x = np.arange(rows, dtype=np.float32)[:, None], np.arange(columns, dtype=np.float32)[None, :]
    along = (x * np.cos(FIELD_ANGLE) + y * np.sin(FIELD_ANGLE) + rows) / FIELD_M[0]
    across = (y * np.cos(FIELD_ANGLE) - x * np.sin(FIELD_ANGLE) + columns) / FIELD_M[1]
    number = (along.astype(np.int64) * 211 + across.astype(np.int64) * 97) % 4_096
    is_bank = ((along % 1) * FIELD_M[0] < BUND_M) | ((across % 1) * FIELD_M[1] < BUND_M)
    codes = np.array([CODE[crop] for crop in CROPS], dtype=np.uint8)
    drawn = []
    for shares in CROP_SHARES:
        crops = codes[painting.rng.choice(len(CROPS), 4_096, p=shares)]
        drawn.append(np.where(is_bank, CODE["weeds"], crops[number]).astype(np.uint8))
    return drawn[0], drawn[1]


def _summer(
    painting: Painting, ground: tuple[Bytes, Bytes], decks: Booleans, crops: Bytes, water_share: float
) -> Summer:
    """Return one summer: crops on the fields, plants on the water, crowns over the ground, decks over all."""
    cover, top = ground
    cover = np.where(cover == CODE["fallow"], crops, cover)
    is_water = (cover == CODE["river"]) | (cover == CODE["pond"])
    cover[is_water & (painting.patches < water_share)] = CODE["water_plants"]
    top = np.where(IS_ROOF[cover] | decks, 0, top)
    cover[top > 0] = CODE["crown"]
    cover[decks] = CODE["concrete"]
    return Summer(cover, top)


def _areas(layers: Layers, grid: Grid, zones: Bytes) -> tuple[Area, ...]:
    """Return the areas that are counted: the town, its blocks, its projects."""
    blocks, projects = layers["blocks"], layers["projects"]
    town = Area(
        "town", "town", str(layers["built_up"]["name"].iloc[0]), grid.mask(layers["built_up"].geometry)
    )
    ofs = [
        Area("block", row.id, row.name, grid.mask([row.geometry]))
        for row in blocks[["id", "name", "geometry"]].itertuples(index=False)
    ]
    done = [
        Area("intervention", row.id, row.name, zones == number)
        for number, row in enumerate(projects[["id", "name"]].itertuples(index=False), start=1)
    ]
    return (town, *ofs, *done)


def truth(scene: Scene, carried_out: Collection[str] | None = None) -> pd.DataFrame:
    """Return what is true of each area, outside water and fields: one row an area.

    Plants count from above (a crown hides what is below it, a deck the crown); canopy is what is taller than
    two metres, its volume the sum of height times ground.
    """
    before, after = scene.before, scene.second_summer(carried_out)
    is_counted = ~scene.is_masked
    plants = [IS_PLANTS[summer.cover] & is_counted for summer in (before, after)]
    canopy = [(summer.top > CANOPY_DM) & is_counted for summer in (before, after)]
    gained, lost = plants[1] & ~plants[0], plants[0] & ~plants[1]
    is_clear = ~(scene.clouds[0] | scene.clouds[1])
    rows = [
        {
            "area_kind": area.kind,
            "area_id": area.id,
            "area_name": area.name,
            "counted_m2": _cells(area.mask & is_counted),
            "vegetated_before_m2": _cells(area.mask & plants[0]),
            "vegetated_after_m2": _cells(area.mask & plants[1]),
            "gain_m2": _cells(area.mask & gained) - _cells(area.mask & lost),
            "gross_gain_m2": _cells(area.mask & gained),
            "gross_loss_m2": _cells(area.mask & lost),
            "clear_gain_m2": _cells(area.mask & gained & is_clear) - _cells(area.mask & lost & is_clear),
            "canopy_before_m2": _cells(area.mask & canopy[0]),
            "canopy_after_m2": _cells(area.mask & canopy[1]),
            "canopy_before_m3": _volume(before.top, area.mask & canopy[0]),
            "canopy_after_m3": _volume(after.top, area.mask & canopy[1]),
        }
        for area in scene.areas
    ]
    return pd.DataFrame(rows)


def _cells(which: Booleans) -> int:
    """Return the square metres of some cells."""
    return int(np.count_nonzero(which)) * CELL_M**2


def _volume(top: Bytes, which: Booleans) -> float:
    """Return the cubic metres below the crowns of some cells."""
    return round(float(top[which].sum(dtype=np.int64)) / 10 * CELL_M**2, 1)
