"""Pictures of spaces: small, upright, without what a camera writes beside them; faults named all at once."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image
from space_rows import space_results

import fengmao_geo as fg
from fengmao_geo.errors import UsageError
from fengmao_geo.export.photos import space_photos

IDS = ["s1", "s2"]


def opened(address: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))


def test_a_picture_is_shrunk_and_keeps_its_shape(tmp_path):
    Image.new("RGB", (4000, 3000), (200, 30, 30)).save(tmp_path / "s1.JPG", "JPEG")
    picture = opened(space_photos(tmp_path, spaces=IDS)["s1"])
    assert (picture.format, picture.size) == ("JPEG", (480, 360))


def test_the_place_and_the_camera_are_left_out(tmp_path):
    exif = Image.Exif()
    exif[0x010F] = "SECRET CAMERA"
    exif[0x0112] = 6  # the camera was held on its side
    Image.new("RGB", (300, 200)).save(tmp_path / "s1.jpg", exif=exif)
    picture = opened(space_photos(tmp_path, spaces=IDS)["s1"])
    assert picture.size == (200, 300)
    assert dict(picture.getexif()) == {}


def test_a_picture_with_transparency_is_read(tmp_path):
    Image.fromarray(np.zeros((10, 20, 4), dtype=np.uint8)).save(tmp_path / "s2.png")
    assert opened(space_photos(tmp_path, spaces=IDS)["s2"]).size == (20, 10)


def test_other_files_are_no_pictures(tmp_path):
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    assert space_photos(tmp_path, spaces=IDS) == {}


def test_every_picture_that_names_no_space_is_told(tmp_path):
    for name in ("x9.jpg", "y8.png"):
        Image.new("RGB", (8, 8)).save(tmp_path / name)
    with pytest.raises(UsageError, match=r"x9.jpg, y8.png"):
        space_photos(tmp_path, spaces=IDS)


def test_every_picture_that_cannot_be_read_is_told(tmp_path):
    (tmp_path / "s1.jpg").write_bytes(b"\xff\xd8\xff no picture")
    (tmp_path / "s2.png").write_bytes(b"")
    with pytest.raises(UsageError, match=r"s1.jpg, s2.png"):
        space_photos(tmp_path, spaces=IDS)


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(UsageError, match="none"):
        space_photos(tmp_path / "none", spaces=IDS)


def test_the_card_shows_the_picture_and_what_each_use_costs(tmp_path, show):
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (640, 480), (20, 120, 40)).save(tmp_path / "photos" / "s1.jpg")
    page = fg.write_block_maps(space_results(), folder=tmp_path, photos=tmp_path / "photos")[0]
    shown = show(page)
    at = "fengmao.homeShapes[0].getBounds().getCenter()"
    shown.page.evaluate(f"fengmao.openSpace(fengmao.map, fengmao.spaceItems[0], {at})")
    assert shown.page.evaluate("document.querySelector('.pop-photo').naturalWidth") == 480
    assert "万元" in shown.page.locator(".leaflet-popup").last.inner_text()
    assert (shown.requests, shown.complaints) == ([], [])
    shown.page.evaluate(f"fengmao.openSpace(fengmao.map, fengmao.spaceItems[1], {at})")
    assert shown.page.locator(".leaflet-popup").last.locator(".pop-photo").count() == 0
