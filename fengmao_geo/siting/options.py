"""What each space could become: whether a use fits, why not, and what it would cost."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from fengmao_geo.geo.shape import fits_rectangle
from fengmao_geo.standards.uses import CROPPING, FARMLAND, Control, Use
from fengmao_geo.standards.uses import controls as read_controls
from fengmao_geo.standards.uses import uses as read_uses
from fengmao_geo.tables import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    Flags = NDArray[np.bool_]
    Numbers = NDArray[np.float64]
    Texts = NDArray[np.object_]

__all__ = ["possible_uses"]

_UNDER = "under_bridge"
_UNCHECKED = "farmland_unchecked"
_UNMANAGED = "manager_unknown"
_FARMLAND_LAYER = "farmland_protected"
# What is short by less than this share of what is needed is rounding.
_ROUNDING = 1e-9
_NOTHING: Mapping[str, Texts] = MappingProxyType({})


class _Reasons:
    """The verdict on every space and use, and the reason that decided it; the first to speak is heard."""

    def __init__(self, spaces: int, uses: int) -> None:
        self.fits = np.full((spaces, uses), "yes", dtype=object)
        self.reason = np.full((spaces, uses), "", dtype=object)

    @property
    def is_open(self) -> Flags:
        """Where nothing has spoken yet."""
        return np.asarray(self.fits == "yes", dtype=bool)

    def say(
        self,
        fits: str,
        code: str,
        mask: Flags,
        measured: Mapping[str, Texts] = _NOTHING,
        needed: Mapping[str, Texts] = _NOTHING,
    ) -> None:
        """Decide where a mask holds, with what was measured of the spaces and what the uses need."""
        here = np.broadcast_to(mask, self.fits.shape) & self.is_open
        space, use = np.nonzero(here)
        words = np.full(len(space), f"{fits}={code}", dtype=object)
        for row, told in ((space, measured), (use, needed)):
            for key, texts in told.items():
                pairs = np.where(texts == "", "", f";{key}=" + texts)
                words = words + pairs[row]
        self.fits[here], self.reason[here] = fits, words

    def flag(self, code: str, mask: Flags) -> None:
        """Note what is possible and yet wants a permit or a look."""
        here = np.broadcast_to(mask, self.fits.shape) & self.is_open
        first = here & (self.reason == "")
        self.reason[here & ~first] += f",{code}"
        self.reason[first] = f"flag={code}"


def possible_uses(
    spaces: gpd.GeoDataFrame,
    *,
    uses: str | Path | Mapping[str, Use] | None = None,
    controls: str | Path | Mapping[str, Control] | None = None,
) -> pd.DataFrame:
    """Say what each space could become, and why not.

    Hard reasons come first: left out on site, permanent basic farmland, other controls, kind, owner, access,
    area (of the footprints, for a use that needs a building), width (of the widest place), clear height, the
    court's rectangle. Then what is not known: permanent basic farmland in a farmland plot, owner, footprints,
    clear height. What is left is possible; controls that do not exclude, and a bridge that nobody is known to
    manage, are flagged. On permanent basic farmland only growing crops is possible, and neither `uses` nor
    `controls` can change that.

    Parameters
    ----------
    spaces
        The table ``spaces``.
    uses
        What a space can become, or the path of a TOML file of the user's own; by default the shipped ones.
    controls
        What each control does, or the path of a TOML file of the user's own; by default the shipped ones.

    Returns
    -------
    DataFrame
        Table ``possible_uses``, every space with every use, by ``space_id`` and then in the order of uses:
        ``fits`` (yes, no, unknown), ``reason`` as ``key=value`` joined by ``;`` (empty where it fits without
        more), and where it fits ``area_m2`` it takes, ``green_m2`` of that and ``cost_wan`` (10,000 yuan, a
        proposal to compare options).

    Raises
    ------
    TableError
        If the spaces are not as declared.
    StandardError
        If a file of the user's own is wrong; it names every fault at once.

    Examples
    --------
    >>> import geopandas as gpd
    >>> none = {column: [] for column in table("spaces").names}
    >>> possible_uses(gpd.GeoDataFrame(none, geometry=[], crs=4549)).shape
    (0, 7)
    """
    spaces = table("spaces").check(spaces).sort_values("space_id", ignore_index=True)
    kept = list((read_uses(uses) if uses is None or isinstance(uses, str | Path) else uses).values())
    ruled = read_controls(controls) if controls is None or isinstance(controls, str | Path) else controls
    found = _Reasons(len(spaces), len(kept))
    _refuse_protected(found, spaces, kept, ruled)
    _refuse_unfit(found, spaces, kept)
    _refuse_courts(found, spaces, kept)
    _leave_unknown(found, spaces, kept)
    _flag(found, spaces, ruled)
    return table("possible_uses").check(_measured(spaces, kept, found))


def _refuse_protected(
    found: _Reasons, spaces: gpd.GeoDataFrame, uses: Sequence[Use], controls: Mapping[str, Control]
) -> None:
    """Refuse what was left out on site, what is more than crops on farmland, what a control excludes."""
    found.say("no", "decision", _column(spaces["decision"] == "excluded"))
    farmland = _column(_is_protected(spaces)) & ~_is_cropping(uses)
    found.say("no", FARMLAND, farmland, {"protected_m2": _numbers(_measures(spaces, "protected_m2"))})
    for control in controls.values():
        if control.effect == "excluded":
            found.say("no", control.control, _column(_is_hit(spaces, control)))


def _refuse_unfit(found: _Reasons, spaces: gpd.GeoDataFrame, uses: Sequence[Use]) -> None:
    """Refuse by kind, owner and access, and where a measure falls short."""
    kinds, owners = _of(spaces["kind"]), _of(spaces["owner"])
    allowed = np.array([",".join(use.owners) for use in uses], dtype=object)
    found.say("no", "kind", ~_allows(spaces["kind"], [use.kinds for use in uses]), {"kind": kinds})
    barred = ~_allows(spaces["owner"], [use.owners for use in uses]) & _column(spaces["owner"] != "unknown")
    found.say("no", "owner", barred, {"owner": owners}, {"allowed": allowed})
    asks = np.array([use.needs_access for use in uses], dtype=bool)
    found.say("no", "access", _column(~spaces["is_accessible"].astype(bool)) & asks)
    is_built = _needs_building(uses)
    for code, measure, needed, is_asked in (
        ("area", "area_m2", "min_area_m2", ~is_built),
        ("area", "building_m2", "min_area_m2", is_built),
        ("width", "circle_m", "min_width_m", True),
        ("clear_height", "clear_height_m", "min_clear_height_m", True),
    ):
        had, least = _measures(spaces, measure), _figures(uses, needed)
        short = (_column(had) < least * (1 - _ROUNDING)) & is_asked
        found.say("no", code, short, {measure: _numbers(had)}, {needed: _numbers(least)})


def _refuse_courts(found: _Reasons, spaces: gpd.GeoDataFrame, uses: Sequence[Use]) -> None:
    """Refuse where a court does not lie inside at any angle; only what nothing else refused is looked at."""
    courts = [use.court_m for use in uses]
    for court in sorted({court for court in courts if court}):
        is_asked = np.array([other == court for other in courts], dtype=bool)
        rows = np.flatnonzero((found.is_open & is_asked).any(axis=1))
        short = np.zeros((len(spaces), 1), dtype=bool)
        short[rows, 0] = ~fits_rectangle(np.asarray(spaces.geometry.array, dtype=object)[rows], *court)
        sides = {
            name: np.full(len(uses), side, dtype=object)
            for name, side in zip(("court_length_m", "court_width_m"), _numbers(court), strict=True)
        }
        found.say("no", "court", short & is_asked, {}, sides)


def _leave_unknown(found: _Reasons, spaces: gpd.GeoDataFrame, uses: Sequence[Use]) -> None:
    """Leave open what a missing value would decide."""
    is_farm = (spaces["family"] == "farmland") & spaces["protected_m2"].isna()
    found.say("unknown", FARMLAND, _column(is_farm) & ~_is_cropping(uses))
    barred = ~np.array([{"state", "collective"} <= set(use.owners) for use in uses], dtype=bool)
    allowed = np.array([",".join(use.owners) for use in uses], dtype=object)
    found.say("unknown", "owner", _column(spaces["owner"] == "unknown") & barred, {}, {"allowed": allowed})
    least = {"min_area_m2": _numbers(_figures(uses, "min_area_m2"))}
    found.say("unknown", "area", _column(spaces["building_m2"].isna()) & _needs_building(uses), {}, least)
    is_under = (spaces["kind"] == _UNDER) | spaces["bridge_manager"].notna()
    needed = {"min_clear_height_m": _numbers(_figures(uses, "min_clear_height_m"))}
    found.say("unknown", "clear_height", _column(is_under & spaces["clear_height_m"].isna()), {}, needed)


def _flag(found: _Reasons, spaces: gpd.GeoDataFrame, controls: Mapping[str, Control]) -> None:
    """Note the controls that do not exclude, those no one knows, and what was not checked."""
    for control in controls.values():
        if control.effect == "flagged":
            found.flag(control.control, _column(_is_hit(spaces, control)))
    known = {name for control in controls.values() for name in (control.control, control.layer)}
    known |= {FARMLAND, _FARMLAND_LAYER}
    told = _named(spaces)
    for name in sorted({name for names in told for name in names} - known):
        found.flag(name, _column(np.array([name in names for names in told], dtype=bool)))
    found.flag(_UNCHECKED, _column(spaces["protected_m2"].isna() & ~_is_protected(spaces)))
    # It may be one whose bridges exclude every use.
    found.flag(_UNMANAGED, _column((spaces["kind"] == _UNDER) & spaces["bridge_manager"].isna()))


def _measured(spaces: gpd.GeoDataFrame, uses: Sequence[Use], found: _Reasons) -> pd.DataFrame:
    """Lay the table out; what fits takes no more than its largest area."""
    had = np.where(
        _needs_building(uses),
        _column(_measures(spaces, "building_m2")),
        _column(_measures(spaces, "area_m2")),
    )
    taken = np.minimum(had, _figures(uses, "max_area_m2"))
    taken = np.where(found.is_open, taken, np.nan)
    return pd.DataFrame(
        {
            "space_id": np.repeat(_of(spaces["space_id"]), len(uses)),
            "use": np.tile(np.array([use.use for use in uses], dtype=object), len(spaces)),
            "fits": found.fits.ravel(),
            "reason": found.reason.ravel(),
            "area_m2": taken.ravel(),
            "green_m2": (taken * _figures(uses, "green_share")).ravel(),
            "cost_wan": (taken * _figures(uses, "cost_wan_per_m2")).ravel(),
        }
    )


def _needs_building(uses: Sequence[Use]) -> Flags:
    return np.array([use.needs_building for use in uses], dtype=bool)


def _is_cropping(uses: Sequence[Use]) -> Flags:
    return np.array([use.is_cropping and use.use == CROPPING for use in uses], dtype=bool)


def _is_protected(spaces: gpd.GeoDataFrame) -> Flags:
    """Say where any permanent basic farmland lies, by its area or by the controls hit."""
    told = [not names.isdisjoint({FARMLAND, _FARMLAND_LAYER}) for names in _named(spaces)]
    is_protected: Flags = (_measures(spaces, "protected_m2") > 0) | np.array(told, dtype=bool)
    return is_protected


def _is_hit(spaces: gpd.GeoDataFrame, control: Control) -> Flags:
    if control.manager is not None:
        return np.asarray(spaces["bridge_manager"] == control.manager, dtype=bool)
    names = {control.control, control.layer}
    return np.array([not told.isdisjoint(names) for told in _named(spaces)], dtype=bool)


def _named(spaces: gpd.GeoDataFrame) -> list[set[str]]:
    """List the controls that each space names, joined by ``;``, each alone or as ``key=value``."""
    return [
        {part.partition("=")[0].strip() for part in told.split(";")} - {""}
        for told in _of(spaces["controls"])
    ]


def _allows(values: pd.Series, allowed: Sequence[tuple[str, ...]]) -> Flags:
    by_use = [values.isin(names).to_numpy(dtype=bool) for names in allowed]
    return np.array(by_use, dtype=bool).reshape(len(allowed), len(values)).T


def _column(values: pd.Series | Flags | Numbers) -> NDArray[Any]:
    """Stand values of spaces beside those of uses."""
    return np.asarray(values)[:, None]


def _measures(spaces: gpd.GeoDataFrame, name: str) -> Numbers:
    return np.asarray(spaces[name].to_numpy(dtype=float, na_value=np.nan))


def _of(values: pd.Series) -> Texts:
    return values.to_numpy(dtype=object)


def _figures(uses: Sequence[Use], name: str) -> Numbers:
    return np.array([getattr(use.figures, name).value for use in uses], dtype=float)


def _numbers(values: Iterable[float]) -> Texts:
    """Write numbers to the centimetre, rounded down: what falls short is not written as enough."""
    down = np.floor(np.fromiter(values, dtype=float) * 100 + 1e-6) / 100
    return np.array(
        ["" if np.isnan(value) else f"{value:.2f}".rstrip("0").rstrip(".") for value in down], dtype=object
    )
