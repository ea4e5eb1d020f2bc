"""Buildings settled into the ground that is reached, beside the definition and predicates asked one by one."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from fengmao_geo.network.outlines import Outlines


def box(x, y, width=1, height=1):
    return shapely.box(x, y, x + width, y + height)


# On a coarse grid of whole metres outlines touch, share sides, lie in holes and hold whole parts of the ground.
_BOXES = st.builds(box, st.integers(0, 8), st.integers(0, 8), st.integers(1, 4), st.integers(1, 4))
_SHAPES = st.lists(_BOXES, min_size=1, max_size=2).map(shapely.union_all)
_GROUNDS = st.tuples(st.lists(_BOXES, min_size=1, max_size=5), st.lists(_BOXES, max_size=3)).map(
    lambda drawn: shapely.difference(shapely.union_all(drawn[0]), shapely.union_all(drawn[1]))
)


@given(ground=_GROUNDS, shapes=st.lists(_SHAPES, max_size=6), data=st.data())
def test_the_ground_is_what_is_left_beside_unreached_ones_and_all_reached_ones(ground, shapes, data):
    reached = data.draw(st.lists(st.booleans(), min_size=len(shapes), max_size=len(shapes)))
    outlines = np.array(shapes, dtype=object)
    is_reached = np.array(reached, dtype=bool)
    left = shapely.difference(ground, shapely.union_all(outlines[~is_reached]))
    wanted = shapely.union(left, shapely.union_all(outlines[is_reached]))
    settled = Outlines.of(outlines).settle(ground, is_reached)
    assert shapely.symmetric_difference(settled, wanted).area == 0
    assert settled.geom_type == "MultiPolygon"


@given(ground=_GROUNDS, shapes=st.lists(_SHAPES, max_size=6))
def test_what_is_touched_and_what_is_inside_is_what_each_one_says(ground, shapes):
    outlines = np.array(shapes, dtype=object)
    touched, inside = Outlines.of(outlines)._touched_and_inside(ground)
    assert touched.tolist() == [ground.intersects(shape) for shape in shapes]
    assert inside.tolist() == [ground.contains_properly(shape) for shape in shapes]


@pytest.mark.parametrize("shapes", [[], [None], [shapely.Polygon()], [box(90, 90)]])
def test_without_an_outline_in_sight_the_ground_stays(shapes):
    settled = Outlines.of(np.array(shapes, dtype=object)).settle(box(0, 0), np.zeros(len(shapes), dtype=bool))
    assert settled.normalize() == shapely.MultiPolygon([box(0, 0)]).normalize()


def test_of_an_empty_ground_only_reached_outlines_are_left():
    outlines = Outlines.of(np.array([box(0, 0), box(3, 0)], dtype=object))
    assert outlines.settle(shapely.MultiPolygon(), np.array([True, False])).equals(box(0, 0))
