"""The only unit conversions; every other figure is in the unit that its name ends with."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Amount = TypeVar("Amount", "float", "NDArray[np.float64]")

__all__ = ["hectares", "km_h_to_m_min", "mu", "per_mu"]

M2_PER_HECTARE = 10_000.0
M2_PER_KM2 = 1_000_000.0
M_PER_KM = 1_000.0
MU_PER_HECTARE = 15.0


def hectares(area_m2: float) -> float:
    """Convert square metres to hectares.

    Parameters
    ----------
    area_m2
        Square metres.

    Returns
    -------
    float
        Hectares.

    Examples
    --------
    >>> hectares(25_000)
    2.5
    """
    return area_m2 / M2_PER_HECTARE


def mu(area_m2: Amount) -> Amount:
    """Convert square metres to mu, of which fifteen make a hectare.

    Parameters
    ----------
    area_m2
        Square metres.

    Returns
    -------
    float
        Mu.

    Examples
    --------
    >>> round(mu(2_000), 9)
    3.0
    """
    return area_m2 * MU_PER_HECTARE / M2_PER_HECTARE


def per_mu(amount: Amount, area_m2: Amount) -> Amount:
    """Spread an amount over an area, per mu; arrays are taken too.

    Parameters
    ----------
    amount
        Of anything, such as 10,000 yuan.
    area_m2
        Square metres.

    Returns
    -------
    float or array
        The amount per mu.

    Examples
    --------
    >>> round(per_mu(30.0, 2_000), 9)
    10.0
    """
    return amount / mu(area_m2)


def km_h_to_m_min(speed_km_h: float) -> float:
    """Convert kilometres per hour to metres per minute.

    Parameters
    ----------
    speed_km_h
        Kilometres per hour.

    Returns
    -------
    float
        Metres per minute.

    Examples
    --------
    >>> km_h_to_m_min(3.6)
    60.0
    """
    return speed_km_h * 1_000.0 / 60.0
