from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.datasette_plugin import charts

SVG = "{http://www.w3.org/2000/svg}"
SHAPES = {"svg", "title", "style", "g", "text", "line", "path", "rect", "circle", "polygon"}


def texts(drawn: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(drawn).iter(f"{SVG}text")]


def test_days_give_a_line_with_round_numbers_beside_and_years_below() -> None:
    rows = [("2017-04-30", 160), ("2019-03-31", 246), ("2019-05-31", 244)]

    drawn = charts.draw(["day", "value"], rows, "Children looked after")

    root = ET.fromstring(drawn)
    assert root.find(f"{SVG}title").text == "Children looked after"  # type: ignore[union-attr]
    assert {"2018", "2019", "0"} <= set(texts(drawn))
    marks = [t.text for t in root.findall(f"{SVG}g/{SVG}title")]
    assert marks == ["2017-04-30: 160", "2019-03-31: 246", "2019-05-31: 244"]
    assert len(root.findall(f"{SVG}path")) == 1


def test_several_lines_are_told_apart_by_their_marks_and_named() -> None:
    rows = [("2031-01-01", 1, "actual"), ("2031-02-01", 2, "actual"), ("2031-01-15", 3, "target")]

    root = ET.fromstring(charts.draw(["day", "value", "series"], rows, "x"))

    assert len(list(root.iter(f"{SVG}circle"))) == 3
    assert len(list(root.iter(f"{SVG}rect"))) == 2
    assert {"actual", "target"} <= {e.text for e in root.iter(f"{SVG}text")}


def test_labels_give_bars_as_long_as_their_values() -> None:
    root = ET.fromstring(charts.draw(["label", "value"], [("unknown", 30), ("met", 15)], "x"))

    widths = [float(bar.attrib["width"]) for bar in root.iter(f"{SVG}rect")]
    assert widths[0] == pytest.approx(2 * widths[1], rel=0.01)
    assert {"unknown", "30", "met", "15"} <= set(texts(ET.tostring(root, encoding="unicode")))


def test_what_cannot_be_drawn_is_left_out_and_an_empty_chart_says_so() -> None:
    rows = [("soon", 1), (None, 2), ("2031-01-01", None), ("2031-01-01", "many")]

    assert texts(charts.draw(["day", "value"], rows, "x")) == ["No figures"]
    assert charts.can_draw(["day", "value"])
    assert charts.can_draw(["label", "value", "more"])
    assert not charts.can_draw(["day", "amount"])
    assert not charts.can_draw(["value"])


@given(
    st.lists(
        st.tuples(
            st.dates().map(str) | st.text(max_size=5),
            st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False),
            st.text(max_size=5),
        ),
        max_size=5,
    )
)
def test_any_rows_give_a_picture_without_script_or_style_attribute(rows: list[Any]) -> None:
    for columns in (["day", "value", "series"], ["label", "value", "series"]):
        drawn = charts.draw(columns, rows, "<script>alert(1)</script>")
        for element in ET.fromstring(drawn).iter():
            assert element.tag.removeprefix(SVG) in SHAPES
            assert not [name for name in element.attrib if name == "style" or name.startswith("on")]


@given(st.floats(-1e12, 1e12), st.floats(0, 1e12))
def test_the_scale_has_a_few_round_numbers_that_hold_all_values(low: float, span: float) -> None:
    ticks = charts._ticks(low, low + span)

    assert 2 <= len(ticks) <= 12
    assert ticks[0] <= low
    assert ticks[-1] >= low + span
