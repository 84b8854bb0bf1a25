"""The page in a real browser: quiet, alone, sortable, filterable, and never wider than the window."""

import re

import pytest

from browser import Browser, find
from fanbench_tools.analysis import compare
from fanbench_tools.report import comparison as compare_report
from fanbench_tools.report import pages as report
from fixtures.synthetic_data import CLAIMS, PATTERNS, QUICK, folder

pytestmark = pytest.mark.skipif(find() is None, reason="no chromium with chromedriver on PATH (chromium-driver)")
SUITES = {"quick": QUICK, "patterns": PATTERNS, "claims": CLAIMS}
ROWS = "[...document.querySelectorAll('tr[data-name]')].filter(r => r.offsetParent)"
TABLE = "document.querySelector('[data-workload=gather] table')"


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    made = {}
    for name, suite in SUITES.items():
        made[name] = folder(tmp_path_factory.mktemp(name), suite) / "report.html"
        report.write(made[name].parent)
    both = [made["quick"].parent] * 2
    made["compare"] = compare_report.write(compare.compare(*both), tmp_path_factory.mktemp("compare"))[1]
    return made


@pytest.fixture(scope="module")
def browser():
    with Browser(find()) as started:
        yield started


@pytest.fixture
def quick(browser, pages):
    browser.look(1400)
    browser.open(pages["quick"])
    return browser


@pytest.mark.parametrize("suite", [*SUITES, "compare"])
@pytest.mark.parametrize("width", [360, 1400])
def test_quiet_alone_and_within_the_window(browser, pages, suite, width):
    browser.look(width)
    browser.open(pages[suite])
    for opened in (False, True):
        browser.ask(f"document.querySelectorAll('details').forEach(d => d.open = {str(opened).lower()})")
        assert browser.ask("document.documentElement.scrollWidth") == width
        assert browser.ask("document.body.scrollWidth") <= width
    browser.ask("document.getElementById('all-columns')?.click()")
    assert browser.ask("document.documentElement.scrollWidth") == width
    assert browser.ask("[...document.querySelectorAll('p, h1, h2, h3, li, dd, nav a, .filter > *')].filter("
                       f"e => e.getBoundingClientRect().right > {width} + 0.5).map(e => e.outerHTML)") == []
    asked = browser.asked_for()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == [] and len(asked) >= 1
    assert browser.complaints() == []


PLOTS = "[...document.querySelectorAll('.plot')]"


def test_on_a_phone_pictures_are_large_enough_and_say_that_they_scroll(browser, pages):
    """Drawn for 800 px with letters of 12: what is less than nine tenths of that could hardly be read."""
    browser.look(420)
    browser.open(pages["quick"])
    seen = browser.ask(PLOTS + """.map(p => [p.querySelector('svg').getBoundingClientRect().width,
        p.querySelector('div').scrollWidth - p.querySelector('div').clientWidth, p.querySelector('figcaption').offsetHeight,
        (p.querySelector('div').scrollLeft = 300, p.querySelector('div').scrollLeft)])""")
    assert len(seen) > 5
    for width, more, caption, scrolled in seen:
        assert width >= 0.9 * 800 and more > 300 and caption > 0 and scrolled == 300
    assert browser.ask("document.documentElement.scrollWidth") == 420


def test_on_a_desk_they_are_whole(browser, pages):
    browser.look(1400)
    browser.open(pages["quick"])
    for more, caption in browser.ask(PLOTS + """.map(p => [p.querySelector('div').scrollWidth -
            p.querySelector('div').clientWidth, p.querySelector('figcaption').offsetHeight])"""):
        assert (more, caption) == (0, 0)


def test_light_and_dark(browser, pages):
    shown = {}
    for dark in (False, True):
        browser.look(1400, dark=dark)
        browser.open(pages["quick"])
        shown[dark] = browser.ask("""[getComputedStyle(document.body).backgroundColor,
            getComputedStyle(document.body).color,
            ...new Set([...document.querySelectorAll('svg [style*="var(--ink)"]')].map(e => getComputedStyle(e).fill))]""")
    brightness = {dark: [sum(map(int, re.findall(r"\d+", c)[:3])) for c in colours if c.startswith("rgb")]
                  for dark, colours in shown.items()}
    assert brightness[False][0] > 700 > 300 > brightness[False][1]
    assert brightness[True][0] < 100 < 600 < brightness[True][1]
    assert len(shown[False]) > 2 and brightness[True][2] > 600 > brightness[False][2]  # the plots' ink follows


