"""TOML and CSV files of planning knowledge, read into records: the user's file or the shipped one."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from fengmao_geo.errors import UnknownNameError
from fengmao_geo.standards.files import (
    fault_error,
    keyed,
    own_file,
    read_entries,
    read_record,
    read_toml,
    refuse_shared,
    shipped,
)
from fengmao_geo.standards.names import FieldNames, normalise
from fengmao_geo.standards.records import (
    Catalogue,
    FacilityFile,
    FacilityType,
    LabelFile,
    LandClass,
    LandFile,
    NameFile,
    SlopeResponse,
    Walker,
    WalkerFile,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.resources.abc import Traversable

    from fengmao_geo.messages import Lang
__all__ = [
    "CATALOGUES",
    "LAND_SCHEMES",
    "catalogue",
    "display_name",
    "display_names",
    "facility_type_names",
    "facility_types",
    "field_names",
    "land_classes",
    "slope_response",
    "walker",
    "walkers",
]

LAND_SCHEMES = ("sandiao", "gbt21010", "ydyh2023", "osm")
CATALOGUES = ("township", "gb50180_2018", "tdt1062_2021", "full_community_2020")


def facility_types(path: str | Path | None = None) -> dict[str, FacilityType]:
    """Read the types of facilities: their names, the people they are for, and how other data name them.

    Parameters
    ----------
    path
        A file of the user's own instead of the shipped one.

    Returns
    -------
    dict
        Id, then the type.

    Raises
    ------
    StandardError
        If the file is wrong; it names every fault at once.

    Examples
    --------
    >>> facility_types()["kindergarten"].group
    'preschool'
    """
    return dict(_shipped_facility_types() if path is None else _read_facility_types(Path(path)))


@cache
def _shipped_facility_types() -> dict[str, FacilityType]:
    return _read_facility_types(shipped("facilities.toml"))


def _read_facility_types(path: Path | Traversable) -> dict[str, FacilityType]:
    types: dict[str, FacilityType] = read_entries(path, FacilityFile, "types", "facility_type")
    refuse_shared(path, "types", {name: (it.name_zh, it.name_en, *it.aliases) for name, it in types.items()})
    refuse_shared(path, "name_keywords", {name: it.name_keywords for name, it in types.items()})
    return types


@cache
def _shipped_type_names() -> dict[str, str]:
    return {
        normalise(name): it.facility_type
        for it in _shipped_facility_types().values()
        for name in (it.facility_type, it.name_zh, it.name_en, *it.aliases)
    }


def facility_type_names() -> dict[str, str]:
    """List every name of a facility type, normalised, with the id it means.

    Returns
    -------
    dict
        Id, Chinese, English or other name, as :func:`~fengmao_geo.standards.names.normalise` writes it, then
        the id.

    Examples
    --------
    >>> facility_type_names()["busstop"]
    'bus_stop'
    """
    return dict(_shipped_type_names())


def catalogue(which: str | Path | Catalogue = "township") -> Catalogue:
    """Read what a life circle asks for.

    Parameters
    ----------
    which
        ``"township"``, ``"gb50180_2018"``, ``"tdt1062_2021"``, ``"full_community_2020"``, the path of a TOML
        file of the user's own, or a catalogue, which is given back.

    Returns
    -------
    Catalogue
        Its entries, one per facility type, in the order of the file.

    Raises
    ------
    UnknownNameError
        If no catalogue has this name.
    StandardError
        If the file is wrong; it names every fault at once.

    Examples
    --------
    >>> catalogue("gb50180_2018").entries[0].tier_min
    15.0
    """
    if isinstance(which, Catalogue):
        return which
    if which in CATALOGUES:
        return _shipped_catalogue(str(which))
    return _read_catalogue(own_file(which, CATALOGUES))


@cache
def _shipped_catalogue(name: str) -> Catalogue:
    return _read_catalogue(shipped("life_circles", f"{name}.toml"))


def _read_catalogue(path: Path | Traversable) -> Catalogue:
    found = read_record(path, Catalogue, read_toml(path))
    known = _shipped_facility_types()
    faults = [
        ("unknown_type", {"entry": "entries", "field": entry.facility_type, "known": ", ".join(known)})
        for entry in found.entries
        if entry.facility_type not in known
    ]
    if faults:
        raise fault_error(path, faults)
    return found


def walker(which: str | Path | Walker = "standard") -> Walker:
    """Read how fast somebody walks and whether he can use steps.

    Parameters
    ----------
    which
        ``"standard"``, ``"adult"``, ``"elderly"``, ``"child"``, ``"wheels"``, ``"terrain"``, the path of a
        TOML file that holds one walker of the user's own, or a walker, which is given back.

    Returns
    -------
    Walker
        The walker.

    Raises
    ------
    UnknownNameError
        If no walker has this name.
    StandardError
        If the file is wrong; it names every fault at once.

    Examples
    --------
    >>> walker().speed_m_min
    60.0
    """
    if isinstance(which, Walker):
        return which
    shipped = _shipped_walkers()
    if which in shipped:
        return shipped[str(which)]
    path = own_file(which, tuple(shipped))
    own = _read_walkers(path)
    if len(own) != 1:
        raise fault_error(path, [("one_walker", {"entry": "walkers", "count": len(own)})])
    return next(iter(own.values()))


def walkers() -> dict[str, Walker]:
    """Read the shipped walkers.

    Returns
    -------
    dict
        Id, then the walker.

    Examples
    --------
    >>> walkers()["wheels"].can_use_steps
    False
    """
    return dict(_shipped_walkers())


@cache
def _shipped_walkers() -> dict[str, Walker]:
    return _read_walkers(shipped("walkers.toml"))


def slope_response(name: str) -> SlopeResponse | None:
    """Read how walking speed answers to slope.

    Parameters
    ----------
    name
        What a walker's ``slope`` says: ``"none"`` or ``"tobler"``.

    Returns
    -------
    SlopeResponse or None
        ``None`` where it does not.

    Examples
    --------
    >>> slope_response("tobler").rate, slope_response("none")
    (3.5, None)
    """
    return _shipped_slopes().get(name)


@cache
def _shipped_slopes() -> dict[str, SlopeResponse]:
    path = shipped("walkers.toml")
    return read_record(path, WalkerFile, keyed(read_toml(path), "walkers", "walker")).slopes


def _read_walkers(path: Path | Traversable) -> dict[str, Walker]:
    return read_entries(path, WalkerFile, "walkers", "walker")


@cache
def field_names() -> FieldNames:
    """Read other people's names of layers, columns and values.

    Returns
    -------
    FieldNames
        The library's name for each of theirs.

    Examples
    --------
    >>> names = field_names()
    >>> names.layer("DLTB"), names.column("parcels", "dlbm"), names.value("streets", "is_bridge", "Y")
    ('parcels', 'land_code', True)
    """
    path = shipped("field_names.toml")
    read = read_record(path, NameFile, read_toml(path))
    types = {name: (it.name_zh, it.name_en, *it.aliases) for name, it in _shipped_facility_types().items()}
    values = {**read.values, "facilities": {**read.values.get("facilities", {}), "facility_type": types}}
    names = FieldNames(read.layers, read.columns, values)
    refuse_shared(path, "layers", names.layers)
    for layer in names.columns:
        refuse_shared(path, f"columns.{layer}", names.columns_of(layer))
    for layer, columns in names.values.items():
        for column, words in columns.items():
            refuse_shared(path, f"values.{layer}.{column}", words)
    return names


def land_classes(scheme: str) -> dict[str, LandClass]:
    """Read the classes of a code scheme of land use.

    The same digits mean different things in different schemes, so a code is never looked up without one.

    Parameters
    ----------
    scheme
        ``"sandiao"`` (third national land survey), ``"gbt21010"`` (GB/T 21010-2017), ``"ydyh2023"`` (2023
        classification of land and sea use) or ``"osm"`` (OpenStreetMap's landuse, natural and leisure).

    Returns
    -------
    dict
        Code, then the class.

    Raises
    ------
    UnknownNameError
        If there is no such scheme.

    Examples
    --------
    >>> land_classes("sandiao")["0601"].name_en, land_classes("ydyh2023")["0601"].name_en
    ('Industrial', 'Rural road')
    """
    if scheme not in LAND_SCHEMES:
        raise UnknownNameError("unknown_standard", name=scheme, known=", ".join(LAND_SCHEMES))
    return dict(_shipped_land_classes(scheme))


@cache
def _shipped_land_classes(scheme: str) -> dict[str, LandClass]:
    path = shipped("land_use", f"{scheme}.csv")
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = {row["code"]: {name: cell for name, cell in row.items() if cell} for row in csv.DictReader(lines)}
    return read_record(path, LandFile, {"classes": rows}).classes


@cache
def _labels() -> dict[str, dict[str, dict[str, str]]]:
    found: dict[str, dict[str, dict[str, str]]] = {
        "facility_type": _names(_shipped_facility_types()),
        "walker": _names(_shipped_walkers()),
        "catalogue": _names({name: _shipped_catalogue(name) for name in CATALOGUES}),
    }
    for name in ("labels.toml", "renewal_types.toml"):
        path = shipped(name)
        for kind, labels in read_record(path, LabelFile, read_toml(path)).labels.items():
            found[kind] = {value: label.model_dump() for value, label in labels.items()}
    return found


def _names(records: Mapping[str, FacilityType | Walker | Catalogue]) -> dict[str, dict[str, str]]:
    return {name: {"zh": record.name_zh, "en": record.name_en} for name, record in records.items()}


def display_names() -> dict[str, dict[str, dict[str, str]]]:
    """List what values are called: kind, value, language, name.

    Returns
    -------
    dict
        Names, nested in that order.

    Examples
    --------
    >>> display_names()["street_class"]["lane"]["en"]
    'lane'
    """
    return {kind: {value: dict(names) for value, names in of.items()} for kind, of in _labels().items()}


def display_name(kind: str, value: str, *, lang: Lang = "zh") -> str:
    """Write what a value is called.

    Parameters
    ----------
    kind
        ``"facility_type"``, ``"walker"``, ``"catalogue"``, ``"renewal_type"``, ``"street_class"``, ``"use"``,
        ``"status"``, ``"display_group"``, ``"group"`` and further kinds of ``labels.toml``.
    value
        The value as tables hold it.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    str
        Its name; the value itself if it has none.

    Examples
    --------
    >>> display_name("renewal_type", "old_estate", lang="en")
    'old housing estate'
    >>> display_name("use", "unheard of")
    'unheard of'
    """
    names = _labels().get(kind, {}).get(value)
    return value if names is None else names[lang]
