"""One GeoPackage with everything of a town, its layers coloured and named as soon as QGIS opens it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pandas as pd

from fengmao_geo.export.files import write_whole
from fengmao_geo.export.geopackage import DATE, tables_file, told_as_os_error
from fengmao_geo.export.map_figures import about
from fengmao_geo.export.qgis_style import Shown, qml
from fengmao_geo.export.result_layers import HandedLayer, handed_layers
from fengmao_geo.messages import text

if TYPE_CHECKING:
    from fengmao_geo.messages import Lang
    from fengmao_geo.results import Results

__all__ = ["write_geopackage"]

_OWNER = "fengmao_geo"
_STYLES = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
  f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), update_time DATETIME);
"""
# Extensions of the standard of GeoPackages: what columns are called, and what the file is.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS gpkg_extensions (
  table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL,
  scope TEXT NOT NULL, CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
CREATE TABLE IF NOT EXISTS gpkg_data_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT,
  mime_type TEXT, constraint_name TEXT, CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),
  CONSTRAINT gdc_tn UNIQUE (table_name, name));
CREATE TABLE IF NOT EXISTS gpkg_data_column_constraints (
  constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL, value TEXT, min NUMERIC,
  min_is_inclusive BOOLEAN, max NUMERIC, max_is_inclusive BOOLEAN, description TEXT,
  CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value));
CREATE TABLE IF NOT EXISTS gpkg_metadata (
  id INTEGER CONSTRAINT m_pk PRIMARY KEY ASC NOT NULL, md_scope TEXT NOT NULL DEFAULT 'dataset',
  md_standard_uri TEXT NOT NULL, mime_type TEXT NOT NULL DEFAULT 'text/xml',
  metadata TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS gpkg_metadata_reference (
  reference_scope TEXT NOT NULL, table_name TEXT, column_name TEXT, row_id_value INTEGER,
  timestamp DATETIME NOT NULL, md_file_id INTEGER NOT NULL, md_parent_id INTEGER,
  CONSTRAINT crmr_mfi_fk FOREIGN KEY (md_file_id) REFERENCES gpkg_metadata(id),
  CONSTRAINT crmr_mpi_fk FOREIGN KEY (md_parent_id) REFERENCES gpkg_metadata(id));
"""
_EXTENSIONS = {
    "gpkg_schema": ("gpkg_data_columns", "gpkg_data_column_constraints"),
    "gpkg_metadata": ("gpkg_metadata", "gpkg_metadata_reference"),
}
_STANDARD = "http://www.geopackage.org/spec131/#extension_{name}"


def write_geopackage(results: Results, path: str | Path, *, lang: Lang = "zh") -> Path:
    """Write one GeoPackage with the layers of a town and of everything computed from it.

    Layers bear the names that planners use. QGIS shows them coloured, with names for their fields and for
    the values of known lists; other programs read the same names from ``gpkg_data_columns``. Columns keep the
    ids of ``fengmao columns``. Points, lines and areas of one layer stand apart. A table says what the data
    rest on, with the town's notice, which stands in the file's metadata and beside each layer too.

    Parameters
    ----------
    results
        The town and what was computed from it; a step that was not run has no layers.
    path
        Where to write; its folder must exist.
    lang
        The language of names: ``zh`` or ``en``.

    Returns
    -------
    Path
        Where it was written.

    Raises
    ------
    OSError
        If the folder or the file cannot be written, or the disk is full.
    """
    layers = [*handed_layers(results, lang=lang), _about(results, lang)]
    with TemporaryDirectory() as folder:
        made = tables_file({layer.title: layer.table for layer in layers}, Path(folder) / "made.gpkg")
        with told_as_os_error(made.name):
            _add_names(made, layers, results, lang)
        return write_whole(path, made.read_bytes())


def _about(results: Results, lang: Lang) -> HandedLayer:
    """Say what the data rest on: a table of items and what there is to say of each."""
    said = [
        [text("label.town", lang=lang), results.town.name],
        *about(results.town, results.circles, lang=lang),
    ]
    if results.town.settings.notice:
        said.insert(1, [text("geopackage.notice", lang=lang), results.town.settings.notice])
    table = pd.DataFrame(said, columns=["item", "said"])
    aliases = {"said": text("geopackage.said", lang=lang)}
    return HandedLayer("about", text("geopackage.layer.about", lang=lang), table, "", aliases)


def _add_names(file: Path, layers: list[HandedLayer], results: Results, lang: Lang) -> None:
    """Add styles, the names of columns and what the file is."""
    notice = results.town.settings.notice
    with closing(sqlite3.connect(file)) as base:
        base.executescript(_STYLES + _SCHEMA)
        _register(base)
        for layer in layers:
            _add_style(base, layer, layer.shown(lang=lang), lang)
        base.execute("UPDATE gpkg_contents SET description = ?", (notice,))
        if notice:
            _add_notice(base, notice)
        base.commit()
        base.execute("VACUUM")


def _register(base: sqlite3.Connection) -> None:
    """Enter the new tables where the standard wants them listed."""
    base.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change) VALUES (?, ?, ?, ?)",
        ("layer_styles", "attributes", "layer_styles", DATE),
    )
    rows = [
        (table, name, _STANDARD.format(name=name.removeprefix("gpkg_")), "read-write")
        for name, tables in _EXTENSIONS.items()
        for table in tables
    ]
    base.executemany(
        "INSERT OR IGNORE INTO gpkg_extensions (table_name, extension_name, definition, scope) "
        "VALUES (?, ?, ?, ?)",
        rows,
    )


def _add_style(base: sqlite3.Connection, layer: HandedLayer, shown: Shown, lang: Lang) -> None:
    place = (layer.title, "geom" if shown.symbol else "")
    base.execute(
        "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, "
        "styleName, styleQML, styleSLD, useAsDefault, description, owner, ui, update_time) "
        "VALUES ('', '', ?, ?, ?, ?, '', 1, ?, ?, NULL, ?)",
        (*place, layer.key, qml(shown, lang=lang), layer.title, _OWNER, DATE),
    )
    base.executemany(
        "INSERT INTO gpkg_data_columns (table_name, column_name, title) VALUES (?, ?, ?)",
        [(layer.title, column, name) for column, name in shown.columns.items()],
    )


def _add_notice(base: sqlite3.Connection, notice: str) -> None:
    base.execute(
        "INSERT INTO gpkg_metadata (id, md_scope, md_standard_uri, mime_type, metadata) "
        "VALUES (1, 'dataset', 'http://purl.org/dc/terms/rights', 'text/plain', ?)",
        (notice,),
    )
    base.execute(
        "INSERT INTO gpkg_metadata_reference (reference_scope, timestamp, md_file_id) "
        "VALUES ('geopackage', ?, 1)",
        (DATE,),
    )
