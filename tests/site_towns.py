"""One straight street with homes, and plots beside it that may become something."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

import fengmao_geo as fg
from fengmao_geo.geo.shape import compactness, inscribed_circles, mean_width
from fengmao_geo.tables import table

EAST, NORTH = 572_000.0, 3_403_000.0

CATALOGUE = """
name = "own"
name_zh = "自定"
name_en = "own"
source = "made for a test"
tag = "P"
"""

ENTRY = """
[[entries]]
facility_type = "{kind}"
tier_min = {tier}
is_required = true
group = "{group}"
source = "made for a test"
tag = "P"
"""

PARK = fg.SiteRules(uses=("pocket_park",))

#: A park at 250 reaches along the street from 218.8 to 281.2, then 5 m to a door: homes at 100, 400, not 1000.
WEST, EAST_PLOT = {"x": 250, "block_id": "b1"}, {"x": 1000}

#: What stands of a plot besides where it is.
PLAIN = {
    "family": "leftover",
    "kind": "vacant_plot",
    "basis": "open_land",
    "certainty": "certain",
    "rule": "",
    "evidence": "",
    "frontage_m": 10.0,
    "building_m2": 0.0,
    "water_m": np.nan,
    "is_accessible": True,
    "block_id": None,
    "owner": "state",
    "bridge_manager": None,
    "clear_height_m": np.nan,
    "within_5_min_people": np.nan,
    "within_15_min_people": np.nan,
    "protected_m2": 0.0,
    "controls": "",
    "decision": "",
}


def frame(shapes, **columns):
    moved = [shapely.affinity.translate(shape, EAST, NORTH) for shape in shapes]
    return gpd.GeoDataFrame(columns, geometry=moved, crs=4549)


def home(x):
    """A house whose corner stands 5 m from the street."""
    return shapely.Polygon([(x, 5), (x + 5, 10), (x, 15), (x - 5, 10)])


def street_town(
    facilities=(), *, homes=(100, 400, 1000), people=(10, 25, 30), surveyed="all", places=(), **columns
):
    """Homes along a street of 2 km; facilities, by type and place, stand on it or are as they are drawn."""
    columns = {"use": ["residential"] * len(homes), "people": list(people)} | columns
    drawn = [
        shape if isinstance(shape, shapely.Geometry) else shapely.Point(shape, 0) for _, shape in facilities
    ]
    return fg.Town.from_layers(
        name="T",
        settings=fg.TownSettings(surveyed_types=surveyed),
        built_up=frame([shapely.box(-500, -500, 2500, 500)]),
        extent=frame([shapely.box(-3000, -3000, 5000, 3000)]),
        streets=frame([shapely.LineString([(0, 0), (2000, 0)])]),
        buildings=frame([home(x) for x in homes], id=[f"h{x}" for x in homes], **columns),
        facilities=frame(
            [shapely.Point(0, 0), *drawn],
            id=[f"f{n}" for n in range(1 + len(drawn))],
            facility_type=["bank", *(kind for kind, _ in facilities)],
            **({"capacity_count": [np.nan, *places]} if places else {}),
        ),
        blocks=frame([shapely.box(0, -100, 500, 100)], id=["b1"], name=["West"]),
    )


def plot(x, *, deep_m=30.0):
    """A plot 40 m wide, 10 m south of the street: 1200 m²."""
    return shapely.box(x - 20, -10 - deep_m, x + 20, -10)


def plots(*rows):
    """Plots, each told by where it is and what else is said of it."""
    made = [
        {"space_id": f"s{at}", "name": f"plot {at}", **PLAIN, **row} for at, row in enumerate(rows, start=1)
    ]
    shapes = [row["shape"] if "shape" in row else plot(row["x"]) for row in made]
    columns = {name: [row[name] for row in made] for name in ("space_id", "name", *PLAIN)}
    found = frame(shapes, **columns)
    outlines = np.asarray(found.geometry.array, dtype=object)
    found = found.assign(
        area_m2=found.area,
        width_m=mean_width(outlines),
        circle_m=2 * inscribed_circles(outlines)[1],
        compactness_share=compactness(outlines),
    )
    return table("spaces").check(found)


def catalogue(folder, *entries):
    """Write a catalogue: type, tier, and the group it is for."""
    texts = [
        ENTRY.format(kind=kind, tier=tier, group=group[0] if group else "everyone")
        for kind, tier, *group in entries
    ]
    path = folder / "own.toml"
    path.write_text(CATALOGUE + "".join(texts), encoding="utf-8")
    return path


class Ask:
    """A town, its network and its life circles, made once."""

    def __init__(self, folder, town, *entries, minutes=(5, 15)):
        self.town = town
        self.network = fg.walk_network(town)
        path = catalogue(folder, *(entries or [("pocket_park", 5)]))
        self.circles = fg.life_circles(town, self.network, catalogue=path, minutes=minutes)

    def choose(self, spaces=None, **options):
        there = plots(WEST, EAST_PLOT) if spaces is None else spaces
        return fg.choose_sites(self.town, self.network, there, self.circles, **options)


def asker(folder):
    """Make towns to ask; the plain one is made once for the same entries."""
    plain = {}

    def ask(town=None, *entries):
        if town is not None:
            return Ask(folder, town, *entries)
        if entries not in plain:
            plain[entries] = Ask(folder, street_town(), *entries)
        return plain[entries]

    return ask


def chosen(programme):
    return list(zip(programme.sites["space_id"], programme.sites["use"], strict=True))
