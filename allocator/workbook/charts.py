"""Charts of the Summary: the schedule by use, and the bridge of NPV by activity."""

from __future__ import annotations

from openpyxl.chart import BarChart, LineChart, Reference, ScatterChart
from openpyxl.chart.data_source import StrData, StrRef, StrVal
from openpyxl.chart.series import SeriesLabel
from openpyxl.chart.series_factory import SeriesFactory
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText, Text
from openpyxl.chart.title import Title
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.text import CharacterProperties, Font, Paragraph, ParagraphProperties, RegularTextRun
from openpyxl.utils import column_index_from_string
from openpyxl.worksheet.worksheet import Worksheet

from allocator.workbook.bridge import BASE, GAIN_BELOW, LABEL, LOSS_BELOW, TOTAL, Bridge
from allocator.workbook.bridge import GAIN as GAIN_COLUMN
from allocator.workbook.bridge import LOSS as LOSS_COLUMN
from allocator.workbook.schedule_sheet import FIRST_COLUMN, GRID_ROW, LABEL_ROW, USE_ROWS, Schedule
from allocator.workbook.style import CHART_FONT, GAIN, HOSTING, IDLE, INK, LOSS, MINING, QUIET, RULE, Swatch


def lettering(size: int, *, bold: bool = False, colour: Swatch = INK) -> RichText:
    """How text of a chart looks; sizes in hundredths of a point."""
    properties = CharacterProperties(latin=Font(typeface=CHART_FONT), sz=size, b=bold, solidFill=colour.of_chart)
    return RichText(p=[Paragraph(pPr=ParagraphProperties(defRPr=properties), endParaRPr=properties)])


def live_title(address: str, shown: str) -> Title:
    """A title read from a cell, so that it follows your mix; ``shown`` is what it says until it is recalculated."""
    kept = StrData(ptCount=1, pt=[StrVal(idx=0, v=shown)])
    return Title(tx=Text(strRef=StrRef(f=address, strCache=kept)), overlay=False, txPr=lettering(1000, bold=True))


def axes(chart: BarChart | LineChart | ScatterChart, unit: str) -> None:
    """Quiet axes, the unit beside the upright one."""
    for axis in (chart.x_axis, chart.y_axis):
        axis.delete = False
        axis.txPr = lettering(700, colour=QUIET)
        axis.graphicalProperties = GraphicalProperties(ln=LineProperties(solidFill=RULE.of_chart, w=6350))
    chart.x_axis.tickLblPos = "low"
    chart.y_axis.title = Title(tx=Text(rich=plain_text(unit)), overlay=False)
    chart.y_axis.majorGridlines.spPr = GraphicalProperties(ln=LineProperties(solidFill=RULE.of_chart, w=6350))


def plain_text(text: str, *, size: int = 700, bold: bool = False, colour: Swatch = QUIET) -> RichText:
    """A fixed text: beside an axis, or a title."""
    properties = CharacterProperties(latin=Font(typeface=CHART_FONT), sz=size, b=bold, solidFill=colour.of_chart)
    return RichText(
        p=[Paragraph(pPr=ParagraphProperties(defRPr=properties), r=[RegularTextRun(rPr=properties, t=text)])]
    )


def frame(chart: BarChart | LineChart | ScatterChart, width_cm: float, height_cm: float) -> None:
    """Size on paper, no border."""
    chart.width, chart.height = width_cm, height_cm
    chart.graphical_properties = GraphicalProperties(ln=LineProperties(noFill=True))
    chart.roundedCorners = False


def schedule_chart(sheet: Worksheet, schedule: Schedule, title_address: str, title: str) -> BarChart:
    """Stacked facility MW by quarter, the grid as a line."""
    chart = BarChart()
    chart.type, chart.grouping, chart.overlap, chart.gapWidth = "col", "stacked", 100, 0
    last = FIRST_COLUMN + schedule.quarters - 1
    for use, colour in (("hosting", HOSTING), ("mining", MINING), ("idle", IDLE)):
        chart.add_data(
            Reference(sheet, min_col=FIRST_COLUMN, max_col=last, min_row=USE_ROWS[use]),
            from_rows=True,
            titles_from_data=False,
        )
        series = chart.series[-1]
        series.tx = _series_name(sheet, USE_ROWS[use])
        series.graphicalProperties = GraphicalProperties(solidFill=colour.of_chart, ln=LineProperties(noFill=True))
    chart.set_categories(Reference(sheet, min_col=FIRST_COLUMN, max_col=last, min_row=LABEL_ROW))
    chart.title = live_title(title_address, title)
    axes(chart, "facility MW")
    chart.x_axis.tickLblSkip, chart.x_axis.tickMarkSkip = 8, 4
    chart.y_axis.number_format, chart.y_axis.scaling.min = "#,##0", 0
    line = LineChart()
    line.add_data(
        Reference(sheet, min_col=FIRST_COLUMN, max_col=last, min_row=GRID_ROW), from_rows=True, titles_from_data=False
    )
    grid = line.series[0]
    grid.tx, grid.smooth = _series_name(sheet, GRID_ROW), False
    grid.graphicalProperties = GraphicalProperties(ln=LineProperties(solidFill=INK.of_chart, w=15875))
    grid.marker.symbol = "none"
    chart += line
    chart.legend.position = "b"
    chart.legend.txPr = lettering(700, colour=QUIET)
    frame(chart, 13.6, 7.6)
    return chart


