"""Who gets a place where there are not places for all: as many as can be, and of those ways the shortest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from fengmao_geo.siting.problem import ROUNDING

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]

__all__ = ["share_room"]


def share_room(
    people: Numbers, room_people: Numbers, home: Indices, site: Indices, *, gain: Numbers, minutes: Numbers
) -> Numbers:
    """Assign people to places within reach so that most is gained; of those ways, that of the least walking.

    Parameters
    ----------
    people
        Of each home, shape ``(m,)``.
    room_people
        Of each site, shape ``(n,)``; it may be infinite.
    home, site
        Pairs within reach, shape ``(k,)``.
    gain
        What one of these people with a place there is worth, above 0, shape ``(k,)``.
    minutes
        How far it is, shape ``(k,)``.

    Returns
    -------
    array, shape ``(k,)``
        People of each pair.

    Examples
    --------
    Six people reach two places with room for four each, the first of them nearer:

    >>> pair = np.array([0, 0])
    >>> far = np.array([1.0, 2.0])
    >>> share_room(np.array([6.0]), np.array([4.0, 4.0]), pair, pair + [0, 1], gain=far * 0 + 1, minutes=far)
    array([4., 2.])
    """
    count = len(home)
    if not count:
        return np.zeros(0)
    room = np.minimum(room_people, people.sum())
    rows = np.concatenate([home, len(people) + site])
    shape = (len(people) + len(room), count)
    within = sparse.csr_array((np.ones(2 * count), (rows, np.tile(np.arange(count), 2))), shape=shape)
    bound = np.concatenate([people, room])
    gain = gain / gain.max()
    taken = _least(-gain, within, bound)
    if minutes.max() > minutes.min():
        # What is nearer is looked at only after what is gained, or the solver could not tell the two apart.
        within = sparse.vstack([within, sparse.csr_array(-gain[None, :])], format="csr")
        taken = _least(minutes / minutes.max(), within, np.append(bound, -gain @ taken))
    return np.where(taken > ROUNDING * people[home], np.minimum(taken, people[home]), 0.0)


def _least(price: Numbers, within: sparse.csr_array, bound: Numbers) -> Numbers:
    from scipy.optimize import linprog  # noqa: PLC0415  heavy

    found = linprog(price, A_ub=within, b_ub=bound, method="highs")  # type: ignore[call-overload]  # its stubs know no sparse arrays
    return np.asarray(found.x, dtype=float)
