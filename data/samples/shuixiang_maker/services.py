"""Facilities: which there are, how many, and where each would stand."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from shapely import Point, Polygon, STRtree

from shuixiang_maker import clusters
from shuixiang_maker import geometry as geo

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from shuixiang_maker.ground import Plot
    from shuixiang_maker.site import Building
    from shuixiang_maker.town import Ground


@dataclass(frozen=True)
class Wanted:
    """One facility type: how many, where it stands (`host`), how far apart, and where it is missing."""

    kind: str
    host: str
    count: int
    apart_m: float
    capacity: tuple[int, int] | None = None
    lacking: tuple[str, ...] = ()
    label: str = ""


WANTED = [
    Wanted("小型球类场地", "yard", 4, 330, None, ("丝绸",), "篮球场"),
    Wanted("儿童游戏场", "yard", 5, 250, None, ("丝绸", "运河", "塘西"), "儿童乐园"),
    Wanted("文化活动站", "home", 5, 400, None, ("东浜",), "文化活动室"),
    Wanted("快递驿站", "shop", 2, 400, None, (), "妈妈驿站"),
    Wanted("再生资源回收点", "yard", 4, 330, None, ("塘西",), "再生资源回收点"),
    Wanted("公共厕所", "street", 2, 330, None, ("严家",), "公共厕所"),
    Wanted("垃圾收集点", "yard", 4, 170, None, (), "垃圾分类投放点"),
    Wanted("社区食堂", "shop", 4, 420, (60, 150), ("塘西", "丝绸"), "社区食堂"),
    Wanted("药店", "shop", 6, 210, None, ("塘西",), "大药房"),
    Wanted("银行网点", "shop", 4, 130, None, (), "农商银行"),
    Wanted("公共停车场", "street", 4, 350, (40, 160), (), "公共停车场"),
    Wanted("餐饮店", "shop", 8, 45, None, (), "面馆"),
    Wanted("理发店", "shop", 4, 120, None, (), "理发店"),
    Wanted("门诊部", "shop", 3, 320, None, (), "口腔门诊部"),
    Wanted("便民维修点", "shop", 3, 170, None, (), "修配店"),
    Wanted("公交首末站", "street", 1, 0, None, (), "水乡公交总站"),
]
EATERY_NAMES = [
    "老街羊肉面馆",
    "水乡早点铺",
    "阿婆馄饨店",
    "运河渔家菜馆",
    "桑园农家菜",
    "书香茶馆",
    "河埠头酒楼",
    "南货弄汤包店",
    "东门烧饼店",
]
HAMLET_SERVICES = [
    ("社区服务站", "党群服务站", 0.1),
    ("便利店", "小店", 0.3),
    ("室外健身点", "健身点", 0.1),
    ("垃圾收集点", "垃圾分类点", 0.1),
    ("公共厕所", "公厕", 0.1),
    ("社区卫生服务站", "卫生室", 0.1),
]


@dataclass
class Facility:
    """One facility on the ground."""

    spot: Point
    name: str
    kind: str
    capacity: int | None = None


@dataclass
class Picker:
    """Chooses places for facilities; remembers what was taken and how names were used."""

    town: Ground
    area: Polygon
    done: list[Facility] = field(default_factory=list)
    done_xy: geo.Coords = field(default_factory=lambda: np.empty((0, 2)))

    def __post_init__(self) -> None:
        """Prepare the look-ups."""
        self.rng = self.town.site.rng
        buildings = self.town.site.buildings
        self.roads = [s for s in self.town.streets if s.level == 0 and not s.is_bridge]
        self.road_tree = STRtree([s.line for s in self.roads])
        self.blocked = STRtree(
            [b.shape.buffer(1.0) for b in buildings] + [s.line.buffer(s.width_m / 2) for s in self.roads]
        )
        self.plot_tree = STRtree([plot.shape for plot in self.town.plots])
        urban = [b for b in buildings if self.area.covers(b.shape) and b.status == "in_use"]
        self.hosts: dict[str, list[tuple[Point, str]]] = {
            "shop": [self._at(b) for b in urban if b.use in ("mixed", "commercial") and b.shape.area > 40],
            "home": [self._at(b) for b in urban if b.dwelling in ("slab", "tower", "village", "dorm")],
            "public": [self._at(b) for b in urban if b.use == "public" and b.shape.area > 200],
            "yard": self._yards(),
            "street": self._kerbs(),
        }

    def _at(self, building: Building) -> tuple[Point, str]:
        spot = building.shape.representative_point()
        return spot, self.place_name(spot)

    def place_name(self, spot: Point) -> str:
        """Return the name people use for a place: its estate, else its street."""
        plot = self.town.plots[int(self.plot_tree.nearest(spot))]
        if plot.name and plot.kind not in ("old", "mixed", "market", "scrap"):
            return plot.name
        return self.roads[int(self.road_tree.nearest(spot))].name

    def is_free(self, spot: Point) -> bool:
        """Return whether a spot lies off buildings, streets and water."""
        return not len(self.blocked.query(spot, predicate="intersects")) and not spot.intersects(
            self.town.site.water
        )

    def _yards(self) -> list[tuple[Point, str]]:
        """Return open spots inside estates, villages and the old town, near a lane."""
        spots = []
        for plot in self.town.plots:
            if plot.kind in ("slab", "tower", "village", "dorm", "old"):
                shape = plot.outline if not plot.outline.is_empty else plot.shape.buffer(-3)
                found = [spot for spot in self.scatter(shape, 14) if self.is_free(spot)]
                spots += [(spot, self.place_name(spot)) for spot in found]
        return spots

    def scatter(self, shape: BaseGeometry, count: int) -> list[Point]:
        """Return random spots inside a shape, at most `count`."""
        x0, y0, x1, y1 = shape.bounds
        xy = np.round(self.rng.uniform((x0, y0), (x1, y1), (count, 2)), 3)
        return [Point(p) for p in xy if shape.covers(Point(p))]

    def _kerbs(self) -> list[tuple[Point, str]]:
        """Return spots just beside the larger roads of the town."""
        spots = []
        for road in self.roads:
            if road.street_class in ("main", "secondary", "branch") and road.line.intersects(self.area):
                for at in np.arange(self.rng.uniform(15, 40), road.line.length - 12, 45.0):
                    spot = beside(road.line, float(at), road.width_m, int(self.rng.choice([1, -1])))
                    if self.is_free(spot) and self.area.covers(spot):
                        spots.append((spot, road.name))
        return spots

    def choose(self, wanted: Wanted) -> None:
        """Place one type: likelier near the centre, never where it is lacking, not too close together."""
        options = [
            (spot, name)
            for spot, name in self.hosts[wanted.host]
            if not any(part in name for part in wanted.lacking)
        ]
        if not options:
            return
        middle = self.town.site.warp.point(60, 80)
        pull = np.array([np.exp(-spot.distance(middle) / 800.0) for spot, _ in options])
        order = np.argsort(self.rng.exponential(size=len(options)) / pull)
        mine = [f.spot for f in self.done if f.kind == wanted.kind]
        placed = 0
        for index in order:
            spot, name = options[int(index)]
            if placed == wanted.count:
                break
            if all(spot.distance(other) >= wanted.apart_m for other in mine) and self.is_fresh(spot):
                self.add(spot, self._name(wanted, name), wanted.kind, wanted.capacity)
                mine.append(spot)
                placed += 1

    def is_fresh(self, spot: Point) -> bool:
        """Return whether no other facility stands on a spot."""
        return bool((np.hypot(self.done_xy[:, 0] - spot.x, self.done_xy[:, 1] - spot.y) > 0.5).all())

    def _name(self, wanted: Wanted, place: str) -> str:
        """Return a name as a point-of-interest list has it."""
        if wanted.count == 1:
            return wanted.label
        if wanted.kind == "餐饮店" and self.rng.random() < 0.6:
            stem = str(self.rng.choice(EATERY_NAMES))
            return f"{stem}({place}店)"
        if wanted.kind == "银行网点":
            bank = str(self.rng.choice(["农商银行", "工商银行", "建设银行", "邮储银行", "农业银行"]))
            return f"{bank}水乡{place}支行"
        return f"{place}{wanted.label}"

    def add(self, spot: Point, name: str, kind: str, capacity: tuple[int, int] | None = None) -> None:
        """Add one facility; a name that is taken gets a number."""
        taken = {f.name for f in self.done}
        number = next(n for n in range(1, 99) if (name if n == 1 else f"{name}({n})") not in taken)
        places = None if capacity is None else int(round(self.rng.uniform(*capacity) / 5) * 5)
        self.done.append(Facility(spot, name if number == 1 else f"{name}({number})", kind, places))
        self.done_xy = np.vstack([self.done_xy, [spot.x, spot.y]])


def beside(line: BaseGeometry, at_m: float, width_m: float, side: int) -> Point:
    """Return the spot beside a road where a stop or a public toilet stands."""
    return Point(np.round(geo.place(line, at_m, side * (width_m / 2 + 1.9)), 3))


def facilities(town: Ground, area: Polygon, extent: Polygon) -> list[Facility]:
    """Return all facilities, each where it would stand."""
    picker = Picker(town, area)
    _campuses(picker)
    _greens(picker)
    clusters.landmarks(picker)
    clusters.neighbourhoods(picker)
    for wanted in WANTED:
        picker.choose(wanted)
    _bus_stops(picker)
    _hamlets(picker)
    near = STRtree([road.line.buffer(70) for road in picker.roads])
    return [
        facility
        for facility in picker.done
        if extent.covers(facility.spot) and len(near.query(facility.spot, predicate="covered_by"))
    ]


def _campuses(picker: Picker) -> None:
    """Place schools, the health centre, the market and the sports grounds in their own ground."""
    kinds = {
        "kindergarten": ("幼儿园", (180, 360)),
        "primary_school": ("小学", (900, 1440)),
        "middle_school": ("初中", (1200, 1500)),
        "hospital": ("卫生院", (60, 99)),
        "market": ("农贸市场", (120, 180)),
    }
    for plot in picker.town.plots:
        if plot.kind in kinds:
            kind, capacity = kinds[plot.kind]
            picker.add(_inside(picker, plot), plot.name, kind, capacity)
        if plot.kind == "middle_school":
            picker.add(_yard_spot(picker, plot), "水乡镇全民健身中心", "全民健身中心")
            picker.add(_yard_spot(picker, plot), "水乡镇中学应急避难场所", "应急避难场所", (800, 1200))


def _inside(picker: Picker, plot: Plot) -> Point:
    """Return a spot in the largest building of a campus, else in its middle."""
    mine = [b for b in picker.town.site.buildings if b.name == plot.name]
    shape = max(mine, key=lambda b: b.shape.area).shape if mine else plot.shape
    return shape.representative_point()


def _yard_spot(picker: Picker, plot: Plot) -> Point:
    outline = plot.outline.buffer(-6)
    free = [spot for spot in picker.scatter(outline, 60) if picker.is_free(spot) and picker.is_fresh(spot)]
    return free[0] if free else outline.representative_point()


def _greens(picker: Picker) -> None:
    """Place parks, pocket parks, the square and the shelter in the large park."""
    _open_gardens(picker)
    kinds = {"park": "公园", "pocket_park": "口袋公园", "plaza": "广场"}
    for green in picker.town.site.greens:
        if green.green_type in kinds:
            spot = green.shape.buffer(-3).representative_point()
            picker.add(spot, green.name, kinds[green.green_type])
    large = max((g for g in picker.town.site.greens if g.green_type == "park"), key=lambda g: g.shape.area)
    inside = [s for s in picker.scatter(large.shape.buffer(-8), 40) if picker.is_free(s)]
    picker.add(inside[0], f"{large.name}应急避难场所", "应急避难场所", (1500, 2500))


def _open_gardens(picker: Picker) -> None:
    """Turn some estates' gardens, well apart, into pocket parks that are open to all."""
    greens = picker.town.site.greens
    taken = [green.shape for green in greens if green.green_type in ("park", "pocket_park")]
    gardens = [
        (row, green)
        for row, green in enumerate(greens)
        if green.green_type == "attached" and 700 < green.shape.area < 5_000
    ]
    for row, green in sorted(gardens, key=lambda pair: -pair[1].shape.area):
        is_apart = all(green.shape.distance(other) > 260 for other in taken)
        if is_apart and "丝绸" not in green.name and "严家" not in green.name and len(taken) < 15:
            taken.append(green.shape)
            place = picker.place_name(green.shape.representative_point())
            greens[row] = replace(green, name=f"{place}口袋公园", green_type="pocket_park")


