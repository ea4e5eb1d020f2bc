"""Messages and findings, in Chinese and English."""

from __future__ import annotations

import pandas as pd
import pytest

from fengmao_geo.errors import FengmaoError, TownError, UsageError
from fengmao_geo.findings import Finding, findings_table, translate_findings
from fengmao_geo.messages import has_text, text

GAP = Finding("gap_joined", "streets", "s1", None, {"other": "{x}", "gap_m": 0.4}, "POINT (1 2)")


def test_chinese_is_the_default_whatever_the_locale(monkeypatch):
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    assert text("label.unknown") == "数据不足"


def test_braces_in_data_are_shown_as_typed():
    assert "“{x}”" in findings_table([GAP])["found"][0]


def test_a_missing_message_is_a_key_error():
    assert not has_text("error.none_such")
    with pytest.raises(KeyError):
        text("error.none_such")


def test_a_finding_carries_its_severity_and_its_words():
    row = findings_table([GAP], lang="en").iloc[0]
    assert (row["severity"], row["done"]) == ("repaired", "joined")


def test_findings_are_translated_without_loss():
    chinese = findings_table([GAP])
    english = translate_findings(chinese, lang="en")
    assert english["found"][0] != chinese["found"][0]
    pd.testing.assert_frame_equal(translate_findings(english, lang="zh"), chinese)


def test_the_worst_findings_come_first():
    table = findings_table(
        [GAP, Finding("street_length", "streets", "s2"), Finding("street_empty", "streets", "s3")]
    )
    assert list(table["severity"]) == ["error", "excluded", "repaired"]


def test_an_error_with_findings_names_every_error_and_no_warning():
    found = findings_table(
        [Finding("street_length", "streets", "s2"), Finding("street_length", "roads", "s4"), GAP]
    )
    message = TownError("network", found).text(lang="en")
    assert "streets s2" in message
    assert "roads s4" in message
    assert "s1" not in message


def test_our_errors_are_also_the_built_in_ones():
    error = UsageError("negative", name="max_leg_m", value=-1)
    assert isinstance(error, ValueError)
    assert isinstance(error, FengmaoError)
    assert "max_leg_m" in str(error)


def test_a_value_may_be_called_key():
    assert "to" in text("finding.join_column_missing.found", lang="en", column="a", key="to", known="b")
