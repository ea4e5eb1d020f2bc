"""Hand-made layers for the tests of data in: a square kilometre near Jiaxing, in EPSG:4549."""

from __future__ import annotations

import geopandas as gpd
import shapely

#: The south-west corner of the town.
EAST, NORTH = 572_000.0, 3_403_000.0


def square(east_m, north_m, side_m):
    """Draw a square by its south-west corner, from the town's corner."""
    return shapely.box(EAST + east_m, NORTH + north_m, EAST + east_m + side_m, NORTH + north_m + side_m)


def point(east_m, north_m):
    return shapely.Point(EAST + east_m, NORTH + north_m)


def frame(geometry, crs=4549, **columns):
    return gpd.GeoDataFrame(columns, geometry=list(geometry), crs=crs)


def line(*places):
    return shapely.LineString([(EAST + east_m, NORTH + north_m) for east_m, north_m in places])


def good_layers(**more):
    """Make the layers of a town without faults; those named are put in their place."""
    layers = {
        "built_up": frame([square(0, 0, 1000)], id=["core"]),
        "streets": frame(
            [line((0, 500), (1000, 500)), line((500, 0), (500, 1000))],
            id=["s1", "s2"],
            street_class=["main", "lane"],
        ),
        "buildings": frame(
            [square(100, 100, 10), square(200, 100, 10), square(300, 100, 20)],
            id=["b1", "b2", "b3"],
            use=["residential", "mixed", "industrial"],
            floor_count=[2, 4, 1],
            people=[10.0, 30.0, 0.0],
        ),
        "facilities": frame(
            [point(400, 510), point(600, 510)], id=["f1", "f2"], facility_type=["park", "pharmacy"]
        ),
    }
    return {name: layer for name, layer in (layers | more).items() if layer is not None}


def codes(town_or_error, layer=None):
    """List the codes of what was found, in a layer or in all."""
    findings = town_or_error.findings
    return sorted(findings["code"] if layer is None else findings.loc[findings["layer"] == layer, "code"])
