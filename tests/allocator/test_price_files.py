"""Price files as exchanges and analysts write them: read whole, or refused with the line of every fault."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from allocator.price_files import MOST_FAULTS_SHOWN, read_prices
from models.assumptions import InputFaultsError
from models.hourly_prices import dispatch_curve

CENTRAL = ZoneInfo("America/Chicago")
REAL_TIME = (
    "DeliveryDate,DeliveryHour,DeliveryInterval,SettlementPointName,SettlementPointType,SettlementPointPrice,DSTFlag"
)
DAY_AHEAD = "DeliveryDate,HourEnding,SettlementPoint,SettlementPointPrice,DSTFlag"
YEARLY_REAL_TIME = (
    "Delivery Date,Delivery Hour,Delivery Interval,Repeated Hour Flag,"
    "Settlement Point Name,Settlement Point Type,Settlement Point Price"
)
YEARLY_DAY_AHEAD = "Delivery Date,Hour Ending,Repeated Hour Flag,Settlement Point,Settlement Point Price"
YEAR_HOURS = 8_760


@cache
def instants(minutes: int, zone=UTC, year: int = 2025, years: int = 1) -> list[datetime]:
    """Every interval's start of whole local years, on the zone's clock."""
    at = datetime(year, 1, 1, tzinfo=zone).astimezone(UTC)
    end = datetime(year + years, 1, 1, tzinfo=zone).astimezone(UTC)
    steps = (end - at) // timedelta(minutes=minutes)
    return [(at + i * timedelta(minutes=minutes)).astimezone(zone) for i in range(steps)]


@cache
def prices_of(count: int, seed: int = 7) -> list[float]:
    """A price series of a real market's shape: 15 to 80, some negative, a few in the thousands."""
    rng = np.random.default_rng(seed)
    prices = 35 + 12 * np.sin(np.arange(count) * 2 * np.pi / 24) + rng.normal(0, 6, count)
    prices[rng.random(count) < 0.03] = -12.5
    prices[rng.random(count) < 0.002] = 2_500.0
    return np.round(prices, 2).tolist()


def plain(stamps: list[str], prices: list[float], header: str = "timestamp,price") -> list[str]:
    return [header, *(f"{stamp},{price}" for stamp, price in zip(stamps, prices, strict=True))]


def hourly(header: str = "timestamp,price") -> list[str]:
    """A sound plain file of 2025: line n of the file is element n - 1."""
    return [header, *hourly_rows()]


@cache
def hourly_rows() -> list[str]:
    starts = instants(60)
    return plain([f"{at:%Y-%m-%d %H:%M}" for at in starts], prices_of(len(starts)))[1:]


