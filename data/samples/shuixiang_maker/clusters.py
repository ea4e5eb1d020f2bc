"""Neighbourhood centres and town services: facilities at the places the drawing board gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shuixiang_maker.skeleton import LANDMARKS, NEIGHBOURHOODS

if TYPE_CHECKING:
    from shapely import Point

    from shuixiang_maker.services import Picker

SERVICES = {
    "便利店": ("shop", "便利店", None),
    "社区卫生服务站": ("indoor", "卫生服务站", None),
    "社区服务站": ("indoor", "党群服务中心", None),
    "居家养老服务中心": ("indoor", "居家养老服务照料中心", (15, 40)),
    "快递驿站": ("indoor", "菜鸟驿站", None),
    "托育点": ("indoor", "托育园", (20, 60)),
    "公共厕所": ("street", "公共厕所", None),
    "室外健身点": ("yard", "健身点", None),
    "垃圾收集点": ("yard", "垃圾分类投放点", None),
}
SHOP_REACH_M = 110.0


def landmarks(picker: Picker) -> None:
    """Place the services that a town has once or a few times, each in the building nearest to its spot."""
    for x, y, kind, name, least, most in LANDMARKS:
        host = "home" if kind == "养老院" else "shop"
        spot = _nearest(picker, picker.town.site.warp.point(x, y), host)
        picker.add(spot, name, kind, (least, most) if most else None)


def neighbourhoods(picker: Picker) -> None:
    """Place what each neighbourhood has around its centre."""
    for x, y, name, kinds in NEIGHBOURHOODS:
        middle = picker.town.site.warp.point(x, y)
        for kind in kinds:
            host, label, capacity = SERVICES[kind]
            spot = _nearest(picker, middle, host)
            picker.add(spot, f"{name}{label}", kind, capacity)


def _nearest(picker: Picker, middle: Point, host: str) -> Point:
    """Return the free spot of a kind nearest to a place, more or less; shops give way to homes if far."""
    is_indoor = host in {"shop", "indoor"}
    shops = _fresh(picker, "shop" if is_indoor else host)
    near = [spot for spot in shops if spot.distance(middle) < SHOP_REACH_M]
    fresh = near or (_fresh(picker, "home") if is_indoor else shops)
    return min(fresh, key=lambda spot: spot.distance(middle) * picker.rng.uniform(0.8, 1.25))


def _fresh(picker: Picker, host: str) -> list[Point]:
    return [spot for spot, _ in picker.hosts[host] if picker.is_fresh(spot)]
