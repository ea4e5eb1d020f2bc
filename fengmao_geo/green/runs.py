"""Pieces of banks in sequence: chains along each closed line, and short runs within a chain."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Flags = NDArray[np.bool_]

__all__ = ["before", "in_chains", "rolled", "short_runs"]


def in_chains(ring: Indices, *, is_bank: Flags, is_deck: Flags) -> tuple[Indices, Indices, Flags]:
    """Put the pieces of banks in chains: parts of a closed line between pieces that are no bank.

    Decks above a bank are left out, but do not end a chain.

    Parameters
    ----------
    ring
        The closed line of each piece, ascending, shape ``(n,)``.
    is_bank, is_deck
        Which pieces are banks, and which lie under a deck, shape ``(n,)``.

    Returns
    -------
    tuple of arrays
        The pieces that are left, in order; the chain of each, ascending; and for each chain whether it is a
        whole closed line.

    Examples
    --------
    >>> is_bank = np.array([True, False, True, True])
    >>> order, chain, is_closed = in_chains(np.zeros(4, dtype=int), is_bank=is_bank, is_deck=~is_bank & False)
    >>> order.tolist(), chain.tolist(), is_closed.tolist()
    ([2, 3, 0], [0, 0, 0], [False])
    """
    is_out = ~is_bank & ~is_deck
    starts = np.append(np.flatnonzero(np.diff(ring, prepend=-1)), len(ring)).astype(np.intp)
    pieces, ends_chain = [np.zeros(0, dtype=np.intp)], [np.zeros(0, dtype=bool)]
    closed = np.zeros(len(starts), dtype=bool)
    for at, (start, end) in enumerate(pairwise(starts)):
        here = np.arange(start, end)
        for stops in (is_out[here], is_deck[here]):
            if stops.any():
                here = np.roll(here, -int(np.flatnonzero(stops)[0]) - 1)
                break
        closed[at] = not is_out[here].any()
        pieces.append(here)
        ends_chain.append(np.append(True, is_out[here[:-1]] & ~is_out[here[1:]]))
    order, number = np.concatenate(pieces), np.cumsum(np.concatenate(ends_chain)) - 1
    of_ring = np.searchsorted(starts, order, side="right") - 1
    keep = is_bank[order] & ~is_deck[order]
    names, first, chain = np.unique(number[keep], return_index=True, return_inverse=True)
    return order[keep], chain.astype(np.intp), closed[of_ring[keep][first]] if len(names) else closed[:0]


def short_runs(
    holds: Flags, chain: Indices, length_m: Numbers, *, is_closed: Flags, limit_m: float
) -> Indices:
    """Find runs where something does not hold, shorter than a limit, between two where it does.

    Parameters
    ----------
    holds
        For which pieces it holds, shape ``(n,)``.
    chain
        The chain of each, ascending, shape ``(n,)``.
    length_m
        Their lengths, shape ``(n,)``.
    is_closed
        For each chain whether it is a whole closed line.
    limit_m
        The limit.

    Returns
    -------
    array of int, shape ``(n,)``
        The number of the short run each piece is in, -1 for none.

    Examples
    --------
    >>> holds = np.array([False, True, False, True])
    >>> short_runs(holds, np.zeros(4, dtype=int), np.ones(4), is_closed=np.array([False]), limit_m=2).tolist()
    [-1, -1, 2, -1]
    """
    if not len(chain):
        return np.zeros(0, dtype=np.intp)
    is_new = np.append(True, (chain[1:] != chain[:-1]) | (holds[1:] != holds[:-1]))
    run = np.cumsum(is_new) - 1
    run_chain, run_holds = chain[is_new], holds[is_new]
    first = np.flatnonzero(np.diff(run_chain, prepend=-1))
    last = np.append(first[1:], len(run_chain)) - 1
    closed = is_closed[run_chain[first]] & (last > first)
    # On a closed line the last run goes on in the first.
    same = np.arange(len(run_chain))
    joins = closed & (run_holds[first] == run_holds[last])
    same[last[joins]] = first[joins]
    run = same[run]
    length = np.bincount(run, weights=length_m, minlength=len(run_chain))
    is_end = np.zeros(len(run_chain), dtype=bool)
    is_end[first[~closed]] = is_end[last[~closed]] = True
    is_short = ~run_holds & (length < limit_m) & ~is_end
    return np.where(is_short[run], run, -1).astype(np.intp)


def before(run: Indices, chain: Indices) -> Indices:
    """Say which piece of its chain stands before each run.

    Parameters
    ----------
    run
        The run of each piece, -1 for those in none, of which each chain has some, shape ``(n,)``.
    chain
        The chain of each piece, ascending, shape ``(n,)``.

    Returns
    -------
    array of int, shape ``(n,)``
        The last piece in no run; where the chain begins with a run, the first after it.

    Examples
    --------
    >>> before(np.array([-1, 3, 3, -1]), np.zeros(4, dtype=int)).tolist()
    [0, 0, 0, 3]
    >>> before(np.array([-1, 1, -1]), np.array([0, 1, 1])).tolist()
    [0, 2, 2]
    """
    free = np.flatnonzero(run < 0)
    if not len(free):
        return np.arange(len(run))
    after = np.searchsorted(free, np.arange(len(run)), side="right")
    last = free[np.maximum(after - 1, 0)]
    is_other = chain[last] != chain
    last[is_other] = free[np.minimum(after[is_other], len(free) - 1)]
    return np.asarray(last)


def rolled(chain: Indices, state: Indices, *, can_roll: Flags) -> Indices:
    """Begin closed lines where the state changes, so that no stretch is cut where the line happens to begin.

    Parameters
    ----------
    chain
        The chain of each piece, ascending, shape ``(n,)``.
    state
        Its state, shape ``(n,)``.
    can_roll
        Which chains are closed lines without an opening.

    Returns
    -------
    array of int, shape ``(n,)``
        The order of the pieces.

    Examples
    --------
    >>> rolled(np.zeros(3, dtype=int), np.array([1, 2, 1]), can_roll=np.array([True])).tolist()
    [1, 2, 0]
    """
    order = np.arange(len(chain))
    starts = np.append(np.flatnonzero(np.diff(chain, prepend=-1)), len(chain))
    for at in np.flatnonzero(can_roll):
        here = order[starts[at] : starts[at + 1]]
        changes = np.flatnonzero(state[here] != np.roll(state[here], 1))
        if len(changes):
            order[starts[at] : starts[at + 1]] = np.roll(here, -changes[0])
    return order
