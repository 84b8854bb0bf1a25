"""The pages keep up with the code: a key, a field or a file that is new must be in them."""

import re

import pytest

from fanbench_tools import checkout
from fanbench_tools.results import wording
from fanbench_tools.report.tables import COLUMNS, cell
from fanbench_tools.results.reader import MODELS, load

PAGES = ("README.md", "impls/README.md", "bench/README.md", "mock_server/README.md", "scripts/GATE.md")


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


def test_the_table_has_a_cell_for_each_workload_and_model():
    for workload in wording.WORKLOADS:
        row = next(line for line in text("README.md").splitlines() if line.startswith(f"| **[{workload}]"))
        for model in MODELS:
            if model != "floor":
                code = text(f"impls/{model}/{workload}.cpp")
                cell = "n/a" if "// Not applicable" in code else "cpp"
                assert f"[{cell}](impls/{model}/{workload}.cpp)" in row


def test_the_readmes_figures_are_the_reference_runs():
    results = load(checkout.RESULTS / "reference")
    shown = {(c.case.label, f"{c.case.scenario.calls:,}"): c for c in results.cases if c.name.startswith("gather/")
             and "/native/" in c.name and c.case.scenario.latency == "200ms" and c.case.scenario.get("start") == "warm"}
    columns = {column.heading.lower(): column for column in COLUMNS}
    table = text("README.md").split("<!-- table -->")[1].split("<!-- /table -->")[0]
    head, _, *rows = ([c.strip() for c in line.strip("|").split("|")] for line in table.splitlines() if line[:1] == "|")
    assert len(rows) >= 6
    for model, calls, *cells in rows:
        case = shown[model, calls]
        assert cells == [cell(case, columns[heading.lower()])["text"] for heading in head[2:]], f"{model}, {calls} calls"
    caption = " ".join(table.split())
    assert f"medians of {results.rounds} rounds" in caption and str(results.context["kernel"]) in caption


def test_each_workload_has_its_page():
    pages = text("impls/README.md").split("\n### ")[1:]
    assert [page.split("\n")[0] for page in pages] == list(wording.WORKLOADS)
    for page in pages:
        assert "**Rules.**" in page and "**What to look for**" in page


def test_each_key_of_a_suite_and_each_field_of_a_row_is_explained():
    page = text("bench/README.md")
    code = text("bench/suite.cpp")
    keys = re.findall(r'\{"(\w+)", \{"', code[code.index("own_keys = {{"):code.index("}};", code.index("own_keys"))])
    assert len(keys) > 10 and [key for key in keys if f"| `{key}` |" not in page] == []
    code = text("bench/measurement.cpp")
    fields = re.findall(r'(?:[{\[(])"(\w+)"', code[code.index("counters() const"):])
    short = {field: re.sub(r"^(latency|from_start|late_start|loop_lag)(?=_(?!p50))", "", field) for field in fields}  # `_p90_` after the first
    assert len(fields) > 20 and [f for f, s in short.items() if f not in page and s.replace("_us", "_") not in page] == []


def test_the_suites_in_the_pages_can_be_read():
    import tomllib

    for page in PAGES:
        for block in re.findall(r"```toml\n(.*?)```", text(page), re.DOTALL):
            assert tomllib.loads(block)["scenario"]
