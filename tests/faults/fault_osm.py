"""OpenStreetMap files that are not whole, not what they say, or of no use."""

from __future__ import annotations

from faulty import Faults, Told
from osm_files import village

from fengmao_geo.errors import TownError
from fengmao_geo.town.osm import read_osm

FAULTS = Faults()


def of(code, *says, severity="error"):
    return FAULTS.of(code, *says, severity=severity, layer="osm")


def osm(path, **options):
    """Read a town from OpenStreetMap and give what was told."""
    try:
        made = read_osm(path, **options)
    except TownError as error:
        return Told(True, error.findings)
    return Told(False, made.findings, made)


def with_bytes(path, content):
    path.write_bytes(content)
    return path


@of("osm_missing", "a.osm.pbf")
def osm_that_is_not_there(folder):
    return osm(folder / "a.osm.pbf")


@of("osm_packed", "a.osm.gz")
def osm_that_is_packed(folder):
    return osm(with_bytes(folder / "a.osm.gz", b"\x1f\x8b" + bytes(20)))


@of("osm_format", "a.geojson")
def osm_of_another_format(folder):
    return osm(with_bytes(folder / "a.geojson", b"{}"))


@of("osm_first_bytes", "a.osm.pbf")
def osm_in_xml_named_pbf(folder):
    return osm(village().write(folder / "a.osm").rename(folder / "a.osm.pbf"))


@of("osm_entities", "a.osm")
def osm_with_an_external_entity(folder):
    text = b'<?xml version="1.0"?><!DOCTYPE osm SYSTEM "file:///etc/hostname"><osm version="0.6"/>'
    return osm(with_bytes(folder / "a.osm", text))


@of("osm_broken", "a.osm")
def osm_cut(folder):
    path = village().write(folder / "a.osm")
    whole = path.read_bytes()
    return osm(with_bytes(path, whole[: len(whole) // 2]))


@of("osm_broken", "a.osm")
def osm_with_a_place_in_words(folder):
    path = village().write(folder / "a.osm")
    return osm(with_bytes(path, path.read_bytes().replace(b' lat="', b' lat="north ', 1)))


@of("osm_empty", "a.osm")
def osm_that_holds_nothing(folder):
    return osm(with_bytes(folder / "a.osm", b'<?xml version="1.0"?><osm version="0.6"></osm>'))


@of("osm_crs_chosen", "EPSG:326", severity="warning")
def osm_whose_metres_were_chosen(folder):
    return osm(village().write(folder / "a.osm"))
