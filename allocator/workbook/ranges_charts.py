"""Charts over ranges of a sheet: stacked columns with or without a line, and a curve with a mark on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from openpyxl.chart import BarChart, LineChart, Reference, ScatterChart, Series
from openpyxl.chart.data_source import StrRef
from openpyxl.chart.series import SeriesLabel
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import Text
from openpyxl.chart.title import Title
from openpyxl.drawing.fill import PatternFillProperties
from openpyxl.drawing.line import LineProperties
from openpyxl.worksheet.worksheet import Worksheet

from allocator.workbook.charts import axes, frame, lettering, live_title, plain_text
from allocator.workbook.style import HOSTING, INK, MINING, QUIET, Swatch

MILLIONS = "#,##0,,"
"""Dollars shown in millions."""
LINE_WIDTH, MARK_WIDTH = 22_225, 15_875


@dataclass(frozen=True)
class Stripes:
    """Two colours at once, for what is both."""

    one: Swatch
    other: Swatch


@dataclass(frozen=True)
class Span:
    """Cells of one row or one column, with the cell of their name."""

    first: tuple[int, int]
    """Row and column."""
    last: tuple[int, int]
    name: str
    """Address of the cell that names it, sheet included."""

    def reference(self, sheet: Worksheet) -> Reference:
        """As charts take it."""
        return Reference(
            sheet, min_row=self.first[0], min_col=self.first[1], max_row=self.last[0], max_col=self.last[1]
        )


@dataclass(frozen=True)
class Words:
    """What is written on a chart."""

    title_address: str
    title: str
    """What the title's cell says as solved."""
    upright: str
    """The measure and unit of the upright axis."""
    level: str = ""
    upright_form: str = "#,##0"


BOTH = Stripes(HOSTING, MINING)
WIDTH_CM, HEIGHT_CM = 13.6, 7.6


def stacked_columns(
    sheet: Worksheet,
    parts: Sequence[tuple[Span, Swatch | Stripes]],
    categories: Span,
    words: Words,
    *,
    line: Span | None = None,
    gap: int = 40,
    from_zero: bool = True,
) -> BarChart:
    """Columns stacked by part, from zero; a line over them where there is a limit."""
    chart = BarChart()
    chart.type, chart.grouping, chart.overlap, chart.gapWidth = "col", "stacked", 100, gap
    for span, paint in parts:
        chart.add_data(span.reference(sheet), from_rows=span.first[0] == span.last[0], titles_from_data=False)
        chart.series[-1].tx = SeriesLabel(strRef=StrRef(f=span.name))
        chart.series[-1].graphicalProperties = _filled(paint)
    chart.set_categories(categories.reference(sheet))
    _lettered(chart, words)
    if from_zero:
        chart.y_axis.scaling.min = 0
    if line is not None:
        over = LineChart()
        over.add_data(line.reference(sheet), from_rows=line.first[0] == line.last[0], titles_from_data=False)
        over.series[0].tx, over.series[0].smooth = SeriesLabel(strRef=StrRef(f=line.name)), False
        over.series[0].graphicalProperties = _drawn(INK, MARK_WIDTH)
        over.series[0].marker.symbol = "none"
        chart += over
    return chart


def curve(
    sheet: Worksheet, across: Span, up: Span, words: Words, *, mark: tuple[Span, Span] | None = None, dots: bool = False
) -> ScatterChart:
    """One measure against another, and a second line as the mark on it."""
    chart = ScatterChart()
    chart.style, chart.scatterStyle = None, "lineMarker"
    lines = [(across, up, HOSTING, LINE_WIDTH), *([(*mark, INK, MARK_WIDTH)] if mark else [])]
    for x, y, colour, width in lines:
        series = Series(y.reference(sheet), x.reference(sheet))
        series.tx, series.smooth = SeriesLabel(strRef=StrRef(f=y.name)), False
        series.graphicalProperties = _drawn(colour, width)
        series.marker.symbol = "circle" if dots and y is up else "none"
        if dots and y is up:
            series.marker.size, series.marker.graphicalProperties = 5, GraphicalProperties(solidFill=colour.of_chart)
        chart.series.append(series)
    _lettered(chart, words)
    chart.x_axis.number_format, chart.x_axis.scaling.min = MILLIONS, 0
    chart.x_axis.majorGridlines = None
    chart.x_axis.title = Title(tx=_rich(words.level), overlay=False)
    return chart


def _lettered(chart: BarChart | ScatterChart, words: Words) -> None:
    chart.title = live_title(words.title_address, words.title)
    axes(chart, words.upright)
    chart.y_axis.number_format = words.upright_form
    if words.level and isinstance(chart, BarChart):
        chart.x_axis.title = Title(tx=_rich(words.level), overlay=False)
    chart.legend.position = "b"
    chart.legend.txPr = lettering(700, colour=QUIET)
    frame(chart, WIDTH_CM, HEIGHT_CM)


def _rich(text: str) -> Text:
    return Text(rich=plain_text(text))


def _filled(paint: Swatch | Stripes) -> GraphicalProperties:
    line = LineProperties(noFill=True)
    if isinstance(paint, Swatch):
        return GraphicalProperties(solidFill=paint.of_chart, ln=line)
    stripes = PatternFillProperties(prst="wdUpDiag", fgClr=paint.one.of_chart, bgClr=paint.other.of_chart)
    return GraphicalProperties(pattFill=stripes, ln=line)


def _drawn(colour: Swatch, width: int) -> GraphicalProperties:
    return GraphicalProperties(ln=LineProperties(solidFill=colour.of_chart, w=width))
