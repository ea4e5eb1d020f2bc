"""Land codes read in their declared scheme: recovered where sure, listed where unknown, kept either way."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from town_layers import codes, frame, good_layers, square

from fengmao_geo.standards.load import LAND_SCHEMES, land_classes
from fengmao_geo.town.land_codes import nearest_land_code, read_land_code, with_land_codes
from fengmao_geo.town.town import Town, TownSettings

GROUPS = {it.group for scheme in LAND_SCHEMES[:3] for it in land_classes(scheme).values()}


def wide(text):
    return "".join(chr(ord(sign) + 0xFEE0) if sign.isascii() else sign for sign in text)


def parcels(land_code, widths=None, **columns):
    """Lay parcels one metre deep side by side, as wide as stated."""
    given = {} if land_code is None else {"land_code": land_code}
    count = len(land_code if land_code is not None else next(iter(columns.values())))
    widths = widths or [1] * count
    starts = [sum(widths[:at]) for at in range(count)]
    shapes = [shapely.box(start, 0, start + width, 1) for start, width in zip(starts, widths, strict=True)]
    return gpd.GeoDataFrame({**given, **columns}, geometry=shapes)


def coded(land_code, scheme="sandiao", widths=None, **columns):
    return with_land_codes(parcels(land_code, widths, **columns), layer="parcels", scheme=scheme)


def told(found):
    return {finding.code: values_of(finding) for finding in found}


def values_of(finding):
    return finding.values  # noqa: PD011  a field of ours


# one code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (wide("0101"), "0101"),
        (" 0101 ", "0101"),
        ("05h1", "05H1"),
        ("0101.0", "0101"),
        ("0101水田", "0101"),
        ("0101-水田", "0101"),
        ("水田(0101)", "0101"),
        ("0810A 广场用地", "0810A"),
    ],
)
def test_a_code_written_otherwise_is_the_code(text, code):
    reading = read_land_code(text, scheme="sandiao")
    assert (reading.code, reading.how) == (code, "written")


@pytest.mark.parametrize(
    ("text", "code"), [("101", "0101"), ("203K", "0203K"), ("8H2A", "08H2A"), ("7", "07"), ("701.0", "0701")]
)
def test_a_lost_zero_is_put_back_where_it_may_be_lost(text, code):
    reading = read_land_code(text, scheme="sandiao", may_lack_zero=True)
    assert (reading.code, reading.how) == (code, "zero")
    assert read_land_code(text, scheme="sandiao").code is None


@pytest.mark.parametrize(
    ("text", "code"), [("0601A", "0601"), ("0101K", "0101"), ("0810B", "0810"), ("05H1A", "05H1")]
)
def test_a_finer_code_is_read_by_the_class_it_divides(text, code):
    reading = read_land_code(text, scheme="sandiao")
    assert (reading.code, reading.how) == (code, "detailed")


@pytest.mark.parametrize("text", ["0203K", "08H2A", "0810A"])
def test_a_code_with_a_letter_that_the_scheme_has_is_itself(text):
    assert read_land_code(text, scheme="sandiao").how == "known"


def test_the_name_of_a_class_stands_for_its_code():
    assert read_land_code("水田", scheme="sandiao").code == "0101"
    assert read_land_code("农村道路", scheme="sandiao").code == "1006"
    assert read_land_code("农村道路", scheme="ydyh2023").code == "0601"


@pytest.mark.parametrize("text", ["9999", "060101", "R2", "宅基", "010"])
def test_what_the_scheme_does_not_have_is_unknown(text):
    assert read_land_code(text, scheme="sandiao").code is None


def test_one_code_is_looked_up_in_its_own_scheme_only():
    assert read_land_code("0601", scheme="sandiao").code == "0601"
    assert land_classes("sandiao")["0601"].group != land_classes("ydyh2023")["0601"].group


@pytest.mark.parametrize("text", ["residential", "Residential", "landuse=residential"])
def test_values_of_openstreetmap_are_read_with_or_without_their_key(text):
    assert read_land_code(text, scheme="osm").code == "residential"


@pytest.mark.parametrize(
    ("text", "nearest"),
    [("0699", "06"), ("080499", "0804"), ("A101", "0101"), ("9999", None), ("XXXXXX", None)],
)
def test_the_nearest_code_is_the_longest_known_beginning_else_the_fewest_changes(text, nearest):
    assert nearest_land_code(text, scheme="ydyh2023") == nearest


def test_a_misspelt_value_of_openstreetmap_has_a_nearest():
    assert nearest_land_code("residental", scheme="osm") == "residential"


# a layer


def test_known_codes_are_not_told_and_get_the_group_all_schemes_share():
    layer, found = coded(["0101", "0702"])
    assert layer["land_group"].tolist() == ["cropland", "residential"]
    assert "land_code_given" not in layer
    assert found == []


def test_the_same_group_comes_from_every_scheme():
    of = {"sandiao": "0701", "gbt21010": "0701", "ydyh2023": "0701", "osm": "residential"}
    assert {coded([code], scheme)[0]["land_group"].item() for scheme, code in of.items()} == {"residential"}


def test_every_group_of_openstreetmap_is_one_of_the_other_schemes():
    assert {it.group for it in land_classes("osm").values()} <= GROUPS
    assert {it.tag for it in land_classes("osm").values()} == {"P"}


def test_numbers_get_their_zero_back_and_are_told():
    layer, found = coded([101.0, 1001.0, 601.0])
    assert layer["land_code"].tolist() == ["0101", "1001", "0601"]
    assert layer["land_code_given"].tolist() == ["101", "1001", "601"]
    assert told(found) == {"land_code_zero": {"count": 2, "seen": "101 -> 0101 (1), 601 -> 0601 (1)"}}


def test_a_text_lacks_no_zero_where_another_has_kept_its_own():
    layer, found = coded(["0101", "203"])
    assert layer["land_code"].tolist() == ["0101", "203"]
    assert told(found)["land_code_unknown"]["count"] == 1


def test_a_number_among_texts_may_have_lost_its_zero():
    assert coded(["0101", 701])[0]["land_code"].tolist() == ["0101", "0701"]


def test_unknown_codes_are_listed_once_with_count_share_and_nearest_and_kept():
    layer, found = coded(["0699", "9999", "0699", "0101"], widths=[2, 1, 1, 6])
    assert layer["land_code"].tolist() == ["0699", "9999", "0699", "0101"]
    assert layer["land_group"].isna().tolist() == [True, True, True, False]
    assert told(found) == {
        "land_code_unknown": {
            "count": 3,
            "percent": "40.0%",
            "seen": "0699 (2, 30.0%, 06), 9999 (1, 10.0%, -)",
            "scheme": "sandiao",
        }
    }


def test_names_in_the_column_of_codes_are_told():
    layer, found = coded(["水田", "0101"])
    assert layer["land_code"].tolist() == ["0101", "0101"]
    assert told(found) == {"land_code_named": {"count": 1, "seen": "水田 -> 0101 (1)"}}


def test_names_stand_for_codes_that_are_missing():
    layer, _ = coded(["0101", None], land_name=["水田", "农村宅基地"])
    assert layer["land_code"].tolist() == ["0101", "0702"]


def test_a_layer_with_names_alone_gets_codes_and_its_other_names_are_listed():
    layer, found = coded(None, land_name=["水田", "草皮"])
    assert layer["land_code"].fillna("-").tolist() == ["0101", "-"]
    assert told(found)["land_code_unknown"]["seen"] == "草皮 (1, 50.0%, -)"


def test_names_that_mean_nothing_in_the_scheme_make_no_codes():
    layer, found = coded(None, land_name=["甲", "乙"])
    assert "land_code" not in layer
    assert found == []


def test_a_missing_code_stays_missing_and_is_not_unknown():
    layer, found = coded(["0101", None])
    assert layer["land_code"].isna().tolist() == [False, True]
    assert found == []


def test_a_name_of_another_class_is_counted_and_the_code_stands():
    layer, found = coded(["0101", "0601", "0101"], land_name=["水田", "果园", "耕地"])
    assert layer["land_group"].tolist() == ["cropland", "industrial", "cropland"]
    assert told(found) == {
        "land_name_differs": {"count": 1, "of": 3, "seen": "0601 果园 (1)", "scheme": "sandiao"}
    }


def test_a_wrong_scheme_is_suspected_by_the_names_and_not_changed():
    # In the scheme of 2023 these are a rural road and industry, as the names say.
    layer, found = coded(["0601", "1001"], land_name=["农村道路", "工业用地"])
    assert layer["land_group"].tolist() == ["industrial", "transport"]
    doubt = told(found)["land_scheme_doubtful"]
    assert (doubt["scheme"], doubt["fits"], doubt["other"], doubt["other_fits"], doubt["of"]) == (
        "sandiao",
        0,
        "ydyh2023",
        2,
        2,
    )


def test_without_a_scheme_codes_are_kept_and_how_many_each_scheme_knows_is_told():
    layer, found = coded(["0601", "05H1"], scheme=None, land_name=["工业用地", None])
    assert layer["land_code"].tolist() == ["0601", "05H1"]
    assert "land_group" not in layer
    (finding,) = found
    assert finding.code == "land_scheme_missing"
    assert values_of(finding)["known"].startswith("sandiao 2 (1), gbt21010 1 (1)")


def test_no_codes_and_no_names_are_no_trouble():
    assert coded([None])[1] == []
    assert coded([None], scheme=None)[1] == []


CODES = st.sampled_from(["0101", "0601A", "9999", "水田", "7", "", None, wide("0702"), "R2"])


@given(st.lists(CODES, min_size=1, max_size=8))
@settings(max_examples=30, deadline=None)
def test_no_parcel_is_lost_and_each_is_known_blank_or_told(values):
    layer, found = coded(pd.Series(values, dtype=object).tolist())
    assert len(layer) == len(values)
    known = set(land_classes("sandiao"))
    unknown = told(found).get("land_code_unknown", {"count": 0})["count"]
    blank = sum(not value for value in values)
    assert layer["land_code"].isin(known).sum() + unknown + blank == len(values)


# a town


def test_a_town_reads_the_codes_of_its_parcels_in_the_scheme_declared():
    layer = frame(
        [square(1, 1, 9), square(20, 1, 9)], 图斑编号=["a", "b"], DLBM=[101, 702], dlmc=["水田", "果园"]
    )
    settings_of = TownSettings(codes={"parcels": "sandiao"})
    town = Town.from_layers(name="T", settings=settings_of, **good_layers(parcels=layer))
    assert town["parcels"]["land_code"].tolist() == ["0101", "0702"]
    assert codes(town, "parcels") == ["land_code_zero", "land_name_differs"]


def test_a_town_without_a_scheme_is_told_so():
    layer = frame([square(1, 1, 9)], id=["a"], land_code=["0101"])
    town = Town.from_layers(name="T", **good_layers(parcels=layer))
    assert codes(town, "parcels") == ["land_scheme_missing"]
