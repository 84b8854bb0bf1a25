"""The pages keep up with the code: a key, a field or a file that is new must be in them."""

import json
import re

import pytest

from fanbench_tools import checkout
from fanbench_tools.report.tables import cell, columns_of
from fixtures.synthetic_data import CATALOGUE, from_rows

PAGES = ("README.md", "impls/README.md", "bench/README.md", "bench/TUTORIAL.md", "bench/RANKS.md", "mock_server/README.md",
         "scripts/README.md", "scripts/GATE.md")


def text(path):
    return (checkout.ROOT / path).read_text()


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    here = (checkout.ROOT / page).parent
    for target in re.findall(r"\]\(([^)\s]+)\)", text(page)):
        path, _, anchor = target.partition("#")
        if path.startswith("http"):
            continue
        where = (here / path) if path else checkout.ROOT / page
        assert where.exists(), f"{page}: {target}"
        if anchor and where.suffix == ".md":
            headings = re.findall(r"^#+ (.+)$", where.read_text(), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}, f"{page}: {target}"


PATH = re.compile(r"(?:[\w.-]+/)+[\w.-]+\.(?:cpp|hpp|py|md|toml|json|txt|sh|css|js|j2|html|yml|yaml)")


@pytest.mark.parametrize("page", PAGES)
def test_paths_in_backticks_are_there(page):
    here = (checkout.ROOT / page).parent
    paths = [path for path in re.findall(r"`([^`\n]+)`", text(page)) if PATH.fullmatch(path)]
    assert [path for path in paths if not any((folder / path).exists() for folder in (here, checkout.ROOT))] == []


def test_the_table_has_a_cell_for_each_workload_and_model():
    """That has it: a model may begin with one workload."""
    for workload in CATALOGUE.workloads:
        row = next(line for line in text("README.md").splitlines() if line.startswith(f"| **[{workload}]"))
        for model in CATALOGUE.models:
            if not CATALOGUE.is_yardstick(model) and (checkout.ROOT / "impls" / model / f"{workload}.cpp").exists():
                code = text(f"impls/{model}/{workload}.cpp")
                cell = "n/a" if "// Not applicable" in code else "cpp"
                assert f"[{cell}](impls/{model}/{workload}.cpp)" in row


def test_the_readme_says_of_each_model_what_warm_means():
    table = text("README.md").split("<!-- warm -->")[1].split("<!-- /warm -->")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    assert rows == [f"| {m.name} | {m.ready} | {m.made} |" for m in CATALOGUE.models.values()]
    assert all(m.ready and m.made for m in CATALOGUE.models.values())


def test_the_readmes_figures_are_the_reference_runs():
    reference = json.loads((checkout.RESULTS / "reference" / "results.json").read_text())
    results = from_rows(reference["benchmarks"], reference["context"])
    shown = {(c.case.label, f"{c.case.scenario.calls:,}"): c for c in results.cases if c.name.startswith("gather/")
             and "/native/" in c.name and c.case.scenario.latency == "100ms" and c.case.scenario.get("start") == "warm"}
    columns = {column.figure.label.lower(): column for column in columns_of(CATALOGUE)}
    table = text("README.md").split("<!-- table -->")[1].split("<!-- /table -->")[0]
    head, _, *rows = ([c.strip() for c in line.strip("|").split("|")] for line in table.splitlines() if line[:1] == "|")
    assert len(rows) >= 6
    for model, calls, *cells in rows:
        case = shown[model, calls]
        assert cells == [cell(case, columns[heading.lower()])["text"] for heading in head[2:]], f"{model}, {calls} calls"
    caption = " ".join(table.split())
    assert f"medians of {results.rounds_words}" in caption and str(results.context["kernel"]) in caption


