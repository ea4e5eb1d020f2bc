"""How NDVI of two dates becomes vegetation cover on one scale, from soil, plants and unchanged ground."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fengmao_geo.findings import Finding
from fengmao_geo.green.unchanged import Line, Noise, is_near, line_between, noise_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fengmao_geo.green.pixels import Images
    from fengmao_geo.standards.green import GreenStandard

    Values = NDArray[np.floating]
    Flags = NDArray[np.bool_]

__all__ = ["CoverScale", "cover_scale"]


class CoverScale(NamedTuple):
    """How NDVI of both dates becomes vegetation cover, and how far unchanged ground scatters.

    ``skew`` is how much of the gross gain of a cell is noise, which adds up where gains alone are summed;
    ``choice`` is the share by which gains might as well be larger or smaller, had soil and plants been taken
    at other percentiles.
    """

    soil: float
    plant: float
    lines: tuple[Line, ...]
    ndvi_noise: Noise | None
    cover_noise: Noise | None
    skew: float = 0.0
    choice: float = 0.0

    def ndvi(self, values: tuple[Values, ...]) -> tuple[Values, ...]:
        """Bring both dates' NDVI to that of the date kept."""
        return tuple(line.applied(one) for line, one in zip(self.lines, values, strict=True))

    def cover(self, ndvi: Values) -> Values:
        """Work out vegetation cover, 0 to 1."""
        kind = ndvi.dtype.type
        return np.clip((ndvi - kind(self.soil)) / kind(self.plant - self.soil), kind(0), kind(1))


class _Sampled(NamedTuple):
    """Pieces of both dates' NDVI, and where they are built-up and unchanged by the user's layer."""

    values: list[tuple[Values, ...]]
    is_built: list[Flags]
    is_same: list[Flags] | None

    def pixels(self, masks: list[Flags]) -> list[Values]:
        """Give the values of both dates at the pixels of masks that have values."""
        kept = [mask & ~np.isnan(piece[0]) for piece, mask in zip(self.values, masks, strict=True)]
        dates = range(len(self.values[0])) if self.values else ()
        return [
            np.concatenate([piece[at][keep] for piece, keep in zip(self.values, kept, strict=True)])
            for at in dates
        ]


def cover_scale(images: Images, standard: GreenStandard, *, at: int) -> tuple[CoverScale, list[Finding]]:
    """Find soil and plants, the line that brings one date to the other, and the noise.

    Parameters
    ----------
    images
        NDVI of one or two dates.
    standard
        What is measured.
    at
        Which of the dates is kept as it is: 0 or 1.

    Returns
    -------
    scale : CoverScale
        The scale.
    findings : list of Finding
        What was done to the other date, and what could not be known.
    """
    pieces = list(images.samples())
    sampled = _Sampled(
        [seen.dates for seen, _, _ in pieces],
        [is_built for _, is_built, _ in pieces],
        None
        if "unchanged_ground" not in images.layers
        else [same for *_, same in pieces if same is not None],
    )
    built = sampled.pixels(sampled.is_built)
    soil, plant, choice, found = _end_members(built[at] if built else np.zeros(0), standard)
    scale = CoverScale(soil, plant, (Line(),) * len(images.readers), None, None, choice=choice)
    if len(images.readers) < 2 or not built:
        return scale, found
    ground, basis = sampled.is_built, "robust"
    if sampled.is_same is not None:
        given = sampled.pixels(sampled.is_same)
        if len(given[0]) >= standard.figure("unchanged_min_count"):
            ground, basis, built = sampled.is_same, "layer", given
        else:
            found.append(
                Finding("unchanged_ground_small", "unchanged_ground", values={"count": len(given[0])})
            )
    if len(built[0]) < standard.figure("unchanged_min_count"):
        return scale, [
            *found,
            Finding("image_noise_unknown", "imagery_after", values={"count": len(built[0])}),
        ]
    line, is_on = line_between(built[at], built[1 - at], least_r2_share=standard.figure("line_r2_share"))
    lines = (Line(), line) if at == 0 else (line, Line())
    if line != Line():
        shown = {"slope": f"{line.slope:.3f}", "shift": f"{line.shift:+.3f}", "share": f"{is_on.mean():.0%}"}
        name = ("imagery_before", "imagery_after")[1 - at]
        found.append(Finding(f"image_normalised_{basis}", name, values=shown))
    return _with_noise(scale._replace(lines=lines), sampled, ground, standard), found


def _end_members(ndvi: Values, standard: GreenStandard) -> tuple[float, float, float, list[Finding]]:
    """Take soil and plant of the histogram, or fixed ones where it does not hold both, and what that does."""
    percentiles = [standard.figure("soil_percentile"), standard.figure("plant_percentile")]
    for name in ("end_wide_percentile", "end_narrow_percentile"):
        percentiles += [standard.figure(name), 100 - standard.figure(name)]
    if len(ndvi):
        low, high = np.percentile(ndvi.astype(float), percentiles).reshape(-1, 2).T
        span = high - low
        if span[0] >= standard.figure("end_span_ndvi"):
            # Gains go with one over the span; one that vanishes tells nothing.
            choice = np.abs(span[0] / np.maximum(span[1:], standard.figure("end_span_ndvi")) - 1).max()
            return float(low[0]), float(high[0]), float(choice), []
    soil, plant = standard.figure("soil_ndvi"), standard.figure("plant_ndvi")
    return soil, plant, 0.0, [Finding("image_flat", "imagery_before", values={"soil": soil, "plant": plant})]


def _with_noise(
    scale: CoverScale, sampled: _Sampled, ground: list[Flags], standard: GreenStandard
) -> CoverScale:
    """Measure the noise of unchanged ground, of NDVI and of vegetation cover."""
    ndvi = [scale.ndvi(piece) for piece in sampled.values]
    away = [
        np.where(mask, later - earlier, np.nan) for (earlier, later), mask in zip(ndvi, ground, strict=True)
    ]
    if ground is sampled.is_built and away:
        # Ground that changed is no noise.
        near = is_near(np.concatenate([piece.ravel() for piece in away]))
        parts = np.split(near, np.cumsum([piece.size for piece in away])[:-1])
        away = [
            np.where(part.reshape(piece.shape), piece, np.nan)
            for piece, part in zip(away, parts, strict=True)
        ]
    cover = [
        np.where(np.isnan(piece), np.nan, scale.cover(later) - scale.cover(earlier))
        for (earlier, later), piece in zip(ndvi, away, strict=True)
    ]
    scale = scale._replace(ndvi_noise=noise_of(away), cover_noise=noise_of(cover))
    if scale.cover_noise is None:
        return scale
    limit = standard.figure("noise_multiple") * scale.cover_noise.pixel_spread
    known = np.concatenate([piece[~np.isnan(piece)] for piece in cover])
    return scale._replace(skew=float(np.where(np.abs(known) > limit, np.abs(known), 0).mean() / 2))