def _series_name(sheet: Worksheet, row: int) -> SeriesLabel:
    return SeriesLabel(strRef=StrRef(f=f"'{sheet.title}'!$A${row}"))


def bridge_chart(sheet: Worksheet, bridge: Bridge, title_address: str, title: str) -> BarChart:
    """Waterfall: an unseen base, gains, losses, and the total; each bar's label states its value."""
    chart = BarChart()
    chart.type, chart.grouping, chart.overlap, chart.gapWidth = "col", "stacked", 100, 40
    colours = {BASE: None, GAIN_COLUMN: GAIN, GAIN_BELOW: GAIN, LOSS_COLUMN: LOSS, LOSS_BELOW: LOSS, TOTAL: HOSTING}
    for column, colour in colours.items():
        position = column_index_from_string(column)
        chart.add_data(
            Reference(sheet, min_col=position, min_row=bridge.first_row, max_row=bridge.last_row),
            titles_from_data=False,
        )
        looks = GraphicalProperties(noFill=True) if colour is None else GraphicalProperties(solidFill=colour.of_chart)
        looks.line.noFill = True
        chart.series[-1].graphicalProperties = looks
    label = column_index_from_string(LABEL)
    chart.set_categories(Reference(sheet, min_col=label, min_row=bridge.first_row, max_row=bridge.last_row))
    chart.title = live_title(title_address, title)
    axes(chart, "NPV, USD million")
    chart.y_axis.number_format = "#,##0"
    chart.legend = None
    frame(chart, 13.6, 7.6)
    return chart


def tornado_chart(sheet: Worksheet, first_row: int, last_row: int, title: str) -> BarChart:
    """What each driver takes and gives over its steps, widest on top; labels in column A, changes in M and N."""
    chart = BarChart()
    chart.type, chart.grouping, chart.overlap, chart.gapWidth = "bar", "stacked", 100, 40
    for column, colour, name in ((13, LOSS, "worse"), (14, GAIN, "better")):
        chart.add_data(Reference(sheet, min_col=column, min_row=first_row, max_row=last_row), titles_from_data=False)
        series = chart.series[-1]
        series.tx = SeriesLabel(v=name)
        series.graphicalProperties = GraphicalProperties(solidFill=colour.of_chart, ln=LineProperties(noFill=True))
    chart.set_categories(Reference(sheet, min_col=1, min_row=first_row, max_row=last_row))
    chart.title = Title(tx=Text(rich=plain_text(title, size=1000, bold=True, colour=INK)), overlay=False)
    axes(chart, "change of NPV, USD million")
    chart.x_axis.scaling.orientation = "maxMin"
    chart.y_axis.number_format = "#,##0,,;-#,##0,,;0"
    chart.legend.position = "b"
    chart.legend.txPr = lettering(700, colour=QUIET)
    frame(chart, 24.0, 8.6)
    return chart


def frontier_chart(sheet: Worksheet, first_row: int, last_row: int, title: str) -> ScatterChart:
    """Mean NPV (column B) against CVaR (column D) of the mixes from the highest mean to the best tail."""
    chart = ScatterChart()
    chart.style, chart.scatterStyle = 13, "lineMarker"
    across = Reference(sheet, min_col=4, min_row=first_row, max_row=last_row)
    up = Reference(sheet, min_col=2, min_row=first_row, max_row=last_row)
    series = SeriesFactory(up, across, title="mix")
    series.smooth = False
    series.marker.symbol, series.marker.size = "circle", 6
    series.marker.graphicalProperties = GraphicalProperties(solidFill=HOSTING.of_chart)
    series.graphicalProperties = GraphicalProperties(ln=LineProperties(solidFill=HOSTING.of_chart, w=19050))
    chart.series.append(series)
    chart.title = Title(tx=Text(rich=plain_text(title, size=1000, bold=True, colour=INK)), overlay=False)
    axes(chart, "mean NPV, USD million")
    chart.x_axis.title = Title(tx=Text(rich=plain_text("CVaR, USD million (right is safer)")), overlay=False)
    chart.x_axis.number_format = chart.y_axis.number_format = "#,##0,,;-#,##0,,;0"
    chart.x_axis.majorGridlines = None
    chart.y_axis.tickLblPos = "low"
    chart.legend = None
    frame(chart, 22.0, 7.8)
    return chart
