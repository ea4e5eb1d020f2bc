"""Every fault that a bureau's files are known to have, each told by one finding in both languages.

What stands in the house's list of traps and concerns what is read is covered by:

========================================  =====================================================================
trap                                      faults
========================================  =====================================================================
"""

from __future__ import annotations

import re

import fault_files
import pytest
from faulty import NAMES

from fengmao_geo.findings import translate_findings

pytestmark = [
    pytest.mark.filterwarnings("ignore:'crs' was not provided:UserWarning"),
    pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning"),
    pytest.mark.filterwarnings("ignore:Column names longer than 10:UserWarning"),
    pytest.mark.filterwarnings("ignore:Normalized/laundered field name:RuntimeWarning"),
]

FAULTS = [*fault_files.FAULTS]
CHINESE = re.compile(r"[\u4e00-\u9fff]")
UNFILLED = re.compile(r"\{[a-z_]+(\[[a-z]+\])?(:[^}]*)?\}")


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_told_by_its_code_in_both_languages(fault, tmp_path):
    told = fault.write(tmp_path)
    rows = told.findings[told.findings["code"] == fault.code]
    assert list(dict.fromkeys(rows["layer"])) == [fault.layer], told.findings[["code", "layer", "found"]].to_string()
    assert set(rows["severity"]) == {fault.severity}
    assert told.is_refused == (fault.severity == "error")
    others = told.findings[(told.findings["severity"] == "error") & (told.findings["code"] != fault.code)]
    assert others.empty, others[["code", "layer", "found"]].to_string()
    for lang in ("zh", "en"):
        table = translate_findings(rows, lang=lang)
        words = table[["found", "done", "remedy"]]
        assert (words.map(len) > 0).all(axis=None)
        texts = words.agg(" ".join, axis=1) + " " + table["feature_id"].fillna("") + " " + table["column"].fillna("")
        text = "\n".join(texts)
        assert not [part for part in fault.says if part not in text], text
        assert not UNFILLED.search(text.replace(NAMES[-1], "")), text
        assert (words.map(lambda word: bool(CHINESE.search(word))).all(axis=None)) or lang == "en"


def test_there_are_sixty_faults_with_names_of_their_own():
    names = [fault.name for fault in FAULTS]
    assert len(names) == len(set(names)) >= 60
