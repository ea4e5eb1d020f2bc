"""Who lives where: households, people and their ages, 28,000 in all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shuixiang_maker.site import Building

PEOPLE = 28_000


@dataclass(frozen=True)
class Dwellers:
    """One kind of housing: floor area per household, people per household, and shares of its people."""

    household_m2: float
    household_people: float
    elderly: float
    infant: float
    preschool: float
    school_age: float
    newcomer: float


DWELLERS = {
    "old": Dwellers(150.0, 2.0, 0.42, 0.010, 0.016, 0.032, 0.30),
    "slab": Dwellers(112.0, 2.4, 0.28, 0.020, 0.028, 0.055, 0.22),
    "tower": Dwellers(150.0, 2.8, 0.12, 0.044, 0.050, 0.085, 0.15),
    "village": Dwellers(230.0, 3.6, 0.31, 0.018, 0.026, 0.048, 0.30),
    "hamlet": Dwellers(290.0, 3.1, 0.39, 0.012, 0.020, 0.040, 0.07),
    "shop": Dwellers(240.0, 2.6, 0.17, 0.030, 0.034, 0.065, 0.36),
    "dorm": Dwellers(42.0, 1.7, 0.006, 0.004, 0.004, 0.006, 0.93),
}


def shared_out(weights: NDArray[np.float64], total: int) -> NDArray[np.int64]:
    """Return whole numbers in proportion to the weights that add up to the total (largest remainders)."""
    exact = weights / weights.sum() * total
    whole = np.floor(exact).astype(np.int64)
    rest = int(total - whole.sum())
    whole[np.argsort(-(exact - whole), kind="stable")[:rest]] += 1
    return whole


def counts(buildings: list[Building], rng: np.random.Generator) -> pd.DataFrame:
    """Return household and people columns, one row per building, in the same order."""
    weights = np.zeros(len(buildings))
    homes = np.zeros(len(buildings))
    for number, building in enumerate(buildings):
        if building.dwelling:
            kind = DWELLERS[building.dwelling]
            floors = building.floor_count - (building.use == "mixed" and building.floor_count > 1)
            homes[number] = max(building.shape.area * floors / kind.household_m2, 1.0) * rng.uniform(
                0.85, 1.15
            )
            weights[number] = homes[number] * kind.household_people * rng.uniform(0.9, 1.1)
    people = shared_out(weights, PEOPLE)
    scale = PEOPLE / weights.sum()
    households = np.where(
        weights > 0, np.clip(np.round(homes * min(scale, 1.1)), 1, np.maximum(people, 1)), 0
    )
    return pd.DataFrame(
        {"household_count": households.astype(np.int64), "people": people, **_groups(buildings, people, rng)}
    )


def _groups(
    buildings: list[Building], people: NDArray[np.int64], rng: np.random.Generator
) -> dict[str, NDArray[np.int64]]:
    """Return how many of each building's people belong to each age group, and how many are newcomers."""
    groups = np.zeros((len(buildings), 5), dtype=np.int64)
    for number, building in enumerate(buildings):
        if people[number]:
            kind = DWELLERS[building.dwelling]
            shares = [kind.elderly, kind.infant, kind.preschool, kind.school_age]
            groups[number, :4] = rng.multinomial(people[number], [*shares, 1 - sum(shares)])[:4]
            groups[number, 4] = rng.binomial(people[number], kind.newcomer)
    names = ("elderly_people", "infant_people", "preschool_people", "school_age_people", "newcomer_people")
    return {name: groups[:, column] for column, name in enumerate(names)}
