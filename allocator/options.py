"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

CaseArgument = Annotated[
    str,
    typer.Argument(metavar="CASE", help="a TOML case file, an exported workbook, or the name of a template"),
]
SitesArgument = Annotated[
    Path,
    typer.Argument(metavar="SITES", help="a table with one row a site (CSV, XLSX, Parquet); columns are inputs' paths"),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="change an input, such as market.btc_price_usd=126000"),
]
JsonOption = Annotated[
    str | None,
    typer.Option("--json", metavar="FILE|-", help="write JSON to a file, or to standard output alone with -"),
]
ExcelOption = Annotated[Path | None, typer.Option("--excel", metavar="FILE", help="write the board pack (.xlsx)")]
PdfOption = Annotated[
    Path | None, typer.Option("--pdf", metavar="FILE", help="print the board pack (needs LibreOffice)")
]
TemplateOption = Annotated[
    Path | None,
    typer.Option("--template", metavar="FILE", help="a workbook whose theme, logo, paper and footer the pack takes"),
]
