import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import openpyxl
import pytest

from allocator.formats import table_money

pytestmark = pytest.mark.browser
PATIENCE_MS = 120_000


@pytest.fixture
def page(chromium, address) -> Iterator:
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        found = browser.new_page(viewport={"width": 1280, "height": 1000}, accept_downloads=True)
        found.set_default_timeout(PATIENCE_MS)
        yield found
        browser.close()


def open_section(page, lease: str, title: str) -> None:
    """Open the terms of a lease, then one section of them."""
    page.get_by_text(re.compile(f"^Lease {lease}")).first.click()
    page.locator("[class*=st-key-open_section_leases_0]").get_by_text(title, exact=True).first.click()


def shown_input(page, selector: str):
    """An input once it shows its value: for a moment after it is drawn it is empty."""
    found = page.locator(selector).first
    page.wait_for_function(
        "selector => Number(document.querySelector(selector)?.value.replaceAll(',', '')) > 0", arg=selector
    )
    return found


def npv_on_screen(page) -> str:
    return page.get_by_test_id("stMetricValue").first.inner_text().strip()


def npv_in_pack(path: Path) -> float:
    book = openpyxl.load_workbook(path, data_only=True)
    sheet, cell = book.defined_names["out__npv_usd"].attr_text.replace("$", "").rsplit("!", 1)
    value = book[sheet.strip("'")][cell].value
    book.close()
    return float(value)


SITES = """name,site.grid_mw,power.price_usd_per_mwh,leases[0].rent_usd_per_kw_month
North,330,40,128
South,400,45,118
Nowhere,330,cheap,128
"""


def test_from_the_template_over_a_table_of_sites_to_the_board_pack(page, address, tmp_path):
    """The journey of a first visit: template, a rent too low for the lease, a batch of sites, the pack in hand."""
    hosts = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
    page.goto(address)
    decision = page.get_by_role("heading", level=3)
    decision.filter(has_text="Lease all").wait_for()

    lower_the_rent_until_the_lease_leaves(page, decision)
    assert "efuse River Bend" in decision.inner_text()
    page.get_by_text("changed from").first.wait_for()

    page.get_by_role("link", name="Sites").click()
    page.get_by_text("Your table").wait_for()
    page.locator("[data-testid=stFileUploaderDropzone] input").first.set_input_files(
        {"name": "sites.csv", "mimeType": "text/csv", "buffer": SITES.encode()}
    )
    page.locator(".st-key-sites_solve button").click()
    page.locator(".st-key-sites_results_xlsx button:not([disabled])").wait_for()
    assert page.get_by_text("Nowhere").count() > 0
    with page.expect_download() as results:
        page.locator(".st-key-sites_results_xlsx button").click()
    results.value.save_as(tmp_path / "results.xlsx")
    assert "Ranking" in openpyxl.load_workbook(tmp_path / "results.xlsx", read_only=True).sheetnames

    page.get_by_role("link", name="Recommendation").click()
    page.locator(".st-key-download_pack button:not([disabled])").wait_for()
    with page.expect_download() as download:
        page.locator(".st-key-download_pack button").click()
    download.value.save_as(tmp_path / "pack.xlsx")
    assert table_money(npv_in_pack(tmp_path / "pack.xlsx")) == npv_on_screen(page)
    assert hosts <= {"127.0.0.1", None}, "the pages asked another host for something"


def lower_the_rent_until_the_lease_leaves(page, decision) -> None:
    open_section(page, "River Bend", "Rent")
    rent = shown_input(page, ".st-key-leases-0--rent_usd_per_kw_month input")
    asked = float(rent.input_value())
    while "Lease all" in decision.inner_text():
        asked *= 0.75
        before = npv_on_screen(page)
        rent.fill(f"{asked:.2f}")
        rent.press("Enter")
        page.wait_for_function(
            "before => document.querySelector('[data-testid=stMetricValue]').innerText.trim() !== before", arg=before
        )
        assert asked > 1.0


def test_inputs_are_reached_and_changed_with_the_keyboard_alone(page, address):
    page.goto(address)
    opener = page.locator(".st-key-open_group_power button")
    opener.wait_for()
    opener.focus()
    page.keyboard.press("Enter")
    price = shown_input(page, ".st-key-power-price_usd_per_mwh input")
    for _ in range(6):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.matches('.st-key-power-price_usd_per_mwh input')"):
            break
    page.keyboard.press("Control+A")
    page.keyboard.type("52")
    page.keyboard.press("Enter")
    page.get_by_text("changed from river-bend: 1").first.wait_for()
    assert float(price.input_value()) == 52.0


def test_a_wrong_input_is_answered_in_words(page, address):
    page.goto(address)
    open_section(page, "River Bend", "Offer")
    ratio = shown_input(page, ".st-key-leases-0--provisioning_ratio input")
    ratio.fill("0.9")
    ratio.press("Enter")
    page.get_by_text("facility load cannot be less than critical IT load").first.wait_for()
    assert page.get_by_text("Traceback").count() == 0
    page.wait_for_function("() => document.querySelectorAll('[data-testid=stMetricValue]').length === 6")


def test_an_edit_made_right_after_another_case_was_chosen_is_the_only_change(page, address):
    page.goto(address)
    page.get_by_text(re.compile("^Lease River Bend")).first.wait_for()
    page.locator(".st-key-template input").first.click()
    page.get_by_role("option", name="Brownfield").click()
    open_section(page, "Hyper", "Rent")
    rent = shown_input(page, "[class*='leases-0--rent_usd_per_kw_month'] input")
    rent.fill("121")
    rent.press("Enter")
    page.get_by_text("changed from brownfield: 1").first.wait_for()
