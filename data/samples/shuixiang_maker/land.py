"""Survey parcels: every piece of ground once, with the codes of the third national land survey."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from shapely import Polygon, STRtree, affinity

from shuixiang_maker import geometry as geo
from shuixiang_maker import streets as st

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from shuixiang_maker.ground import Plot
    from shuixiang_maker.town import Ground

FARMLAND_RING_M = 430.0
SLIVER_M2 = 30.0
SMALL_FIELD_M2 = 30_000.0

CODES = {
    "0101": "水田",
    "0102": "水浇地",
    "0103": "旱地",
    "0201": "果园",
    "0204": "其他园地",
    "0301": "乔木林地",
    "05H1": "商业服务业设施用地",
    "0508": "物流仓储用地",
    "0601": "工业用地",
    "0602": "采矿用地",
    "0701": "城镇住宅用地",
    "0702": "农村宅基地",
    "08H1": "机关团体新闻出版用地",
    "08H2": "科教文卫用地",
    "0809": "公用设施用地",
    "0810": "公园与绿地",
    "0810A": "广场用地",
    "1001": "铁路用地",
    "1003": "公路用地",
    "1004": "城镇村道路用地",
    "1006": "农村道路",
    "1101": "河流水面",
    "1104": "坑塘水面",
    "1104A": "养殖坑塘",
    "1107": "沟渠",
    "1201": "空闲地",
    "1202": "设施农用地",
}

KIND_CODES = {
    "old": "0701",
    "slab": "0701",
    "tower": "0701",
    "village": "0702",
    "hamlet": "0702",
    "mixed": "05H1",
    "market": "05H1",
    "factory": "0601",
    "silk": "0601",
    "grain": "0508",
    "kiln": "0602",
    "dorm": "0701",
    "government": "08H1",
    "hospital": "08H2",
    "primary_school": "08H2",
    "middle_school": "08H2",
    "kindergarten": "08H2",
    "park": "0810",
    "pocket": "0810",
    "verge": "0810",
    "vacant": "1201",
    "protected": "0101",
    "scrap": "1201",
}
COLLECTIVE = {
    "0101",
    "0102",
    "0103",
    "0201",
    "0204",
    "0301",
    "0602",
    "0702",
    "1006",
    "1104",
    "1104A",
    "1202",
    "1107",
}


@dataclass(frozen=True)
class Claim:
    """A piece of ground and the code it will carry; the first claim on a spot wins."""

    shape: BaseGeometry
    code: str
    kind: str


def parcels(
    town: Ground, area: Polygon, ponds: list[Polygon], places: list[tuple[str, Polygon]]
) -> pd.DataFrame:
    """Return the parcels with the survey's Chinese field names, the kind of land, and `geometry`."""
    within = geo.largest(area.buffer(FARMLAND_RING_M).simplify(5.0))
    claims = _claims(town, area, within, ponds)
    faces = _faces(claims, within)
    owners = _owners(faces, claims)
    shapes: dict[int, list[Polygon]] = {}
    for face, owner in zip(faces, owners, strict=True):
        shapes.setdefault(int(owner), []).append(face)
    rows = [
        (claims[owner], part)
        for owner in sorted(shapes)
        for part in geo.polygons(shapely.coverage_union_all(shapes[owner]), 1.0)
    ]
    return _table(rows, area, places)


def _claims(town: Ground, area: Polygon, within: Polygon, ponds: list[Polygon]) -> list[Claim]:
    """Return the claims on the ground in order: water, roads, the elevated road's reserve, plots."""
    claims = [
        Claim(w.shape, "1101" if w.water_type == "river" or w.name == "市河" else "1107", "water")
        for w in town.waters
    ]
    claims += [Claim(pond, "1104", "water") for pond in ponds]
    ground = [s for s in town.site.roads if st.SURFACE_CLASSES.count(s.street_class)]
    for street in ground:
        shape = st.surface([street])
        claims.append(Claim(shape.intersection(area), "1004", "road"))
        claims.append(
            Claim(shape.difference(area), "1003" if street.street_class == "main" else "1006", "road")
        )
    claims.append(Claim(town.elevated.line.buffer(21.0, cap_style="flat"), "1003", "road"))
    claims.append(Claim(town.railway.buffer(9.0, cap_style="flat"), "1001", "road"))
    rng = np.random.default_rng(sum(not is_field(plot) for plot in town.plots))
    for plot in town.plots:
        if plot.shape.intersects(within):
            claims += _plot_claims(plot, within, rng)
    return [claim for claim in claims if not claim.shape.is_empty]


def _plot_claims(plot: Plot, within: Polygon, rng: np.random.Generator) -> list[Claim]:
    """Return the claims of one plot: farmland in strips, the old town in several holdings, others whole."""
    if is_field(plot):
        code = ("0101", "0102", "0103")[int(plot.shape.area) % 3]
        return [Claim(plot.shape, code, "farm")]
    if plot.kind == "farm":
        parts = strips(plot.shape.intersection(within), rng, 72_000.0)
        return [Claim(part, _farm_code(part, rng), "farm") for part in parts]
    if plot.kind == "protected":
        return [
            Claim(part, "0101", "protected")
            for part in strips(plot.shape.intersection(within), rng, 72_000.0)
        ]
    if plot.kind == "old":
        parts = strips(plot.shape, rng, 9_500.0)
        return [
            Claim(part, str(rng.choice(["0701", "05H1", "08H2", "1201"], p=[0.72, 0.18, 0.06, 0.04])), "old")
            for part in parts
        ]
    if plot.kind in {"village", "mixed"}:
        return [Claim(part, KIND_CODES[plot.kind], plot.kind) for part in strips(plot.shape, rng, 24_000.0)]
    return [Claim(plot.shape, KIND_CODES[plot.kind], plot.kind)]


