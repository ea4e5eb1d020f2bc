"""Land codes read in their declared scheme, with one common grouping; what is unknown is kept and told."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from fengmao_geo.findings import Finding
from fengmao_geo.standards.load import LAND_SCHEMES, land_classes
from fengmao_geo.standards.names import edit_distance, normalise
from fengmao_geo.town.texts import TEXT, as_text, counted, listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

__all__ = ["LandReading", "nearest_land_code", "read_land_code", "with_land_codes"]

#: What is told of codes, by how they could be read.
_CODES = {
    "zero": "land_code_zero",
    "detailed": "land_code_detailed",
    "named": "land_code_named",
    "written": "land_code_written",
}

#: Codes of schemes that are numbered: digits, then perhaps a letter and what follows it.
_NUMBERED = r"\d{2,6}(?:[A-Z]\d?[A-Z]?)?"
_DETAIL = re.compile(r"^[A-Z]\d?[A-Z]?$")
_CODE_FIRST = re.compile(rf"^({_NUMBERED})[^\dA-Z.].*$")
_CODE_LAST = re.compile(rf"^[^\dA-Z]+({_NUMBERED})[^\dA-Z]?$")

#: An unknown code farther than this many letters from every known one has no nearest.
_NEAR = 2

#: How many codes a finding lists.
_LISTED = 200


@dataclass(frozen=True)
class LandReading:
    """What a text says as a land code.

    Parameters
    ----------
    code
        The code of the scheme; ``None`` where it is none.
    how
        ``known``; ``written`` otherwise, such as in full width or with the class's name; ``zero``, where a
        leading zero was lost; ``detailed``, where it is divided more finely than the scheme here; ``named``,
        where it is the class's name; ``unknown``.
    """

    code: str | None
    how: str


def read_land_code(text: str, *, scheme: str, may_lack_zero: bool = False) -> LandReading:
    """Read one land code.

    Parameters
    ----------
    text
        What was written.
    scheme
        The scheme it is of.
    may_lack_zero
        Whether a leading zero may have been lost: the codes came as numbers.

    Returns
    -------
    LandReading
        The code and how it was read.

    Examples
    --------
    >>> read_land_code("0101", scheme="sandiao")
    LandReading(code='0101', how='known')
    >>> read_land_code("101", scheme="sandiao", may_lack_zero=True).how
    'zero'
    >>> read_land_code("9999", scheme="sandiao")
    LandReading(code=None, how='unknown')
    """
    classes = land_classes(scheme)
    if text in classes:
        return LandReading(text, "known")
    plain = _plain(text, scheme)
    if plain in classes:
        return LandReading(plain, "written")
    tried = [plain, f"0{plain}"] if may_lack_zero else [plain]
    if tried[-1] in classes:
        return LandReading(tried[-1], "zero")
    beside = _CODE_FIRST.match(plain) or _CODE_LAST.match(plain)
    found = {
        "detailed": next((parent for code in tried if (parent := _detailed(code, scheme))), None),
        "named": _by_name(scheme).get(normalise(text)),
        "written": beside.group(1) if beside and beside.group(1) in classes else None,
    }
    how = next((name for name, code in found.items() if code is not None), "unknown")
    return LandReading(found.get(how), how)


def _plain(text: str, scheme: str) -> str:
    """Write a code as its scheme does: narrow, without blanks, decimals or the key of a tag."""
    folded = "".join(unicodedata.normalize("NFKC", text).split())
    if scheme == "osm":
        return folded.casefold().rpartition("=")[2]
    return re.sub(r"\.0+$", "", folded.upper())


def _detailed(code: str, scheme: str) -> str | None:
    """Find the class that a code divides more finely: what is left without the suffix of a letter."""
    parent = _parent(code, scheme)
    return parent if parent is not None and _DETAIL.match(code[len(parent) :]) else None


def _parent(code: str, scheme: str) -> str | None:
    known = land_classes(scheme)
    return next((code[:end] for end in range(len(code) - 1, 1, -1) if code[:end] in known), None)


@cache
def _by_name(scheme: str) -> dict[str, str]:
    return {normalise(it.name_zh): code for code, it in land_classes(scheme).items()}


def nearest_land_code(text: str, *, scheme: str) -> str | None:
    """Find the known code nearest to one that is not known.

    Parameters
    ----------
    text
        What was written.
    scheme
        The scheme.

    Returns
    -------
    str or None
        The longest known beginning of it, else the known code that fewest changed letters make of it;
        ``None`` where none is near.

    Examples
    --------
    >>> nearest_land_code("0699", scheme="sandiao"), nearest_land_code("ABCDEF", scheme="sandiao")
    ('06', None)
    """
    code = _plain(text, scheme)
    if (parent := _parent(code, scheme)) is not None:
        return parent
    steps = min((edit_distance(code, known), known) for known in land_classes(scheme))
    return steps[1] if steps[0] <= min(_NEAR, len(code) - 1) else None


def with_land_codes(
    frame: gpd.GeoDataFrame, *, layer: str, scheme: str | None
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Bring a layer's land codes to those of its scheme, and add the group that all schemes share.

    Parameters
    ----------
    frame
        A layer with its columns named; ``land_code``, ``land_name`` or both.
    layer
        Its name, for the findings.
    scheme
        The scheme that was declared; ``None`` if none was, and then no code is looked up.

    Returns
    -------
    GeoDataFrame
        The layer with ``land_code``, a code that is not understood kept as it came; ``land_group``, missing
        where the code is not known; ``land_code_given``, only where a code was changed.
    list
        How many codes were recovered and how; the unknown ones with count, share of area and nearest known
        code; where names and codes contradict each other.

    Examples
    --------
    >>> import geopandas as gpd
    >>> given = {"land_code": [101.0, 1001.0], "land_name": None}
    >>> parcels = gpd.GeoDataFrame(given, geometry=[shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)])
    >>> coded, found = with_land_codes(parcels, layer="parcels", scheme="sandiao")
    >>> coded[["land_code", "land_group"]].to_numpy().tolist(), [finding.code for finding in found]
    ([['0101', 'cropland'], ['1001', 'transport']], ['land_code_zero'])
    """
    given = _texts_of(frame, "land_code")
    names = _texts_of(frame, "land_name")
    if scheme is None:
        kept = frame.assign(land_code=given) if "land_code" in frame else frame
        return kept, _scheme_missing(given, names, layer)
    if given.isna().all() and names.isna().all():
        return (frame.assign(land_code=given) if "land_code" in frame else frame), []
    codes, how = _read(frame, given, scheme)
    alone = names.where(given.isna())
    named = alone.map({name: _of_name(name, scheme) for name in alone.dropna().unique()}).astype(TEXT)
    from_name = named.notna().to_numpy(dtype=bool)
    codes, how = codes.where(~from_name, named), np.where(from_name, "named", how)
    came = given.where(~from_name, names)
    if given.isna().all():
        # Names stand for the codes: those that mean nothing are told as codes are.
        came, how = names, np.where(named.isna(), "unknown", how)
    if codes.isna().all():
        # Names alone that mean nothing in the scheme are no codes.
        return frame, []
    groups = codes.map({code: it.group for code, it in land_classes(scheme).items()}).astype(TEXT)
    changes = {} if (how == "known").all() or came.equals(codes) else {"land_code_given": given}
    coded = frame.assign(land_code=codes.astype(TEXT), land_group=groups, **changes)
    found = [
        *_recovered(came, codes, how, layer),
        *_unknown(came, how, _shares(frame), (layer, scheme)),
        *_contradictions(codes, names, ~from_name & (how != "named"), (layer, scheme)),
    ]
    return coded, found


