"""Every page in light and dark at 1280 pixels: kept as pictures in ``out/screens``, held to what a board may see."""

import re

import pytest

from tests.allocator.ui.conftest import ROOT

pytestmark = pytest.mark.browser
SCREENS = ROOT / "out" / "screens"
PAGES = ("", "cash_flows", "why", "risk", "sites", "leases", "market", "compare", "export", "method")
PATIENCE_MS = 120_000
WAITING = re.compile("being written|Working out|Writing|waiting for its turn")
CHARTS_WITHOUT_WORDS = """() => [...document.querySelectorAll('[data-testid=stVegaLiteChart]')]
    .filter(chart => !(chart.querySelector('[aria-label]')?.getAttribute('aria-label') || '').trim()).length"""


@pytest.fixture(scope="module", params=["light", "dark"])
def browser_page(request, chromium):
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        page = browser.new_page(viewport={"width": 1280, "height": 1000}, color_scheme=request.param)
        page.set_default_timeout(PATIENCE_MS)
        page.theme = request.param
        yield page
        browser.close()


def settled(page) -> None:
    """Wait until nothing is drawn or worked out any more; page Risk's futures are left to its own tests."""
    page.get_by_test_id("stCaptionContainer").first.wait_for()
    page.wait_for_function("() => !document.querySelector('[data-testid=stStatusWidgetRunningIcon]')")
    page.wait_for_function(
        "words => !new RegExp(words).test(document.querySelector('[data-testid=stMain]').innerText)",
        arg=WAITING.pattern,
    )
    page.wait_for_timeout(700)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_1280_pixels_has_words_for_every_chart_and_shows_no_fault(browser_page, address, name):
    browser_page.goto(f"{address}/{name}")
    if name == "risk":
        browser_page.get_by_test_id("stMetricValue").first.wait_for()
        browser_page.wait_for_timeout(700)
    else:
        settled(browser_page)
    SCREENS.mkdir(parents=True, exist_ok=True)
    height = browser_page.evaluate(
        "() => Math.max(1000, document.querySelector('[data-testid=stMainBlockContainer]').scrollHeight + 60)"
    )
    browser_page.set_viewport_size({"width": 1280, "height": min(height, 4_000)})
    browser_page.wait_for_timeout(500)
    browser_page.screenshot(path=SCREENS / f"{browser_page.theme}-{name or 'recommendation'}.png")
    browser_page.set_viewport_size({"width": 1280, "height": 1000})
    main = browser_page.get_by_test_id("stMain")
    assert main.evaluate("main => main.scrollWidth <= main.clientWidth + 1"), "it is wider than the screen"
    assert browser_page.evaluate(CHARTS_WITHOUT_WORDS) == 0, "a chart has no words"
    assert browser_page.get_by_test_id("stException").count() == 0
    assert "Traceback" not in main.inner_text()