def _bus_stops(picker: Picker) -> None:
    """Place pairs of bus stops along the main and secondary roads, some distance apart."""
    stops: list[Point] = []
    for road in picker.roads:
        is_urban = road.line.intersects(picker.area)
        if road.street_class not in ("main", "secondary") or road.line.length < 120:
            continue
        if not is_urban and picker.rng.random() < 0.75:
            continue
        at = float(road.line.length * picker.rng.uniform(0.35, 0.65))
        pair = [beside(road.line, at + shift, road.width_m, side) for side, shift in ((1, -9.0), (-1, 9.0))]
        if not all(picker.is_free(spot) for spot in pair) or any(
            spot.distance(s) < 820 for s in stops for spot in pair
        ):
            continue
        cross = picker.place_name(pair[0])
        for spot in pair[: 2 if picker.rng.random() < 0.75 else 1]:
            picker.add(spot, f"{road.name}{cross if cross != road.name else ''}公交站", "公交站")
        stops += pair


def _hamlets(picker: Picker) -> None:
    """Place the few services that hamlets have."""
    seen: set[str] = set()
    for plot in picker.town.plots:
        if plot.kind != "hamlet" or plot.name in seen:
            continue
        seen.add(plot.name)
        houses = [
            b.shape
            for b in picker.town.site.buildings
            if b.dwelling == "hamlet" and plot.shape.covers(b.shape)
        ]
        for kind, label, share in HAMLET_SERVICES:
            if not houses or picker.rng.random() > share:
                continue
            spot = _hamlet_spot(
                picker, plot, houses, is_indoor=kind in {"社区服务站", "便利店", "社区卫生服务站"}
            )
            if spot is not None and picker.is_fresh(spot):
                picker.add(spot, f"{plot.name}{label}", kind)


def _hamlet_spot(picker: Picker, plot: Plot, houses: list[Polygon], *, is_indoor: bool) -> Point | None:
    if is_indoor:
        return houses[int(picker.rng.integers(len(houses)))].representative_point()
    free = [spot for spot in picker.scatter(plot.shape.buffer(-1), 30) if picker.is_free(spot)]
    return free[0] if free else None