def _texts_of(frame: pd.DataFrame, column: str) -> pd.Series:
    texts = as_text(frame[column] if column in frame else pd.Series(None, index=frame.index, dtype=object))
    return texts.where(texts.str.strip() != "")


def _of_name(name: str, scheme: str) -> str | None:
    """Find the code of a class's name, or of a code or tag that stands where names should."""
    return read_land_code(name, scheme=scheme).code


def _read(frame: pd.DataFrame, given: pd.Series, scheme: str) -> tuple[pd.Series, NDArray[np.object_]]:
    """Read each different code once; an unknown one stays as it came."""
    is_number = _are_numbers(frame, given)
    at, texts = pd.factorize(given)
    # Each text is read as it may and as it may not lack a zero; the last stands for no text.
    read = [
        [
            *(read_land_code(text, scheme=scheme, may_lack_zero=lacks) for text in texts),
            LandReading(None, "known"),
        ]
        for lacks in (False, True)
    ]
    codes = np.array([[reading.code for reading in row] for row in read], dtype=object)
    hows = np.array([[reading.how for reading in row] for row in read], dtype=object)
    which = is_number.astype(int)
    how = hows[which, at]
    found = pd.Series(codes[which, at], index=given.index, dtype=object).astype(TEXT)
    return found.where(how != "unknown", given), how


def _are_numbers(frame: pd.DataFrame, given: pd.Series) -> NDArray[np.bool_]:
    """Say of which codes a leading zero may be lost: of numbers, and of texts where none has kept one."""
    if "land_code" not in frame:
        return np.zeros(len(frame), dtype=bool)
    column = frame["land_code"]
    if pd.api.types.is_numeric_dtype(column.dtype):
        return np.ones(len(frame), dtype=bool)
    has_none = not given.str.strip().str.startswith(("0", "\uff10")).any()
    numbers = np.array([isinstance(value, int | float | np.number) for value in column], dtype=bool)
    return numbers | given.str.contains(r"\.0+$", na=False).to_numpy(bool) | has_none


