"""Painting the ground metre by metre from the layers of the town, as it is now, still without trees."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely

from shuixiang_maker.canvas import Booleans, Bytes, Floats, Grid, smooth

if TYPE_CHECKING:
    import geopandas as gpd

_TABLES = tomllib.loads(Path(__file__).with_name("scene.toml").read_text(encoding="utf-8"))
_COVERS = _TABLES["covers"]
STANDS = _TABLES["stands"]
CODE = {name: number for number, name in enumerate(_COVERS, start=1)}
STAND = {name: number for number, name in enumerate(STANDS, start=1)} | {"": 0}
#: Reflectance of each cover in four bands, and whether it is vegetation; row 0 stands for no cover.
BANDS = np.array([[0.0] * 4, *[cover["bands"] for cover in _COVERS.values()]], dtype=np.float32)
IS_PLANTS = np.array([False, *[bool(cover.get("plants")) for cover in _COVERS.values()]])
IS_ROOF = np.array([False, *[name.startswith("roof_") for name in _COVERS]])

CROP_CODES = ("0101", "0102", "0103")
ORCHARD_CODES = ("0201", "0204")
WOOD_CODES = ("0301",)
HAMLET_CODES = ("0702",)
CARRIAGEWAYS = ("main", "secondary", "branch")
#: What a green is planted with: the stand of its trees, and the share that is paved.
PLANTED = {
    "park": ("park", 0.03),
    "pocket_park": ("estate", 0.16),
    "plaza": ("plaza", 0.90),
    "verge": ("verge", 0.02),
    "woodland": ("wood", 0.0),
    "attached": ("estate", 0.06),
}
SHRUB_SHARE = 0.22
STOREY_M = 3.0
SHADOW_PER_M = (-0.37, 0.23)
SHADE_PERCENT = 45
#: Roofs by use and height, and how likely each is.
ROOFS = {
    "low": (("roof_tile", "roof_red", "roof_flat"), (0.70, 0.18, 0.12)),
    "slab": (("roof_flat", "roof_red"), (0.65, 0.35)),
    "hall": (("roof_blue", "roof_white", "roof_flat"), (0.45, 0.25, 0.30)),
    "other": (("roof_flat", "roof_white"), (0.90, 0.10)),
}
Layers = dict[str, "gpd.GeoDataFrame"]


@dataclass
class Painting:
    """The ground in the making, and the random fields it is painted with."""

    grid: Grid
    rng: np.random.Generator
    cover: Bytes = field(init=False)
    stand: Bytes = field(init=False)
    tone: Bytes = field(init=False)
    chance: Floats = field(init=False)
    patches: Floats = field(init=False)
    paving: Floats = field(init=False)

    def __post_init__(self) -> None:
        """Start with open ground, some of it bare, some of it weedy."""
        shape = self.grid.shape
        self.chance = self.rng.random(shape, dtype=np.float32)
        self.patches = smooth(shape, 9, self.rng)
        self.paving = smooth(shape, 7, self.rng)
        weedy = self.chance < 0.05 + 0.75 * smooth(shape, 21, self.rng)
        self.cover = np.where(weedy, CODE["weeds"], CODE["soil"]).astype(np.uint8)
        self.stand = np.full(shape, STAND["open"], dtype=np.uint8)
        self.tone = (86 + 22 * smooth(shape, 33, self.rng) + 6 * self.chance).astype(np.uint8)

    def fill(self, where: Booleans, cover: str, stand: str = "") -> None:
        """Cover cells with one thing."""
        self.cover[where] = CODE[cover]
        self.stand[where] = STAND[stand]

    def plant(self, where: Booleans, stand: str, paved_share: float) -> None:
        """Plant cells: lawn with shrubs and paved places, and trees of a stand."""
        self.fill(where, "lawn", stand)
        self.cover[where & (self.patches < SHRUB_SHARE)] = CODE["shrub"]
        paved = where & (self.paving < paved_share)
        self.cover[paved] = CODE["stone"]
        if stand != "plaza":
            self.stand[paved] = 0


def paint(layers: Layers, grid: Grid, seed: int) -> Painting:
    """Return the ground of a town as it is now; fields lie fallow until a summer's crops are drawn."""
    painting = Painting(grid, np.random.default_rng([seed, 4]))
    _countryside(painting, layers)
    _paved(painting, layers)
    _greens(painting, layers)
    _buildings(painting, layers)
    for kind in ("river", "pond"):
        is_kind = (layers["water"]["water_type"] == "pond") == (kind == "pond")
        painting.fill(grid.mask(layers["water"][is_kind].geometry), kind)
    return painting