def column(browser, table, heading):
    """The figures of a column, those of each scenario by themselves."""
    return browser.ask(f"""(() => {{ const i = [...{table}.tHead.rows[0].cells].findIndex(
        c => c.textContent.trim() === {heading!r});
        return [...{table}.tBodies].map(b => [...b.rows].slice(1).map(r => r.cells[i]?.dataset.value)
            .map(v => v === undefined || v === "" ? null : Number(v))); }})()""")


@pytest.mark.parametrize("workload", ["gather", "semaphore"])  # the error row of semaphore stands in the middle
def test_a_click_sorts_within_each_scenario(quick, workload):
    table = TABLE.replace("gather", workload)
    before = column(quick, table, "CPU per call")
    head = f"[...{table}.querySelectorAll('th')].find(h => h.textContent.trim() === 'CPU per call')"
    for wanted, key in (("ascending", 1), ("descending", -1)):
        quick.ask(f"{head}.querySelector('button').click()")
        assert quick.ask(f"{head}.getAttribute('aria-sort')") == wanted
        after = column(quick, table, "CPU per call")
        assert [sorted(map(str, b)) for b in after] == [sorted(map(str, b)) for b in before]
        for scenario in after:
            figures = [v for v in scenario if v is not None]
            assert figures == sorted(figures, key=lambda v: key * v)
            assert scenario[:len(figures)] == figures  # rows without a figure come last
    assert before != after
    assert quick.ask(f"{table}.querySelectorAll('th[aria-sort=none]').length") > 3


def test_the_keyboard_sorts_too(quick):
    quick.ask(f"{TABLE}.querySelectorAll('.sort')[0].focus()")
    quick.press("TAB")
    quick.press("ENTER")
    assert quick.ask(f"{TABLE}.querySelectorAll('th')[1].getAttribute('aria-sort')") == "ascending"
    assert quick.ask(f"[...{TABLE}.tBodies[1].rows].slice(1).map(r => r.cells[1].textContent)") == sorted(
        quick.ask(f"[...{TABLE}.tBodies[1].rows].slice(1).map(r => r.cells[1].textContent)"))


def choose(browser, field, value):
    browser.ask(f"""(() => {{ const f = document.getElementById({field!r}); f.value = {value!r};
        f.dispatchEvent(new Event('input', {{bubbles: true}})); }})()""")


def test_rows_are_filtered_by_words_and_choices(quick):
    everything = quick.ask(f"{ROWS}.length")
    choose(quick, "model-wanted", "coroutines")
    models = quick.ask(f"[...new Set({ROWS}.map(r => r.dataset.model))]")
    assert models == ["coroutines"]
    choose(quick, "transport-wanted", "curl")
    choose(quick, "workload-wanted", "gather")
    choose(quick, "words-wanted", "COLD 100")
    assert quick.ask(f"{ROWS}.map(r => r.dataset.name)") == ["gather/coroutines/curl/calls:100/latency:20ms/start:cold"]
    assert quick.ask("document.getElementById('found').value") == f"1 of {everything} rows"
    assert quick.ask("document.querySelector('[data-workload=retry]').offsetParent") is None
    for field in ("model", "transport", "workload", "words"):
        choose(quick, f"{field}-wanted", "")
    assert quick.ask(f"{ROWS}.length") == everything
    assert quick.ask("document.getElementById('found').value") == ""


def test_all_columns_are_there_when_asked_for(quick):
    hidden = "[...document.querySelectorAll('th.more')].filter(h => !h.offsetParent).length"
    assert quick.ask(hidden) > 10
    quick.ask("document.getElementById('all-columns').click()")
    assert quick.ask(hidden) == 0


def test_every_section_that_is_linked_can_be_seen(quick):
    links = quick.ask("[...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.getAttribute('href').slice(1))")
    assert len(links) > 8
    for name in links:
        assert quick.ask(f"document.getElementById({name!r}).offsetHeight") > 0