def _shares(frame: gpd.GeoDataFrame) -> pd.Series:
    """Measure each feature's share of the layer's area."""
    area = shapely.area(frame.geometry.to_numpy())
    return pd.Series(area / area.sum() if area.sum() > 0 else np.zeros(len(frame)), index=frame.index)


def _recovered(came: pd.Series, codes: pd.Series, how: NDArray[np.object_], layer: str) -> list[Finding]:
    found = []
    for kind, code in _CODES.items():
        rows = how == kind
        if rows.any():
            pairs = came[rows].astype(object) + " -> " + codes[rows].astype(object)
            values = {"count": int(rows.sum()), "seen": counted(pairs.value_counts().to_dict())}
            found.append(Finding(code, layer, column="land_code", values=values))
    return found


def _unknown(
    came: pd.Series, how: NDArray[np.object_], shares: pd.Series, where: tuple[str, str]
) -> list[Finding]:
    """List the codes that the scheme does not have: how many, how much of the area, and what is near."""
    layer, scheme = where
    rows = (how == "unknown") & came.notna().to_numpy()
    if not rows.any():
        return []
    of = pd.DataFrame({"code": came[rows].astype(object), "share": shares[rows]}).groupby("code")["share"]
    table = of.agg(["size", "sum"]).reset_index().sort_values(["sum", "code"], ascending=[False, True])
    seen = [
        f"{code} ({count}, {share:.1%}, {nearest_land_code(code, scheme=scheme) or '-'})"
        for code, count, share in zip(table["code"], table["size"], table["sum"], strict=True)
    ]
    values = {
        "count": int(rows.sum()),
        "percent": f"{shares[rows].sum():.1%}",
        "seen": listed(seen, shown=_LISTED),
        "scheme": scheme,
    }
    return [Finding("land_code_unknown", layer, column="land_code", values=values)]


def _contradictions(
    codes: pd.Series, names: pd.Series, rows: NDArray[np.bool_], where: tuple[str, str]
) -> list[Finding]:
    """Count the codes that stand beside the name of another class, and whether another scheme fits better."""
    layer, scheme = where
    pairs = _pairs(codes[rows], names[rows])
    known = {pair: count for pair, count in pairs.items() if normalise(pair[1]) in _by_name(scheme)}
    differ = {
        f"{code} {name}": count for (code, name), count in known.items() if not _agree(code, name, scheme)
    }
    if not differ:
        return []
    of = sum(known.values())
    values = {"count": sum(differ.values()), "of": of, "seen": counted(differ), "scheme": scheme}
    found = [Finding("land_name_differs", layer, column="land_name", values=values)]
    fits = {other: _fits(pairs, other) for other in LAND_SCHEMES}
    best = max(LAND_SCHEMES, key=lambda other: (fits[other], other == scheme))
    if fits[best] > fits[scheme]:
        told = {"scheme": scheme, "fits": fits[scheme], "other": best, "other_fits": fits[best]}
        told["of"] = sum(pairs.values())
        found.append(Finding("land_scheme_doubtful", layer, column="land_code", values=told))
    return found


def _pairs(codes: pd.Series, names: pd.Series) -> dict[tuple[str, str], int]:
    """Count the pairs of a code and a name; the same few stand beside most features."""
    both = pd.DataFrame({"code": codes, "name": names}).dropna()
    return dict(sorted(Counter(zip(both["code"], both["name"], strict=True)).items()))


def _agree(code: str, name: str, scheme: str) -> bool:
    """Say whether a name is that of the code's class, of one that holds it or of a part of it."""
    of = _by_name(scheme).get(normalise(name))
    return of is not None and (code.startswith(of) or of.startswith(code))


def _fits(pairs: Mapping[tuple[str, str], int], scheme: str) -> int:
    """Count the features whose code is of a scheme and whose name agrees with it."""
    known = land_classes(scheme)
    return sum(count for (code, name), count in pairs.items() if code in known and _agree(code, name, scheme))


def _scheme_missing(given: pd.Series, names: pd.Series, layer: str) -> list[Finding]:
    """Tell that no scheme is declared, and how many codes and names each scheme knows; none is chosen."""
    if given.isna().all():
        return []
    pairs = _pairs(given, names)
    fits = {
        scheme: (int(given.isin(list(land_classes(scheme))).sum()), _fits(pairs, scheme))
        for scheme in LAND_SCHEMES
    }
    known = ", ".join(f"{scheme} {codes} ({both})" for scheme, (codes, both) in fits.items())
    values = {"count": int(given.notna().sum()), "known": known}
    return [Finding("land_scheme_missing", layer, column="land_code", values=values)]
