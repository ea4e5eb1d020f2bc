"""Pictures of a scene as a satellite and a laser scanner take them: mixed pixels, light, clouds, noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from shuixiang_maker import scene as scenes
from shuixiang_maker.brush import BANDS, IS_PLANTS
from shuixiang_maker.canvas import CELL_M, HEIGHT_M, PIXEL_M, Bytes, Floats, Grid, mean, smooth

if TYPE_CHECKING:
    from collections.abc import Collection

    import pandas as pd
    from numpy.typing import NDArray

    from shuixiang_maker.scene import Scene, Summer

#: Light differs over a picture by this share, the same in all bands, and per band by this much.
LIGHT_SHARE = 0.06
BAND_SHARE = 0.004
#: How much brighter or darker near infrared plants are in one summer, patch by patch.
VIGOUR_SHARE = 0.015
TEXTURE_SHARE = 0.03
SHIMMER_SHARE = 0.012
NOISE = 0.0015
CLOUD = np.array([0.56, 0.57, 0.575, 0.60], dtype=np.float32)
CLOUD_SHADE = 0.45
CLOUD_EDGE_PIXELS = 3.0
#: Reflectance is stored in ten thousandths, in steps of ten.
STEP = 10
SCALE = 10_000
HEIGHT_NOISE_DM = 2.0
NO_HEIGHT = 255


@dataclass(frozen=True)
class Pictures:
    """Imagery (band, row, column) every 4 m, canopy heights every 2 m, and what is true of them."""

    grid: Grid
    imagery_before: NDArray[np.uint16]
    imagery_after: NDArray[np.uint16]
    canopy_height_before: Bytes
    canopy_height_after: Bytes
    truth: pd.DataFrame


def draw(scene: Scene, seed: int, *, carried_out: Collection[str] | None = None) -> Pictures:
    """Return pictures of a scene in the light and noise of a seed.

    `carried_out` names the projects and losses that happened between the summers; all of them if None.
    """
    rng = np.random.default_rng([seed, 5])
    after = scene.second_summer(carried_out)
    texture = 1 + TEXTURE_SHARE * _normal(scene, np.random.default_rng([scene.seed, 6]))
    images = [_image(scene, summer, texture, rng) for summer in (scene.before, after)]
    _cloud(scene, images[1])
    return Pictures(
        scene.grid,
        *[_stored(image, rng) for image in images],
        *[_heights(summer.top, rng) for summer in (scene.before, after)],
        truth=scenes.truth(scene, carried_out),
    )


def _normal(scene: Scene, rng: np.random.Generator) -> Floats:
    return rng.standard_normal((scene.grid.rows, scene.grid.columns), dtype=np.float32)


def _image(scene: Scene, summer: Summer, texture: Floats, rng: np.random.Generator) -> Floats:
    """Return the reflectance of four bands: the mean of what lies in each pixel, in this summer's light."""
    size = (scene.grid.rows, scene.grid.columns)
    tone = scene.tone.astype(np.float32) / 100
    light = 1 + LIGHT_SHARE * (2 * smooth(size, 150, rng) - 1)
    light *= texture * (1 + SHIMMER_SHARE * _normal(scene, rng))
    plants = mean(IS_PLANTS[summer.cover].astype(np.float32), PIXEL_M // CELL_M)
    vigour = 1 + VIGOUR_SHARE * (2 * smooth(size, 30, rng) - 1) * plants
    bands = []
    for band in range(BANDS.shape[1]):
        seen = mean(BANDS[summer.cover, band] * tone, PIXEL_M // CELL_M)
        own = 1 + BAND_SHARE * float(rng.uniform(-1, 1))
        bands.append(seen * light * own * (vigour if band == BANDS.shape[1] - 1 else 1))
    return np.stack(bands)


def _cloud(scene: Scene, image: Floats) -> None:
    """Lay the clouds and their shadows over an image; both fade towards the edges of their outlines."""
    factor = PIXEL_M // CELL_M
    white, shade = (_faded(mean(cells.astype(np.float32), factor)) for cells in scene.clouds)
    image *= 1 - (1 - CLOUD_SHADE) * shade
    image += (CLOUD[:, None, None] - image) * white


def _faded(share: Floats) -> Floats:
    """Return how thick a cloud is: nothing outside its outline, all of it some pixels inside."""
    inside = (share > 0.999).astype(np.float32)
    return np.asarray(
        np.clip(2 * ndimage.gaussian_filter(inside, CLOUD_EDGE_PIXELS) - 1, 0, 1) * inside, dtype=np.float32
    )


def _stored(image: Floats, rng: np.random.Generator) -> NDArray[np.uint16]:
    """Return reflectance with the sensor's noise as whole numbers; 0 is kept for nodata."""
    noisy = image + NOISE * rng.standard_normal(image.shape, dtype=np.float32)
    return (np.maximum(np.round(noisy * (SCALE / STEP)), 1) * STEP).astype(np.uint16)


def _heights(top: Bytes, rng: np.random.Generator) -> Bytes:
    """Return canopy heights in decimetres: one return of the laser in every pixel, so that areas are true."""
    height = top[:: HEIGHT_M // CELL_M, :: HEIGHT_M // CELL_M].astype(np.float32)
    noisy = np.round(height + HEIGHT_NOISE_DM * rng.standard_normal(height.shape, dtype=np.float32))
    return np.where(height > 0, np.clip(noisy, 1, NO_HEIGHT - 1), 0).astype(np.uint8)
