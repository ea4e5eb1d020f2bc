"""GCJ-02 and BD-09: the shifted degrees of Chinese web maps, forward and exactly back.

The formula is the community's, not an official one: good for places to about a metre, not for parcels. The
inverse is of the formula, to less than a micrometre, which makes the formula no better.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Degrees = NDArray[np.float64]

__all__ = ["GCJ_BOX", "bd09_to_gcj02", "gcj02_to_bd09", "gcj02_to_wgs84", "wgs84_to_gcj02"]

#: Semi-major axis (m) and squared eccentricity of the Krasovsky ellipsoid the formula uses.
_A_M = 6_378_245.0
_EE = 0.00669342162296594323

#: Where the shift applies: west, south, east, north.
GCJ_BOX = (72.004, 0.8293, 137.8347, 55.8271)
_BD_PI = np.pi * 3000.0 / 180.0

#: The inverse stops when a round moves no point by more than this, a tenth of a micrometre.
_TOLERANCE_DEG = 1e-12
_MAX_ROUNDS = 50

#: No shift is larger than this, and a place found within a tenth of a millimetre of the edge lies on it.
_REACH_DEG = 0.1
_EDGE_DEG = 1e-9


def wgs84_to_gcj02(lonlat: Degrees) -> Degrees:
    """Shift WGS84 degrees to GCJ-02 (Gaode, Tencent); outside China they stay.

    The formula is unofficial and good to about 1 m.

    Parameters
    ----------
    lonlat
        Longitude and latitude, shape (n, 2).

    Returns
    -------
    ndarray
        GCJ-02 longitude and latitude, shape (n, 2).

    Examples
    --------
    >>> wgs84_to_gcj02(np.array([[120.7555, 30.7467]])).round(6).tolist()
    [[120.759819, 30.7444]]
    >>> wgs84_to_gcj02(np.empty((0, 2))).shape
    (0, 2)
    """
    return np.where(_is_in_china(lonlat)[:, None], _everywhere(lonlat), lonlat)


def _is_in_china(lonlat: Degrees, *, margin_deg: float = 0.0) -> NDArray[np.bool_]:
    low, high = np.array(GCJ_BOX[:2]) - margin_deg, np.array(GCJ_BOX[2:]) + margin_deg
    return np.asarray(((lonlat >= low) & (lonlat <= high)).all(axis=1))


def _everywhere(lonlat: Degrees) -> Degrees:
    """Apply the formula wherever a place is."""
    lon, lat = lonlat[:, 0], lonlat[:, 1]
    x, y = lon - 105.0, lat - 35.0
    root = 0.2 * np.sqrt(np.abs(x))
    wave = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.5 * root + wave
    east += (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + root + wave
    north += (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    sine, cosine = np.sin(np.radians(lat)), np.cos(np.radians(lat))
    curve = 1.0 - _EE * sine * sine
    shift = np.column_stack(
        [
            np.degrees(east * np.sqrt(curve) / (_A_M * cosine)),
            np.degrees(north * curve * np.sqrt(curve) / (_A_M * (1.0 - _EE))),
        ]
    )
    return np.asarray(lonlat + shift)


def gcj02_to_wgs84(lonlat: Degrees) -> Degrees:
    """Shift GCJ-02 degrees back to WGS84, to a micrometre of the forward formula, itself good to about 1 m.

    The forward formula breaks off at the edge of a box around China, so that just outside one pair of degrees
    can be of two places; the one inside is given.

    Parameters
    ----------
    lonlat
        GCJ-02 longitude and latitude, shape (n, 2).

    Returns
    -------
    ndarray
        WGS84 longitude and latitude, shape (n, 2).

    Examples
    --------
    >>> gcj02_to_wgs84(np.array([[120.75981949746023, 30.744400295398297]])).round(9).tolist()
    [[120.7555, 30.7467]]
    """
    result = np.array(lonlat, dtype=float)
    near = _is_in_china(result, margin_deg=_REACH_DEG)
    inside = _inverse(_everywhere, result[near])
    result[near] = np.where(_is_in_china(inside, margin_deg=_EDGE_DEG)[:, None], inside, result[near])
    return result


def gcj02_to_bd09(lonlat: Degrees) -> Degrees:
    """Shift GCJ-02 degrees to BD-09 (Baidu), by an unofficial formula.

    Parameters
    ----------
    lonlat
        GCJ-02 longitude and latitude, shape (n, 2).

    Returns
    -------
    ndarray
        BD-09 longitude and latitude, shape (n, 2).

    Examples
    --------
    >>> gcj02_to_bd09(np.array([[120.75981949746023, 30.744400295398297]])).round(6).tolist()
    [[120.766383, 30.750227]]
    """
    x, y = lonlat[:, 0], lonlat[:, 1]
    radius = np.hypot(x, y) + 0.00002 * np.sin(y * _BD_PI)
    angle = np.arctan2(y, x) + 0.000003 * np.cos(x * _BD_PI)
    return np.column_stack([radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006])


def bd09_to_gcj02(lonlat: Degrees) -> Degrees:
    """Shift BD-09 degrees back to GCJ-02, to a micrometre of the forward formula, which is unofficial.

    Parameters
    ----------
    lonlat
        BD-09 longitude and latitude, shape (n, 2).

    Returns
    -------
    ndarray
        GCJ-02 longitude and latitude, shape (n, 2).

    Examples
    --------
    >>> bd09_to_gcj02(np.array([[120.76638341156534, 30.75022685270838]])).round(6).tolist()
    [[120.759819, 30.7444]]
    """
    return _inverse(gcj02_to_bd09, lonlat)


def _inverse(forward: Callable[[Degrees], Degrees], target: Degrees) -> Degrees:
    """Solve ``forward(x) = target`` by fixed-point rounds; one round errs by up to five metres."""
    guess = target
    for _ in range(_MAX_ROUNDS):
        miss = target - forward(guess)
        guess = guess + miss
        if not np.any(np.abs(miss) > _TOLERANCE_DEG):
            break
    return guess