def ercot(header: str, starts: list[datetime], prices: list[float], point: str = "HB_NORTH") -> list[str]:
    """Rows of any of ERCOT's layouts, its columns in the order of the header."""
    rows = [header]
    for at, price in zip(starts, prices, strict=True):
        values = {
            "deliverydate": f"{at:%m/%d/%Y}", "deliveryhour": str(at.hour + 1), "hourending": f"{at.hour + 1:02}:00",
            "deliveryinterval": str(at.minute // 15 + 1), "dstflag": "Y" if at.fold else "N",
            "repeatedhourflag": "Y" if at.fold else "N", "settlementpoint": point, "settlementpointname": point,
            "settlementpointtype": "HU", "settlementpointprice": str(price),
        }  # fmt: skip
        rows.append(",".join(values[name.replace(" ", "").lower()] for name in header.split(",")))
    return rows


@pytest.fixture
def write(tmp_path):
    def call(lines: list[str] | bytes, name: str = "prices.csv"):
        path = tmp_path / name
        path.write_bytes(lines if isinstance(lines, bytes) else ("\n".join(lines) + "\n").encode())
        return path

    return call


def faults_of(path, point=None) -> list[str]:
    with pytest.raises(InputFaultsError) as refusal:
        read_prices(path, point)
    return [str(fault) for fault in refusal.value.faults]


def expected_months(starts: list[datetime], prices: list[float]) -> list[list[float]]:
    return [[p for at, p in zip(starts, prices, strict=True) if at.month == m] for m in range(1, 13)]


def assert_months(read, starts, prices) -> None:
    assert [list(month) for month in read.months] == expected_months(starts, prices)


# Layouts


@pytest.mark.parametrize(
    ("minutes", "form"),
    [
        (60, "%Y-%m-%d %H:%M"),
        (60, "%Y-%m-%d %H:%M:%S+05:30"),
        (30, "%Y-%m-%dT%H:%M:%S"),
        (15, "%Y-%m-%dT%H:%M:%SZ"),
        (5, "%Y-%m-%d %H:%M"),
    ],
)
def test_plain_timestamps_of_every_interval_are_read_by_month(write, minutes, form):
    starts = instants(minutes)
    prices = prices_of(len(starts))
    assert_months(read_prices(write(plain([at.strftime(form) for at in starts], prices))), starts, prices)


@pytest.mark.parametrize(
    "header",
    ["timestamp,price", "Time,LMP", "datetime,usd_per_mwh", "DATE,price_usd_per_mwh", "Timestamp,Price ($/MWh)",
     "\ufefftimestamp,price", '"timestamp","price"'],
)  # fmt: skip
def test_column_names_are_read_tolerantly(write, header):
    assert sum(map(len, read_prices(write(hourly(header))).months)) == YEAR_HOURS


def test_local_time_with_offsets_belongs_to_its_own_months(write):
    starts = instants(60, CENTRAL)
    prices = prices_of(len(starts))
    read = read_prices(write(plain([at.isoformat() for at in starts], prices)))
    assert_months(read, starts, prices)
    assert (len(read.months[2]), len(read.months[10])) == (743, 721)


@pytest.mark.parametrize(
    ("zone", "minutes"),
    [("America/Chicago", 15), ("Europe/Berlin", 60), ("Europe/London", 60), ("Europe/Helsinki", 30)],
)
def test_local_time_without_offset_may_skip_and_repeat_the_hours_that_clocks_do(write, zone, minutes):
    starts = instants(minutes, ZoneInfo(zone))
    prices = prices_of(len(starts))
    assert_months(read_prices(write(plain([f"{at:%Y-%m-%dT%H:%M}" for at in starts], prices))), starts, prices)


def test_blank_lines_repeated_headers_semicolons_and_windows_line_ends_do_no_harm(write):
    lines = hourly()
    lines[4000:4000] = ["", lines[0]]
    assert sum(map(len, read_prices(write(("\r\n".join(lines) + "\r\n\r\n").encode())).months)) == YEAR_HOURS
    swapped = [line.replace(",", ";") for line in hourly()]
    assert sum(map(len, read_prices(write(swapped)).months)) == YEAR_HOURS


@pytest.mark.parametrize(
    ("header", "minutes"), [(REAL_TIME, 15), (YEARLY_REAL_TIME, 15), (DAY_AHEAD, 60), (YEARLY_DAY_AHEAD, 60)]
)
def test_every_ercot_layout_is_read_with_its_daylight_saving_days(write, header, minutes):
    starts = instants(minutes, CENTRAL)
    prices = prices_of(len(starts))
    read = read_prices(write(ercot(header, starts, prices)))
    assert_months(read, starts, prices)
    # 9 March 2025 has 23 hours, 2 November 2025 has 25 (market_apis: 92 and 100 intervals).
    assert (len(read.months[2]), len(read.months[10])) == (743 * 60 // minutes, 721 * 60 // minutes)


def test_hour_ending_24_belongs_to_its_day(write):
    starts = instants(60, CENTRAL)
    prices = [20.0 + at.month + (500.0 if (at.month, at.day, at.hour) == (1, 31, 23) else 0.0) for at in starts]
    lines = ercot(DAY_AHEAD, starts, prices)
    assert "01/31/2025,24:00,HB_NORTH,521.0,N" in lines
    assert 521.0 in read_prices(write(lines)).months[0]


def test_a_settlement_point_is_chosen_by_argument_or_in_the_path(write):
    starts = instants(60, CENTRAL)
    north, west = prices_of(len(starts), 1), prices_of(len(starts), 2)
    pairs = zip(ercot(DAY_AHEAD, starts, north)[1:], ercot(DAY_AHEAD, starts, west, "HB_WEST")[1:], strict=True)
    path = write([DAY_AHEAD, *(row for pair in pairs for row in pair)])
    (fault,) = faults_of(path)
    assert "2 settlement points: HB_NORTH, HB_WEST; choose one: prices.csv#HB_NORTH" in fault
    assert_months(read_prices(path, "HB_WEST"), starts, west)
    by_path = read_prices(f"{path}#HB_NORTH")
    assert_months(by_path, starts, north)
    assert by_path.file == f"{path}#HB_NORTH"
    assert "has no settlement point HB_EAST; choose one of HB_NORTH, HB_WEST" in faults_of(path, "HB_EAST")[0]
    assert "names no settlement point" in faults_of(write(hourly()), "HB_NORTH")[0]


def test_a_load_zone_listed_twice_is_read_as_it_settles_and_not_energy_weighted(write):
    starts = instants(15, CENTRAL)
    settled, weighted = prices_of(len(starts), 1), prices_of(len(starts), 2)
    rows = ercot(YEARLY_REAL_TIME, starts, settled, "LZ_WEST")
    rows += [row.replace(",HU,", ",LZEW,") for row in ercot(YEARLY_REAL_TIME, starts, weighted, "LZ_WEST")[1:]]
    path = write(rows)
    assert "LZ_WEST, LZ_WEST/LZEW" in faults_of(path)[0]
    assert_months(read_prices(f"{path}#LZ_WEST"), starts, settled)
    assert_months(read_prices(path, "LZ_WEST/LZEW"), starts, weighted)


def test_more_than_a_year_and_a_year_from_any_day_are_read(write):
    two = instants(60, years=2)
    stamps, prices = [f"{at:%Y-%m-%d %H:%M}" for at in two], prices_of(len(two))
    assert [len(month) for month in read_prices(write(plain(stamps, prices))).months][:2] == [2 * 744, 2 * 672]
    rolling = slice(1000 * 24 // 24, 1000 * 24 // 24 + YEAR_HOURS)
    read = read_prices(write(plain(stamps[rolling], prices[rolling])))
    assert [len(month) for month in read.months][:2] == [744, 672]


def test_dispatch_on_prices_that_were_read_equals_a_loop_over_hours(write):
    starts = instants(15, CENTRAL)
    prices = prices_of(len(starts))
    read = read_prices(write(ercot(REAL_TIME, starts, prices)))
    worth = np.array([-20.0, 0.0, 31.7, 44.9, 5_000.0])
    for month, listed in zip(read.months, expected_months(starts, prices), strict=True):
        margin = [sum(max(0.0, x - p) for p in listed) / len(listed) for x in worth]
        share = [sum(p < x for p in listed) / len(listed) for x in worth]
        curve = dispatch_curve(np.array(month))
        np.testing.assert_allclose(curve.margin_usd_per_mwh(worth), margin, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(curve.running_share(worth), share, rtol=1e-12)


def test_three_years_of_quarter_hours_are_read_whole(write):
    starts = instants(15, CENTRAL, years=3)
    prices = read_prices(write(ercot(REAL_TIME, starts, prices_of(len(starts)))))
    assert sum(len(month) for month in prices.months) == len(starts)


# Faults: each names its line


def put(line: int, change):
    """Replace a line of the file by what ``change`` makes of it."""
    return lambda rows: rows.__setitem__(line - 1, change(rows[line - 1]))


def priced(text: str):
    return put(50, lambda row: row.split(",")[0] + "," + text)


CHANGES = {
    "a gap": (lambda rows: rows.__delitem__(slice(100, 103)), 101, "3 intervals of 60 minutes missing from 2025-01-05"),
    "a copy": (lambda rows: rows.insert(100, rows[99]), 101, "is there already, on line 100"),
    "two rows swapped": (lambda rows: rows.insert(100, rows.pop(101)), 101, "is out of order"),
    "a wrong year": (put(50, lambda row: row.replace("2025", "2052")), 50, "is out of order"),
    "an absurd year": (put(50, lambda row: row.replace("2025", "0205")), 50, "is not between 1990 and 2100"),
    "one row alone": (lambda rows: rows.__delitem__(slice(2, None)), 2, "is less than one whole year"),
    "text for a price": (priced("n/a"), 50, "'n/a' is not a number"),
    "no price": (priced(""), 50, "no price is not a number"),
    "NaN": (priced("NaN"), 50, "'NaN' is not a finite number"),
    "infinity": (priced("-inf"), 50, "is not a finite number"),
    "an absurd price": (priced("1e9"), 50, "is beyond 100,000"),
    "a bad time": (put(50, lambda row: "31/12/2025 00:00,5"), 50, "is not an ISO timestamp"),
    "one offset": (put(50, lambda row: row.replace(",", "Z,")), 50, "has an offset from UTC, unlike"),
    "off the grid": (put(50, lambda row: row.replace(":00,", ":07,")), 50, "is not on the grid of 60"),
    "a cell too many": (put(50, lambda row: row.replace(".", ",")), 50, "has 3 cells"),
    "a cell too few": (put(50, lambda row: "2025-01-03 00:00"), 50, "has 1 cells"),
    "the end missing": (lambda rows: rows.__delitem__(slice(8000, None)), 8000, "incomplete: November, December"),
    "newest first": (lambda rows: rows.__setitem__(slice(1, None), rows[:0:-1]), 3, "sort the file by time"),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_a_fault_is_named_with_its_line_and_alone(write, kind):
    change, line, words = CHANGES[kind]
    rows = hourly()
    change(rows)
    faults = faults_of(write(rows))
    assert len(faults) == 1, faults
    assert faults[0].startswith(f"prices.csv, line {line}: ")
    assert words in faults[0]


def test_every_fault_is_listed_in_the_order_of_lines(write):
    rows = hourly()
    rows[9] += "x"
    rows[19] = "yesterday,5"
    rows.insert(500, rows[499])
    del rows[1000:1002]
    del rows[8000:]
    lines = [int(re.search(r"line (\d+):", fault)[1]) for fault in faults_of(write(rows))]
    assert lines == [10, 20, 501, 1001, 8000]


def test_of_many_faults_the_first_are_shown_and_the_rest_counted(write):
    rows = [row if n % 80 else row.split(",")[0] + ",?" for n, row in enumerate(hourly())]
    faults = faults_of(write([hourly()[0], *rows[1:]]))
    assert len(faults) == MOST_FAULTS_SHOWN + 1
    assert faults[-1].startswith(f"prices.csv: ... and {109 - MOST_FAULTS_SHOWN} more")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"timestamp,price\n", "has a header and no rows"),
        (b"a" * 200_000, "is not CSV"),
        (b"\xff\xfet\x00i\x00", "is not a text file"),
        (b"timestamp,price\n\x00,1\n", "is not a text file"),
        (b"PK\x03\x04rest", "is a workbook or an archive"),
        (b"2025-01-01 00:00:00,41.2\n2025-01-01 01:00:00,40.0\n", "line 1: '2025-01-01 00:00:00,41.2' has no header"),
        (b"when,how much\n1,2\n", "names no column for timestamp and price in USD/MWh"),
        (b"timestamp,volume\n1,2\n", "names no column for price"),
        (b"timestamp,price,lmp\n1,2,3\n", "'price, lmp' are columns of one meaning"),
        (b"timestamp,price_usd_per_kwh\n1,2\n", "is not USD/MWh"),
        (b"timestamp,cents_per_kWh\n1,2\n", "1 cent per kWh is 10 USD/MWh"),
        (b"DeliveryDate,HourEnding,SettlementPoint,SettlementPointPrice\n1,2,3,4\n", "dstflag or repeatedhourflag"),
        (b'timestamp,price\n"2025-01-01 00:00,4\n', "is not CSV"),
    ],
)
def test_a_file_that_is_no_price_file_is_refused_in_words(write, content, words):
    (fault,) = faults_of(write(content))
    assert words in fault


def test_missing_files_folders_and_files_too_large_are_refused(write, tmp_path):
    assert "does not exist" in faults_of(tmp_path / "absent.csv")[0]
    assert "is not a file" in faults_of(tmp_path)[0]
    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.truncate(50_000_001)
    assert "is larger than 50 MB" in faults_of(large)[0]


def test_one_time_throughout_is_a_copy_and_no_year(write):
    short, copy = faults_of(write([*hourly()[:2], hourly()[1]]))
    assert "is less than one whole year" in short
    assert "is there already, on line 2" in copy


def test_other_intervals_and_changes_of_interval_are_refused(write):
    daily = plain([f"{at:%Y-%m-%d}" for at in instants(60)[::24]], prices_of(365))
    assert "1440 minutes after the row before" in faults_of(write(daily))[0]
    starts = [at for at in instants(30) if at.month > 6 or at.minute == 0]
    (fault,) = faults_of(write(plain([f"{at:%Y-%m-%d %H:%M}" for at in starts], prices_of(len(starts)))))
    assert fault.startswith("prices.csv, line 3: 60 minutes after the row before, where other rows follow after 30")


def test_timestamps_of_the_ends_of_intervals_are_suspected(write):
    ends = [f"{at + timedelta(hours=1):%Y-%m-%d %H:%M}" for at in instants(60)]
    (fault,) = faults_of(write(plain(ends, prices_of(len(ends)))))
    assert "look like ends of intervals; give starts: subtract 60 minutes" in fault


def test_a_local_year_that_skips_an_hour_in_spring_and_repeats_none_is_refused(write):
    starts = [at for at in instants(60, CENTRAL) if not at.fold]
    (fault,) = faults_of(write(plain([f"{at:%Y-%m-%d %H:%M}" for at in starts], prices_of(len(starts)))))
    assert "1 interval of 60 minutes missing from 2025-03-09 02:00" in fault


def test_ercot_rows_that_contradict_the_clock_are_refused(write):
    starts = instants(60, CENTRAL)
    lines = ercot(DAY_AHEAD, starts, prices_of(len(starts)))
    ahead = lines.index(next(line for line in lines if line.startswith("03/09/2025,04:00")))
    second = next(n for n, line in enumerate(lines) if line.endswith(",Y"))
    assert lines[second].startswith("11/02/2025,02:00")
    for changed, words in (
        ([*lines[:ahead], "03/09/2025,03:00,HB_NORTH,20.0,N", *lines[ahead:]], "does not exist: clocks go forward"),
        ([*lines[:second], lines[second][:-1] + "N", *lines[second + 1 :]], "is there already"),
        ([*lines[:second], *lines[second + 1 :]], "1 interval of 60 minutes missing from 2025-11-02 02:00"),
        ([lines[0], lines[1][:-1] + "Y", *lines[2:]], "is flagged as a repeated hour, and is none"),
        ([lines[0], lines[1][:-1] + "?", *lines[2:]], "'?' is not a repeated-hour flag"),
        ([lines[0], lines[1].replace("01:00", "25:00"), *lines[2:]], "'25:00' is not an hour ending 1 to 24"),
        ([lines[0], lines[1].replace("01/01/2025", "2025-13-01"), *lines[2:]], "'2025-13-01' is not a date"),
    ):
        faults = faults_of(write(changed))
        assert words in faults[0], faults
    quarter = instants(15, CENTRAL)
    rows = ercot(REAL_TIME, quarter, prices_of(len(quarter)))
    rows[1] = rows[1].replace(",1,1,", ",1,5,")
    assert "line 2: '5' is not an interval of the hour" in faults_of(write(rows))[0]


# Units


def scaled(factor: float, header: str, months: range = range(1, 13)) -> list[str]:
    rows = list(csv.reader(io.StringIO("\n".join(hourly(header)))))
    calm = [(stamp, min(float(price), 60.0)) for stamp, price in rows[1:]]
    return [header, *(f"{at},{p * factor if int(at[5:7]) in months else p:.6g}" for at, p in calm)]


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (1e-3, "USD/kWh; multiply by 1,000"),
        (0.1, "cents per kWh; multiply by 10"),
        (100, "smaller than the dollar"),
    ],
)
def test_a_file_in_another_unit_is_suspected(write, factor, words):
    (fault,) = faults_of(write(scaled(factor, "timestamp,price")))
    assert fault.startswith("prices.csv, line 1: median price ")
    assert words in fault