def is_field(plot: Plot) -> bool:
    """Return whether a plot is a small field that carries crops for certain."""
    is_small = plot.kind == "farm" and 900 <= plot.shape.area <= SMALL_FIELD_M2
    return is_small or plot.kind in {"wedge", "field"}


def _farm_code(shape: BaseGeometry, rng: np.random.Generator) -> str:
    if shape.area < 900:
        return "1201"
    if shape.area > 15_000 and rng.random() < 0.75:
        return "0101" if rng.random() < 0.8 else str(rng.choice(["0102", "0204"]))
    if shape.area > 15_000:
        return str(rng.choice(["0103", "0201", "0204", "0301"]))
    codes = ["0101", "0102", "0103", "0201", "0204", "0301", "1104A", "1202"]
    return str(rng.choice(codes, p=[0.56, 0.08, 0.06, 0.07, 0.11, 0.05, 0.05, 0.02]))


def strips(shape: BaseGeometry, rng: np.random.Generator, area_m2: float) -> list[Polygon]:
    """Divide land by slightly skewed cuts until no part is larger than the area."""
    done: list[Polygon] = []
    todo = geo.polygons(shape, 1.0)
    while todo:
        part = todo.pop()
        if part.area <= area_m2 * rng.uniform(0.9, 1.5):
            done.append(part)
            continue
        box = np.asarray(part.minimum_rotated_rectangle.exterior.coords)[:4]
        sides = np.hypot(*(np.roll(box, -1, axis=0) - box).T)
        start = int(np.argmax(sides))
        along = (box[(start + 1) % 4] - box[start]) / sides[start]
        angle = float(np.arctan2(along[1], along[0])) + rng.uniform(-0.12, 0.12)
        middle = (
            box[start]
            + along * sides[start] * rng.uniform(0.4, 0.6)
            + (box[(start + 3) % 4] - box[start]) / 2
        )
        half = affinity.rotate(
            shapely.box(middle[0], middle[1] - 9e3, middle[0] + 9e3, middle[1] + 9e3),
            angle,
            origin=tuple(middle),
            use_radians=True,
        )
        todo += geo.polygons(part.intersection(half), 1.0) + geo.polygons(part.difference(half), 1.0)
    return done


def _faces(claims: list[Claim], within: Polygon) -> list[Polygon]:
    """Return the faces between all borders of all claims, on the grid: no two overlap."""
    borders = [shapely.boundary(claim.shape).intersection(within) for claim in claims]
    net = shapely.union_all([*borders, within.exterior], grid_size=geo.GRID_M)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(net)))
    inside = shapely.covers(within.buffer(0.01), shapely.point_on_surface(faces))
    return list(faces[inside])


def _owners(faces: list[Polygon], claims: list[Claim]) -> list[int]:
    """Return the claim of every face; slivers go to the neighbour with which they share most border."""
    tree = STRtree([claim.shape for claim in claims])
    spots = shapely.point_on_surface(faces)
    owners = np.full(len(faces), -1)
    face_ids, claim_ids = tree.query(spots, predicate="intersects")
    for face, claim in sorted(zip(face_ids.tolist(), claim_ids.tolist(), strict=True), reverse=True):
        owners[face] = claim
    face_tree = STRtree(faces)
    for _ in range(3):
        for number, face in enumerate(faces):
            is_sliver = face.area < SLIVER_M2 or face.area / face.length < 0.35
            if owners[number] >= 0 and not is_sliver:
                continue
            near = [
                int(i)
                for i in face_tree.query(face, predicate="intersects")
                if i != number and owners[i] >= 0
            ]
            bigger = [i for i in near if faces[i].area > face.area]
            if bigger:
                owners[number] = owners[max(bigger, key=lambda i: faces[i].intersection(face).length)]
    return [int(owner) for owner in owners]


def _table(
    rows: list[tuple[Claim, Polygon]], area: Polygon, places: list[tuple[str, Polygon]]
) -> pd.DataFrame:
    """Return the parcels as a table, ordered from north-west to south-east."""
    rows = sorted(rows, key=lambda row: (-round(row[1].centroid.y, 0), round(row[1].centroid.x, 3)))
    records = []
    for number, (claim, shape) in enumerate(rows, start=1):
        spot = shape.representative_point()
        place = min(places, key=lambda item: item[1].distance(spot))[0]
        collective = claim.code in COLLECTIVE
        village = place if place.endswith("村") else place.replace("社区", "村")
        records.append(
            {
                "TBBH": f"{number:04d}",
                "DLBM": claim.code,
                "DLMC": CODES[claim.code],
                "QSXZ": "30" if collective else "20",
                "QSDWMC": f"{village}村民委员会" if collective else "水乡镇人民政府",
                "ZLDWMC": place,
                "TBMJ": round(shape.area, 2),
                "CZCSXM": _town_code(claim.code, is_inside=area.covers(spot)),
                "kind": claim.kind,
                "geometry": shape,
            }
        )
    return pd.DataFrame(records)


def _town_code(code: str, *, is_inside: bool) -> str | None:
    """Return the city, town or village mark of a parcel; none for farmland and water."""
    if code == "0602":
        return "204"
    if code in COLLECTIVE - {"0702"} or code in {"1001", "1003", "1101"}:
        return None
    if code == "0702":
        return "203"
    return "202" if is_inside else "202A" if code == "0601" else "203"
