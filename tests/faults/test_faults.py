"""Every fault that a bureau's files are known to have, each told by one finding in both languages.

What stands in the house's list of traps and concerns what is read is covered by:

=====================================  ========================================================================
trap                                   faults
=====================================  ========================================================================
bare crossings                         streets_that_cross_without_a_shared_vertex
street near a canal                    street_through_a_canal_without_a_bridge
``buffer(0)``                          bow_tie_of_which_buffer_0_keeps_half
overlays at zone-prefixed coordinates  town_with_a_zone_number_loses_digits
Web Mercator, zones two off            town_in_web_mercator_of_areas_too_large, layer_in_web_mercator,
                                       town_two_zones_off_of_areas_too_large
mislabelled CRS                        metres_called_degrees, degrees_called_metres, axes_swapped_in_metres,
                                       axes_swapped_in_degrees, zone_number_in_x_called_none,
                                       no_zone_number_in_x_called_one, zone_of_six_degrees_called_three,
                                       zone_beside_called_this_one, web_mercator_called_metres
Beijing 54, Xi'an 80                   xian_1980_comes_back_unchanged, beijing_1954_comes_back_unchanged,
                                       xian_1980_with_parameters, town_of_an_old_datum
GCJ-02                                 points_of_amap_that_are_declared, points_of_baidu_that_are_declared,
                                       houses_of_amap_that_are_not_declared
Shapefile text                         shp-*, shp_whose_column_name_was_cut_amid_a_character,
                                       csv_with_a_character_that_gbk_lacks
truncated .shp                         shp_cut_opens_with_half_its_geometries_null, shx_cut, dbf_cut
FlatGeobuf killed amid writing         fgb_killed_amid_writing_opens_without_rows, fgb_cut
a VRT named ``parcels.geojson``        vrt_named_geojson_reads_another_file, json_of_a_pipeline,
                                       tab_that_links_a_database, connection_string, network_path
GML entity bomb                        gml_whose_bomb_reads_as_an_empty_layer, kml_with_an_entity_bomb,
                                       kmz_with_an_external_entity, dbf_that_states_no_rows_and_holds_some
``exactextract``                       raster_of_another_town_gives_zeros, raster_of_half_the_town,
                                       raster_whose_nodata_nobody_declared_is_summed
resampling people counts               people_below_zero_in_a_raster
big rasters                            raster_that_unpacks_to_gigabytes, zip_bomb
code in data (folium)                  word_that_would_run_in_a_template
disk full, kill                        gpkg_cut, geojson_cut, parquet_cut, and the other files that were cut
land-use codes                         codes_without_their_scheme, code_that_the_scheme_does_not_know
=====================================  ========================================================================

``PROJ_LIB`` of other programs is in `test_raster_file` and `test_cli`; the rest of the list is not of input.
"""

from __future__ import annotations

import re

import fault_files
import fault_grounds
import fault_osm
import fault_places
import fault_schema
import fault_texts
import pytest
from faulty import NAMES, vector

from fengmao_geo.findings import translate_findings

pytestmark = [
    pytest.mark.filterwarnings("ignore:'crs' was not provided:UserWarning"),
    pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning"),
]

FAMILIES = (fault_files, fault_texts, fault_places, fault_schema, fault_grounds, fault_osm)
FAULTS = [fault for family in FAMILIES for fault in family.FAULTS]
CHINESE = re.compile(r"[\u4e00-\u9fff]")
#: A place for a value that was not filled; data may hold braces of their own.
UNFILLED = re.compile(r"\{[a-z_]+[^}]*\}")
OF_DATA = "{{7*7}} {x}"


def written(rows, lang):
    """Write findings as they are told: where, what was found, what was done, what to do."""
    table = translate_findings(rows, lang=lang)
    parts = ["layer", "feature_id", "column", "found", "done", "remedy"]
    return table[["found", "done", "remedy"]], "\n".join(table[parts].fillna("").agg(" ".join, axis=1))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_told_by_its_code_in_both_languages(fault, tmp_path):
    told = fault.write(tmp_path)
    seen = told.findings[["severity", "code", "layer", "found"]].to_string()
    rows = told.findings[told.findings["code"] == fault.code]
    assert set(rows["layer"]) == {fault.layer}, seen
    assert set(rows["severity"]) == {fault.severity}
    assert told.is_refused == (fault.severity == "error"), seen
    errors = set(told.findings.loc[told.findings["severity"] == "error", "code"])
    assert errors <= {fault.code, *fault.also}, seen
    for lang in ("zh", "en"):
        words, text = written(rows, lang)
        # Where all is put right there may be nothing to do.
        needed = words if fault.severity != "repaired" else words[["found", "done"]]
        assert (needed.map(len) > 0).all(axis=None), text
        assert lang == "en" or needed.map(lambda word: bool(CHINESE.search(word))).all(axis=None), text
        assert not [part for part in fault.says if part not in text], text
        assert not UNFILLED.search(text.replace(OF_DATA, "")), text


def test_the_faults_are_sixty_or_more_and_have_names_of_their_own():
    names = [fault.name for fault in FAULTS]
    assert len(names) == len(set(names)) >= 60


def test_every_fault_of_the_table_of_traps_is_there():
    names = {fault.name for fault in FAULTS}
    told = re.findall(r"\b[a-z0-9]+(?:_[a-z0-9]+)+\b", str(__doc__).split("covered by:")[1])
    assert set(told) - names == {"test_raster_file", "test_cli", "shp_"} - {"shp_"}


@pytest.mark.parametrize(("encoding", "cpg", "page", "code"), fault_texts.SHAPEFILES)
def test_text_is_what_was_written_whatever_cpg_and_language_byte_say(tmp_path, encoding, cpg, page, code):
    told = vector(fault_texts.shapefile(tmp_path, encoding, cpg, page))
    assert told.read["名称"].tolist() == NAMES
    assert told.findings["code"].tolist() == ([code] if code else [])