def _countryside(painting: Painting, layers: Layers) -> None:
    """Lay fields, orchards, woods and the ground of hamlets."""
    parcels, grid = layers["parcels"], painting.grid
    codes = parcels["DLBM"]
    painting.fill(~grid.mask([*parcels.geometry, *layers["built_up"].geometry]), "fallow")
    painting.fill(grid.mask(parcels[codes.isin(CROP_CODES)].geometry), "fallow")
    orchard = grid.mask(parcels[codes.isin(ORCHARD_CODES)].geometry)
    painting.stand[orchard] = STAND["orchard"]
    painting.fill(grid.mask(parcels[codes.isin(WOOD_CODES)].geometry), "shrub", "wood")
    town = grid.mask([*layers["built_up"].geometry, *layers["blocks"].geometry])
    hamlet = grid.mask(parcels[codes.isin(HAMLET_CODES)].geometry) & ~town
    painting.fill(hamlet & (painting.patches < 0.7), "yard", "hamlet")
    painting.stand[hamlet] = STAND["hamlet"]
    painting.fill(grid.mask(parcels[codes == "1001"].geometry) & ~town, "ballast")


def _paved(painting: Painting, layers: Layers) -> None:
    """Lay yards, car parks and streets: asphalt between the kerbs, slabs beside them."""
    grid, surface, streets = painting.grid, layers["roads_surface"], layers["streets"]
    painting.fill(grid.mask(surface[surface["surface_type"] == "yard"].geometry), "yard", "yard")
    painting.fill(grid.mask(surface[surface["surface_type"] == "street"].geometry), "stone")
    painting.fill(grid.mask(layers["parking"].geometry), "concrete")
    roads = streets[(streets["level"] == 0) & streets["street_class"].isin(CARRIAGEWAYS)]
    lines = shapely.buffer(roads.geometry.to_numpy(), roads["width_m"].to_numpy() / 2)
    painting.fill(grid.mask(lines), "asphalt")


def _greens(painting: Painting, layers: Layers) -> None:
    """Plant parks, verges and the ground of estates, and lay the paths through them."""
    green, streets, grid = layers["green"], layers["streets"], painting.grid
    is_sports = green["name"].str.contains("操场").to_numpy()
    painting.plant(grid.mask(green[is_sports].geometry), "sports", 0.0)
    for green_type, (stand, paved_share) in PLANTED.items():
        chosen = green[(green["green_type"] == green_type).to_numpy() & ~is_sports]
        painting.plant(grid.mask(chosen.geometry), stand, paved_share)
    paths = streets[(streets["level"] == 0) & ~streets["street_class"].isin(CARRIAGEWAYS)]
    lines = shapely.buffer(paths.geometry.to_numpy(), paths["width_m"].to_numpy() / 2, cap_style="flat")
    painting.fill(grid.mask(lines), "stone")


def _buildings(painting: Painting, layers: Layers) -> None:
    """Set the roofs, each of its own tone, and their shadows on the ground behind them."""
    buildings, grid, rng = layers["buildings"], painting.grid, painting.rng
    shapes = buildings.geometry.to_numpy()
    height = buildings["floor_count"].to_numpy(dtype=float) * STOREY_M
    x, y = (height * per_m for per_m in SHADOW_PER_M)
    ends = [
        shapely.affinity.translate(s, *off) for s, off in zip(shapes, zip(x, y, strict=True), strict=True)
    ]
    shade = grid.mask(shapely.convex_hull(shapely.union(shapes, ends)))
    painting.tone[shade] = (painting.tone[shade].astype(int) * SHADE_PERCENT) // 100
    roofs = [
        str(rng.choice(ROOFS[kind][0], p=ROOFS[kind][1]))
        for kind in _roof_kinds(buildings["use"].tolist(), buildings["floor_count"].tolist())
    ]
    grid.burn(painting.cover, shapes, [CODE[roof] for roof in roofs])
    grid.burn(painting.tone, shapes, rng.integers(78, 122, len(shapes)).tolist())
    grid.burn(painting.stand, shapes, 0)


def _roof_kinds(uses: list[str], floors: list[float]) -> list[str]:
    """Return which kind of roof each building has."""
    halls = {"industrial", "warehouse", "agricultural"}
    return [
        "hall"
        if use in halls
        else "low"
        if floor <= 3 and use in {"residential", "mixed"}
        else "other"
        if use != "residential" or floor > 6
        else "slab"
        for use, floor in zip(uses, floors, strict=True)
    ]