LIMIT_SCENARIOS = {
    "gather, 1,000": "gather/{}/native/calls:1000/latency:0ms/", "gather, 1,000 × 200 ms": "gather/{}/native/calls:1000/latency:200ms/",
    "gather, 10,000 × 200 ms": "gather/{}/native/calls:10000/latency:200ms/", "semaphore of 64, 5,000": "semaphore/{}/native/calls:5000/",
    "a million tasks": "semaphore/{}/native/calls:1000000/",
    "1,000 × 200 ms, libcurl": "gather/{}/curl/calls:1000/latency:200ms/", "10,000 × 200 ms, libcurl": "gather/{}/curl/calls:10000/latency:200ms/",
    "1,000 × 2 s, libcurl": "gather/{}/curl/calls:1000/latency:2s/", "10,000 × 2 s, libcurl": "gather/{}/curl/calls:10000/latency:2s/",
    "gather, one loop": "gather/{}/native/calls:2000/latency:0ms/start:warm/pin:", "two": "gather/{}/native/calls:2000/latency:0ms/start:warm/workers:2/",
    "semaphore, one loop": "semaphore/{}/native/calls:10000/latency:0ms/start:warm/limit:64/pin:",
    "two loops": "semaphore/{}/native/calls:10000/latency:0ms/start:warm/limit:64/workers:2/",
    "libcurl, one loop": "gather/{}/curl/calls:2000/latency:0ms/start:warm/pin:", "libcurl, two": "gather/{}/curl/calls:2000/latency:0ms/start:warm/workers:2/"}


def test_the_limit_pages_figures_are_its_reference_runs():
    """Of a table of its figures the heading over the first column is the figure's label, and the others are scenarios."""
    cases = []
    for run in "reference-limit", "reference-loops":
        reference = json.loads((checkout.RESULTS / run / "results.json").read_text())
        cases += from_rows(reference["benchmarks"], reference["context"]).cases
    labels = {f.label: f for f in CATALOGUE.figures.values()}
    tables = text("impls/LIMIT.md").split("<!-- figures -->")[1].split("<!-- /figures -->")[0].strip().split("\n\n")
    checked = 0
    for table in (t for t in tables if t.startswith("| ")):
        (label, *scenarios), _, *rows = ([c.strip() for c in line.strip("|").split("|")] for line in table.splitlines())
        for model, *cells in rows if label in labels else ():
            for scenario, shown in zip(scenarios, cells, strict=True):
                name = LIMIT_SCENARIOS[scenario].format(model)
                medians = [c.median(labels[label].name) for c in cases if c.name.startswith(name)]
                known = [labels[label].words(m) for m in medians if m is not None]
                assert [shown] == (known or ["–"]), f"{label}, {name}"
                checked += bool(known)
    assert checked > 50


def test_each_workload_has_its_page():
    pages = text("impls/README.md").split("\n### ")[1:]
    assert [page.split("\n")[0] for page in pages] == list(CATALOGUE.workloads)
    for page in pages:
        assert "**Rules.**" in page and "**What to look for**" in page


def test_each_key_of_a_suite_is_explained():
    page = text("bench/README.md")
    own = {key for workload in CATALOGUE.workloads.values() for key in workload.keys}
    assert len(own) > 10 and [key for key in own if f"| `{key}` |" not in page] == []
    assert [key for key in CATALOGUE.keys if f"`{key}`" not in page] == []


DATA = {"case", "status", "latency_tail"}  # what a row is of, what became of it, and what is no single number


def fields_of_the_page():
    """The fields that bench/README.md explains, each with the units that stand beside it."""
    rows = text("bench/README.md").split("\n## Rows")[1].split("\n## ")[0]
    fields = {}
    for line in rows.splitlines():
        if line.startswith("| `"):
            names, units = line.split(" | ")[:2]
            first, *others = re.findall(r"`(\w+)`", names)
            for name in (first, *others):  # `latency_p50_us`, `_p90_`
                part = name.strip("_").removesuffix("_us")
                fields[first.replace("_p50_", f"_{part}_") if name.startswith("_") else name] = units
    return fields


def test_the_fields_of_a_row_are_the_catalogues_figures():
    fields, figures = fields_of_the_page(), set(CATALOGUE.figures)
    assert len(figures) > 40
    assert figures - set(fields) == set(), "not in bench/README.md"
    assert set(fields) - set(CATALOGUE.figures) == DATA, "not in the catalogue"


def test_the_page_has_the_catalogues_units():
    units = {"us": "µs", "s": "s", "bytes": "bytes", "calls": "calls"}
    fields = fields_of_the_page()
    for figure in CATALOGUE.figures.values():
        said = fields.get(figure.name, "")
        for unit, word in units.items():
            if figure.unit == unit and figure.name in fields:
                assert word in said.split(", "), f"{figure.name}: {said}"
            elif said == word:
                assert figure.unit == unit, figure.name


def test_the_suites_in_the_pages_can_be_read():
    import tomllib

    for page in PAGES:
        for block in re.findall(r"```toml\n(.*?)```", text(page), re.DOTALL):
            assert tomllib.loads(block)["scenario"]