def test_prices_of_zero_throughout_are_refused_and_flat_or_two_part_tariffs_are_not(write):
    stamps = [f"{at:%Y-%m-%d %H:%M}" for at in instants(60)]
    assert "every price is 0" in faults_of(write(plain(stamps, [0.0] * YEAR_HOURS)))[0]
    for tariff in ([50.0] * 24, [-30.0] * 24, [10.0] * 18 + [90.0] * 6, [0.0] * 20 + [35.0] * 4):
        read = read_prices(write(plain(stamps, tariff * 365)))
        assert sum(map(sum, read.months)) == pytest.approx(sum(tariff) * 365)


def test_low_prices_under_a_header_that_names_the_unit_are_believed(write):
    read = read_prices(write(scaled(0.1, "timestamp,price_usd_per_mwh")))
    assert max(map(max, read.months)) == pytest.approx(6.0)


@pytest.mark.parametrize("factor", [0.1, 10.0, 0.01, 100.0])
@pytest.mark.parametrize(("months", "first_day"), [(range(7, 13), 181), (range(4, 13), 90), (range(1, 12), 334)])
def test_a_part_in_another_unit_is_found_at_its_first_line(write, factor, months, first_day):
    (fault,) = faults_of(write(scaled(factor, "timestamp,price_usd_per_mwh", months)))
    assert "mixed units suspected" in fault
    line = int(re.search(r"line (\d+):", fault)[1])
    assert abs(line - (first_day * 24 + 2)) <= 2


def test_a_storm_and_a_windy_season_are_no_change_of_units(write):
    starts = instants(60)
    stamps, prices = [f"{at:%Y-%m-%d %H:%M}" for at in starts], prices_of(len(starts))
    storm = [9_000.0 if at.month == 2 and 14 <= at.day <= 18 else p for at, p in zip(starts, prices, strict=True)]
    assert max(read_prices(write(plain(stamps, storm))).months[1]) == 9_000.0
    windy = [p if at.month not in {3, 4} or at.hour % 3 else 2.0 for at, p in zip(starts, prices, strict=True)]
    assert sum(map(len, read_prices(write(plain(stamps, windy))).months)) == YEAR_HOURS
