"""What unchanged ground tells of two dates: the line between their values, and how far they scatter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Values = NDArray[np.floating]
    Flags = NDArray[np.bool_]

__all__ = ["Line", "Noise", "is_near", "line_between", "noise_of"]

# Tukey's biweight gives no weight beyond so many standard deviations; one is 1.4826 median deviations.
_BIWEIGHT = 4.685
_MAD = 1.4826
# Differences below this are the rounding of single precision.
_ROUNDING = 1e-6
# More pixels than this do not move the line.
_FIT_COUNT = 200_000
_ROUNDS = 60
# Means of blocks with sides of so many pixels are compared, where there are at least so many blocks.
_SIDES = (1, 2, 4, 8, 16, 32)
_BLOCKS = 12


class Line(NamedTuple):
    """Brings values of one date to those of the other: ``slope · value + shift``."""

    slope: float = 1.0
    shift: float = 0.0

    def applied(self, values: Values) -> Values:
        """Bring values over; those of a line that changes nothing are given back."""
        if self == (1.0, 0.0):
            return values
        return values * values.dtype.type(self.slope) + values.dtype.type(self.shift)


@dataclass(frozen=True)
class Noise:
    """How the mean difference of unchanged ground scatters, by how many pixels it is the mean of.

    Parameters
    ----------
    pixels
        Numbers of pixels, ascending.
    variances
        Mean square of the mean difference of so many pixels.
    decay
        With which power of the number of pixels it falls beyond the largest: 1 where pixels scatter
        independently of each other, 0 where all err together.
    ground_pixels
        How many pixels of unchanged ground there are, on which zero itself was set.
    """

    pixels: tuple[float, ...]
    variances: tuple[float, ...]
    decay: float
    ground_pixels: float

    @property
    def pixel_spread(self) -> float:
        """Standard deviation of the difference of one pixel."""
        return float(np.sqrt(self.variances[0]))

    def spread(self, pixels: Numbers) -> Numbers:
        """Give the standard error of mean differences, that of where zero lies included.

        Parameters
        ----------
        pixels
            Of how many pixels each is the mean.

        Returns
        -------
        array
            Standard errors; NaN for no pixels.
        """
        own = self._variance(np.asarray(pixels, dtype=float))
        return np.sqrt(own + self._variance(np.array(self.ground_pixels)))

    def _variance(self, pixels: Numbers) -> Numbers:
        if not self.variances[0]:
            return np.where(pixels > 0, 0.0, np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            at = np.log(np.where(pixels > 0, np.maximum(pixels, 1.0), np.nan))
        known = np.log(np.maximum(self.variances, 1e-30))
        beyond = np.maximum(at - np.log(self.pixels[-1]), 0.0)
        return np.asarray(np.exp(np.interp(at, np.log(self.pixels), known) - self.decay * beyond))


def line_between(reference: Values, other: Values, *, least_r2_share: float) -> tuple[Line, Flags]:
    """Find the line on which most pixels of two dates lie, and which pixels lie on it.

    Orthogonal regression, re-weighted until it settles: pixels that changed lie far from the line of those
    that did not and lose their weight (Tukey's biweight). Two starts are tried, equal slopes and equal
    spreads; the line that most pixels lie closer to is taken. It holds as long as more than half of the
    pixels did not change, and it takes for noise what became greener everywhere alike.

    Parameters
    ----------
    reference, other
        Values of the same pixels at both dates, shape ``(n,)``; none NaN.
    least_r2_share
        Where the values of unchanged pixels explain each other less than this, their slope is left at 1.

    Returns
    -------
    line : Line
        Brings the other date's values to the reference's.
    is_on : array of bool, shape ``(n,)``
        Pixels that lie on it within their scatter.

    Examples
    --------
    >>> seen = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.2])
    >>> later = np.array([0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
    >>> line, is_on = line_between(seen, later, least_r2_share=0.5)
    >>> line, is_on.tolist()
    (Line(slope=1.0, shift=-0.1), [True, True, True, True, True, True, False])
    """
    step = max(len(reference) // _FIT_COUNT, 1)
    y, x = (np.asarray(values[::step], dtype=float) for values in (reference, other))
    spread_y, spread_x = (np.subtract(*np.percentile(values, [75, 25])) for values in (y, x))
    starts = [1.0, spread_y / spread_x] if spread_x > 0 and spread_y > 0 else [1.0]
    found = [_settled(x, y, slope, least_r2_share) for slope in starts]
    slope, shift, scale = min(found, key=lambda one: one[2])
    line = Line(round(slope, 9), round(shift, 9))
    away = np.abs(reference - line.slope * other - line.shift) / np.hypot(1.0, line.slope)
    return line, away <= max(_BIWEIGHT * scale, _ROUNDING)


def is_near(differences: Values) -> Flags:
    """Say which differences are no further from zero than scatter around it reaches.

    Parameters
    ----------
    differences
        Differences, some of them of ground that changed; NaN is far.

    Returns
    -------
    array of bool
        Whether each is within the biweight's reach of the median deviation.

    Examples
    --------
    >>> is_near(np.array([0.1, -0.1, 0.05, 0.2, 3.0])).tolist()
    [True, True, True, True, False]
    """
    away = np.abs(differences)
    scale = _MAD * float(np.nanmedian(away)) if not np.isnan(away).all() else 0.0
    return np.asarray(away <= max(_BIWEIGHT * scale, _ROUNDING))


def _settled(x: Numbers, y: Numbers, slope: float, least_r2_share: float) -> tuple[float, float, float]:
    """Re-weight a line until it settles: slope, shift, and the scatter around it."""
    shift = float(np.median(y - slope * x))
    for _ in range(_ROUNDS):
        away = (y - slope * x - shift) / np.hypot(1.0, slope)
        scale = _MAD * float(np.median(np.abs(away)))
        limit = max(_BIWEIGHT * scale, _ROUNDING)
        weight = np.where(np.abs(away) < limit, (1 - (away / limit) ** 2) ** 2, 0.0)
        before = (slope, shift)
        slope, shift = _orthogonal(x, y, weight, least_r2_share)
        if max(abs(slope - before[0]), abs(shift - before[1])) < 1e-10:
            break
    away = (y - slope * x - shift) / np.hypot(1.0, slope)
    return slope, shift, _MAD * float(np.median(np.abs(away)))


def _orthogonal(x: Numbers, y: Numbers, weight: Numbers, least_r2_share: float) -> tuple[float, float]:
    total = weight.sum()
    mean_x, mean_y = (weight * x).sum() / total, (weight * y).sum() / total
    apart_x, apart_y = x - mean_x, y - mean_y
    xx, yy, xy = ((weight * one).sum() for one in (apart_x**2, apart_y**2, apart_x * apart_y))
    slope = 1.0
    if xy > 0 and xy**2 >= least_r2_share * xx * yy:
        slope = float((yy - xx + np.hypot(yy - xx, 2 * xy)) / (2 * xy))
    return slope, float(mean_y - slope * mean_x)


def noise_of(differences: Sequence[Values]) -> Noise | None:
    """Measure how mean differences of unchanged ground scatter, for blocks of growing size.

    Neighbouring pixels err together (haze, sun, a shift between the images), so that the mean of many pixels
    is less sure than independent pixels would make it. The mean square of block means is measured from 1 to
    32 pixels a side as far as there are a dozen blocks, and carried on beyond with the power by which it fell
    over the last three sizes. It is taken about zero, so that what all unchanged ground shows counts in full,
    and without blocks that lie far off, in which ground may have changed after all.

    Parameters
    ----------
    differences
        Differences in pieces of the image, each two-dimensional; NaN where ground changed or is unknown.

    Returns
    -------
    Noise or None
        The scatter; ``None`` where there are too few pixels to tell.
    """
    found = []
    for side in _SIDES:
        parts = [_block_means(piece, side) for piece in differences]
        means, counts = (np.concatenate([part[at] for part in parts]) for at in (0, 1))
        if len(means) < _BLOCKS:
            break
        found.append((float(counts.mean()), _mean_square(means), len(means)))
    if not found:
        return None
    pixels, variances, blocks = (tuple(column) for column in zip(*found, strict=True))
    return Noise(pixels, variances, _decay(found[-3:]), pixels[0] * blocks[0])


def _mean_square(means: Numbers) -> float:
    """Take the mean square without what lies far off, unless most is exactly zero."""
    kept = means[is_near(means)] if np.median(np.abs(means)) > 0 else means
    return float((kept**2).mean())


def _block_means(piece: Values, side: int) -> tuple[Numbers, Numbers]:
    """Take the means of square blocks of which at least half is known, and how many pixels each has."""
    rows, cols = piece.shape[0] // side, piece.shape[1] // side
    blocks = piece[: rows * side, : cols * side].reshape(rows, side, cols, side)
    is_known = ~np.isnan(blocks)
    count = is_known.sum(axis=(1, 3))
    total = np.where(is_known, blocks, 0.0).sum(axis=(1, 3), dtype=float)
    keep = count * 2 >= side * side
    return total[keep] / count[keep], count[keep].astype(float)


def _decay(sizes: list[tuple[float, float, int]]) -> float:
    """Fit the power with which variance falls, each size weighted by its number of blocks."""
    if len(sizes) < 2 or not all(variance for _, variance, _ in sizes):
        return 0.0
    pixels, variances, blocks = (np.array(column, dtype=float) for column in zip(*sizes, strict=True))
    slope = np.polyfit(np.log(pixels), np.log(variances), 1, w=np.sqrt(blocks))[0]
    return float(np.clip(-slope, 0.0, 1.0))
