"""The report holds every row, calls an error an error, and asks nothing of the network."""

import json
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from fanbench_tools.analysis import compare
from fanbench_tools.files import write_atomically
from fanbench_tools.report import comparison, pages, provenance, spreadsheet, tables
from fanbench_tools.results import table
from fanbench_tools.results.reader import ResultsError, load
from fixtures.synthetic_data import CATALOGUE, CLAIMS, PATTERNS, QUICK, folder, from_rows, row

NAME = "gather/coroutines/native/calls:10/latency:20ms/start:warm"


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    out = folder(tmp_path_factory.mktemp("quick"), QUICK)
    pages.write(out)
    return out


def small(rows, context=None):
    results = from_rows(rows, context or {})
    return pages.to_markdown(results, []), pages.to_html(results, [])


class Tags(HTMLParser):
    """Checks that tags are closed in order, and gathers ids and addresses."""

    VOID = {"meta", "link", "input", "br"}

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.addresses, self.names, self.seen, self.attributes = [], [], [], [], [], set()
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        self._attributes(dict(attrs))

    def handle_startendtag(self, tag, attrs):
        self.seen.append(tag)
        self._attributes(dict(attrs))

    def _attributes(self, attrs):
        self.attributes |= attrs.keys()
        self.ids += [attrs["id"]] if "id" in attrs else []
        self.names += [attrs["data-name"]] if "data-name" in attrs else []
        self.addresses += [attrs[k] for k in ("href", "src", "xlink:href") if k in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_all_files_are_there_and_nothing_half_written(quick):
    assert {"report.md", "report.html", "plots", "results.json"} <= {p.name for p in quick.iterdir()}
    assert not [p for p in quick.rglob(".*")]


def test_the_page_is_sound_and_stands_alone(quick):
    text = (quick / "report.html").read_text()
    tags = Tags(text)
    assert len(tags.ids) == len(set(tags.ids))
    assert all(a.startswith("#") or a == "data:," for a in tags.addresses)
    assert {a[1:] for a in tags.addresses if a.startswith("#")} <= set(tags.ids)
    assert not re.search(r"https?://|url\((?!#)|@import|<img", text)
    assert "prefers-color-scheme: dark" in text and 'name="viewport"' in text


def test_every_row_is_in_both_reports(quick):
    results = load(quick)
    assert Tags((quick / "report.html").read_text()).names == [c.name for c in results.cases]
    tables = re.findall(r"<summary>All rows of .*?</details>", (quick / "report.md").read_text(), re.DOTALL)
    lines = [line for table in tables for line in re.findall(r"^\| .* \| (?:native|curl) \|", table, re.MULTILINE)]
    assert len(lines) == len(results.cases)


def test_tables_in_markdown_have_their_columns(quick):
    width = None
    for line in (quick / "report.md").read_text().splitlines():
        cells = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else None
        assert width is None or cells is None or cells == width, line
        width = cells


def test_plots_in_markdown_exist(quick):
    names = re.findall(r"\]\((plots/[^)]+)\)", (quick / "report.md").read_text())
    assert len(names) > 10 and len(names) == len(set(names))
    assert all((quick / name).stat().st_size > 0 for name in names)


def test_errors_come_first_and_loud(quick):
    for text in ((quick / "report.md").read_text(), (quick / "report.html").read_text()):
        message = "expected at most 10 calls in flight, the server saw 11"
        picture = text.index("<svg" if "<svg" in text else "![")
        assert text.index("137 of 139 rows verified, 2 errors") < text.index(message) < picture


def test_an_error_row_shows_no_number():
    broken = row(NAME, makespan_s=0.123, error_message="expected <1> | got `2`")
    markdown, page = small([broken])
    assert "123" not in markdown and "123" not in page
    assert "**error**" in markdown and 'class="error"' in page
    assert r"expected \<1\> \| got \`2\`" in markdown and "expected &lt;1&gt; | got `2`" in page


def test_facts_are_not_errors():
    markdown, page = small([row(NAME, status="not_applicable", error_message="no race")])
    assert "Not applicable: coroutines / native: no race" in markdown and 'class="na"' in page
    assert "error" not in markdown


def test_a_run_cut_short_says_so():
    for text in small([row(NAME)], {"interrupted": True}):
        assert "The run was interrupted" in text
    for text in small([row(NAME)], {"interrupted": "false"}):
        assert "was interrupted" not in text


def test_no_rows_and_no_context_still_make_a_report(tmp_path):
    folder(tmp_path, ({"catalogue": CATALOGUE.document, "benchmarks": []}, []))
    pages.write(tmp_path)
    assert "No rows" in (tmp_path / "report.md").read_text()
    assert "No rows" in (tmp_path / "report.html").read_text()


def test_names_that_are_not_ours_are_listed():
    for text in small([row("BM_sort/1024")]):
        assert "BM_sort/1024" in text


EVIL = """'"><script>x()</script><img src=x onerror=x()>`|]](javascript:x())$\\frac{$--><!-- &amp;"""


def hostile(value):
    """The same document, with evil text wherever there is text that a stranger chose."""
    if isinstance(value, dict):
        return {k: v if k in KEPT else hostile(v) for k, v in value.items()}
    if isinstance(value, list):
        return [hostile(v) for v in value]
    return f"{value}{EVIL}" if isinstance(value, str) else value


KEPT = {"run_type", "status", "better", "unit", "name", "latency", "started", "date", "default", "phrase", "phrases"}


def of_a_stranger():
    """Each row's case, workloads, models and messages are evil, by the same names in catalogue, rows and records."""
    results, records = QUICK
    text = json.dumps({"catalogue": results["catalogue"], "benchmarks": results["benchmarks"]})
    names = ["gather", "coroutines", "threads", "native", "retry", "first_completed"]
    evil = json.dumps(EVIL)[1:-1]
    for name in names:
        text = re.sub(rf'"{name}"', lambda _: f'"../{name}{evil}"', text)
    document = json.loads(text)
    document["catalogue"] = hostile(document["catalogue"]) | {"transports": document["catalogue"]["transports"]}
    for r in document["benchmarks"]:
        r |= {"name": r["name"] + EVIL, "run_name": r["run_name"] + EVIL}
        r |= {"error_message": r["error_message"] + EVIL} if "error_message" in r else {}
    context = hostile({k: v for k, v in results["context"].items()}) | {EVIL: {EVIL: [EVIL, {EVIL: EVIL}]}}
    return ({**document, "context": context}, [r | {"name": r["name"] + EVIL} for r in records])


def test_a_strangers_results_stay_text(tmp_path):
    out = folder(tmp_path / "a" / "b", of_a_stranger())
    pages.write(out)
    results = load(out)
    assert len(results.cases) == len(load(folder(tmp_path / "c", QUICK)).cases) and results.unreadable_names == []
    both = compare.comparison(results, results, (EVIL, EVIL))
    for page in ((out / "report.html").read_text(), comparison.to_html(both)):
        tags = Tags(page)
        assert tags.seen.count("script") == 1 and "img" not in tags.seen
        assert tags.attributes & {"onerror", "onload", "onclick"} == set() and len(tags.ids) == len(set(tags.ids))
        assert all(a.startswith("#") or a == "data:," for a in tags.addresses)
    for text in ((out / "report.md").read_text(), comparison.to_markdown(both)):
        plain = re.sub(r"(?<!\\)`[^`\n]*(?<!\\)`|<summary>[^<]*</summary>", "", text)  # there nothing is markup
        assert not re.search(r"(?<!\\)<(?!/?(details|summary)>)", plain)
        assert not re.search(r"(?<!\\)\]\((?!plots/[\w-]+\.png\))", plain)
    drawn = sorted(p for p in tmp_path.rglob("*") if p.suffix in (".png", ".svg") and "plots" in p.parts)
    assert len(drawn) > 10 and {p.parent for p in drawn} == {out / "plots"}
    for path in (p for p in drawn if p.suffix == ".svg"):
        elements = {e.tag.rpartition("}")[2] for e in ElementTree.parse(path).iter()}
        assert "script" not in elements and "image" not in elements


def test_one_round_claims_no_spread():
    markdown, page = small([row(NAME)])
    assert "One round" in markdown and 'class="range"' not in page


def test_rounds_show_least_and_greatest():
    _, page = small([row(NAME, makespan_s=v) for v in (0.2, 0.3, 0.25)])
    assert "250 ms" in page and "200 to 300 ms" in page


CONTEXT = {
    "commit": "abc", "zebra": "stripes", "load_avg": [0.1, 0.2], "started": "2026-11-20T17:04:05", "date": "2026-11-20T17:04:07",
    "caches": [{"type": "Data", "level": 1, "size": 32768, "num_sharing": 2}], "cpu": "One CPU", "boost": "1.81",
    "kernel": "Linux 6.1", "client_cpus": "0", "flags": "-O2", "linker_flags": "", "descriptor_limit": "20000",
    "machine": {"cores": [0, 1], "cpu": "One CPU", "kernel": "Linux 6.1", "load_1m": 0.3, "client_cpus": [0], "flags": "-O3",
                "physical_cores": [[0], [1]], "libraries": {"boost": "1.81"}, "memory_bytes": 25e9, "stripes": {"of": 2},
                "limits": {"ports": {"count": 9, "by": "range"}, "tasks": [{"count": None, "by": "user"}],
                           "descriptors": {"count": 20000, "by": "RLIMIT_NOFILE"}}}}


def test_provenance_is_in_groups_and_each_thing_said_once():
    groups = provenance.provenance(CONTEXT)
    assert list(groups) == ["The run", "The programs", "The machine", "What it allows", "Besides"]
    lines = [line for group in groups.values() for line in group]
    for line in (("CPUs of this process", "0, 1"), ("Its physical cores", "0 | 1"), ("Ports", "9 (range)"),
                 ("Threads and processes", "no limit (user)"), ("Commit", "abc"), ("Memory", "25 GB"),
                 ("Load average at the start", "0.1, 0.2"), ("Caches", "L1 Data 32 KiB"), ("Linker's flags", "none"),
                 ("Descriptors", "20,000 (RLIMIT_NOFILE)"), ("Started", "2026-11-20T17:04:05")):
        assert lines.count(line) == 1, line
    for text in ("One CPU", "Linux 6.1", "1.81"):
        assert [value for _, value in lines].count(text) == 1
    assert not {"20000", "2026-11-20T17:04:07", "0.3"} & {value for _, value in lines}


def test_provenance_hides_neither_a_contradiction_nor_what_it_does_not_know():
    groups = provenance.provenance(CONTEXT)
    assert groups["The programs"][2:4] == [("Flags (machine.flags)", "-O3"), ("Linker's flags", "none")]
    assert groups["Besides"] == [("machine.stripes.of", "2"), ("zebra", "stripes")]
    markdown, page = small([row(NAME)], CONTEXT)
    assert "| Besides | |\n|---|---|\n| machine.stripes.of | 2 |\n| zebra | stripes |" in markdown
    assert "<td>zebra</td><td>stripes</td>" in page and page.count("<td>One CPU</td>") == 1


@pytest.mark.parametrize(("context", "cores"), [({"num_cpus": 4, "machine": {"cores": [0]}}, "4 cores"),
                                                ({"machine": {"cores": [0]}}, "1 core"), ({"machine": {}}, ""),
                                                ({"num_cpus": 2, "commit": "abc+changes"}, "2 cores · commit abc+changes")])
def test_the_headline_has_the_cores(context, cores):
    assert pages.headline({"date": "2026-11-20T17:04:05", **context}, "3 rounds") == " · ".join(
        filter(None, ("3 rounds", "2026-11-20 17:04", cores)))


def test_the_claims_table_comes_with_the_suite_claims_only():
    for text in small(CLAIMS[0]["benchmarks"], CLAIMS[0]["context"]):
        assert "What guides claim" in text and "does not hold" in text and "203 ms / 2.00 s / 20.0 s" in text
    for text in small(CLAIMS[0]["benchmarks"], {"suite": "quick"}):
        assert "What guides claim" not in text


def test_the_guides_own_language_is_beside_ours_where_it_was_measured():
    name = "gather/{}/calls:10000/latency:200ms/start:warm"
    rows = [row(name.format(system), in_flight_peak=10_000) for system in ("coroutines/native", "python_asyncio/own")]
    markdown, page = small(rows, {"suite": "seeds"})
    assert "| C++ here | verdict | Python, as the guides have it | verdict |" in markdown
    assert "Python, as the guides have it" in page and "Python: holds" in page and "C++: holds" in page
    assert "One loop handles" in page and "A million tasks" not in page  # of which it has nothing


def test_contestants_are_introduced():
    rows = [row(f"gather/{system}/calls:10/latency:200ms/start:warm") for system in ("go/own", "coroutines/native")]
    context = {"contestants": [{"name": "go", "language": "Go", "versions": "go1.19.8"}, {"name": "odd", "language": "Odd"}]}
    for text in small(rows, context):
        assert "go (Go): go1.19.8; odd (Odd)" in text
    assert "language and client together" in small(rows, context)[0]
    for text in small(rows[1:]):
        assert "language and client together" not in text


def test_a_second_report_is_the_same(tmp_path):
    rows = [row(NAME), row(NAME.replace("calls:10", "calls:100"))]
    folder(tmp_path, ({"catalogue": CATALOGUE.document, "benchmarks": rows}, []))
    pages.write(tmp_path)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    pages.write(tmp_path)
    assert len(before) > 3 and {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_columns_are_shown_only_where_a_workload_has_them():
    markdown, page = small(PATTERNS[0]["benchmarks"], PATTERNS[0]["context"])
    for text, ends in ((markdown, "\n## "), (page, "<h2")):
        sections = {part.split("\n")[0].rpartition(">")[2] if ends == "<h2" else part.split("\n")[0]: part
                    for part in text.replace("</h2>", "\n").split(ends)}
        having = {heading: {name for name in CATALOGUE.workloads if heading in sections[name]}
                  for heading in ("Time to cancel", "Wasted calls", "Loop lag, max", "Memory per task")}
        assert having == {"Time to cancel": {"task_group", "first_completed", "timeout"},
                          "Wasted calls": {"task_group", "first_completed", "timeout"}, "Loop lag, max": {"mixed"},
                          "Memory per task": {"semaphore", "worker_pool"}}
    assert page.count(">Timed out</button>") == 1 and "Timed out" not in markdown


def test_figures_that_tables_name_are_in_the_catalogue():
    named = {*tables._BRIEF, *tables._USUALLY_ZERO, *tables._OF_ALL_MODELS_OR_NONE, *spreadsheet._WITH_INTERVAL,
             *compare.FIGURES, *pages._DRAWN_FROM.values(), *(name for name, _, _ in table._COLUMNS)}
    assert named - set(CATALOGUE.figures) == set()
    assert [c.figure.name for c in tables.columns_of(CATALOGUE)][:3] == ["makespan_s", "efficiency",
                                                                          "client_overhead_us_per_call"]


def test_broken_results_leave_the_old_report_alone(tmp_path):
    (tmp_path / "report.md").write_text("old")
    (tmp_path / "results.json").write_text('{"benchmarks": [')
    with pytest.raises(ResultsError):
        pages.write(tmp_path)
    assert (tmp_path / "report.md").read_text() == "old" and not (tmp_path / "plots").exists()


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    target = tmp_path / "report.md"
    write_atomically(target, "old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError):
        write_atomically(target, "new")
    assert target.read_text() == "old" and list(tmp_path.iterdir()) == [target]


def rounds_of(name, **counters):
    """Three rounds of a row; a counter given as a tuple has a value for each."""
    return [row(name, repetition_index=i, **{k: v[i] if isinstance(v, tuple) else v for k, v in counters.items()})
            for i in range(3)]


def test_it_begins_with_which_model_for_what(quick):
    markdown, page = ((quick / name).read_text() for name in ("report.md", "report.html"))
    for text, heading in ((markdown, "## "), (page, "<h2")):
        first = text[text.index(heading):].split("\n")[0]
        assert "Which model for what" in first
    assert "**coroutines**: the next, " in markdown and "no number: processes" in markdown


def test_a_few_rounds_name_no_model():
    rows = [r for m in ("coroutines", "threads") for r in rounds_of(NAME.replace("coroutines", m), cpu_us_per_call=9.0)]
    for text in small([r for r in rows if r["repetition_index"] < 2]):
        assert "2 rounds: no model can be named" in text and "the next, " not in text
    for text in small(rows):
        assert "no model can be named" not in text and "not separated" in text
        assert "More rounds make the doubt smaller" in text


def test_a_run_that_counts_allocations_names_no_model():
    rows = [r for m in ("coroutines", "threads") for r in
            rounds_of(NAME.replace("coroutines", m), cpu_us_per_call=9.0, counts_allocations=1, allocations_per_call=3)]
    for text in small(rows):
        assert "its times are not comparable" in text and "within 10 % of the best" not in text


def test_marks_are_in_the_row_and_say_what_they_mean():
    markdown, page = small(rounds_of(NAME, noisy=(1, 0, 1), server_bound=1, other_load_cores=(0.4, 0.0, 0.5)))
    for text in (markdown, page):
        assert "noisy in 2 of 3 rounds" in text and "1 of 1 row: other programs used the machine" in text
        assert "the mock server was the bottleneck" in text
    assert '<span class="mark">server-bound</span>' in page
    for text in small(rounds_of(NAME, noisy=0, server_bound=0)):
        assert "noisy" not in text and "bottleneck" not in text
    rows = rounds_of(NAME, noisy=0) + rounds_of(NAME.replace("10/", "9/")) + rounds_of(NAME.replace("10/", "8/"))
    for text in small(rows):
        assert "0 of 1 row; 2 could not be judged: other programs" in text


def test_rows_with_fewer_calls_in_flight_say_so():
    names = [NAME.replace("coroutines", m).replace("10/", "1000/") for m in ("coroutines", "threads", "sequential")]
    rows = [r for n, p in zip(names, (1000, 602, 1)) for r in rounds_of(n, in_flight_peak=p, cpu_us_per_call=9.0)]
    markdown, page = small(rows)
    assert markdown.count("602 of 1,000 in flight") == 2 and "| threads, 602 of 1,000 in flight" not in markdown
    assert '<span class="mark">602 of 1,000 in flight</span>' in page and "not comparable" in page
    assert "1 of 1,000 in flight" not in markdown
    assert "602 of 1,000 in flight" in spreadsheet.to_csv(from_rows(rows, {}))


def test_what_warm_means_is_said_of_each_model_that_has_a_warm_case():
    markdown, html = small([row(NAME), row(NAME.replace("coroutines", "threads")),
                            row(NAME.replace("coroutines", "processes").replace("warm", "cold"))])
    said = {m.name: (m.ready, m.made) for m in CATALOGUE.models.values()}
    for model in ("coroutines", "threads"):
        assert "| {} | {} | {} |".format(model, *said[model]) in markdown and said[model][1] in html
    assert said["processes"][0] not in markdown + html


def test_the_first_screen_answers_the_question(quick):
    markdown, page = ((quick / name).read_text() for name in ("report.md", "report.html"))
    for text, picture in ((markdown, "![makespan, client's CPU"), (page, "<svg")):
        places = [text.index(x) for x in ("Does the time differ?", "What does it cost?", "What limits it?",
                                          "Which model, then?", picture, "Which model for what")]
        assert places == sorted(places)
    told = re.findall(r"^- \*\*(.*\?)\*\* (.*)$", markdown, re.MULTILINE)
    assert len(told) == 4 and all(answer for _, answer in told)
    limits = dict(told)["What limits it?"]  # each comparison's, and of what kind
    assert sum(map(int, re.findall(r" in (\d+)", limits))) == int(re.search(r" of (\d+)", limits)[1])


def test_the_head_counts_marked_rows_as_the_terminal_does():
    rows = rounds_of(NAME, noisy=(1, 0, 1), server_bound=0) + rounds_of(NAME.replace("10/", "9/"), noisy=0, server_bound=0)
    markdown, page = small(rows)
    assert "**2 of 2 rows verified.**\n\nnoisy: 1 of 2 rows.\n" in markdown
    assert '2 of 2 rows verified · <a href="#marks">noisy</a>: 1 of 2 rows</p>' in page
    for text in small(rounds_of(NAME, noisy=0, server_bound=0)):
        assert "noisy" not in text


def test_an_interval_is_called_what_it_covers():
    for rounds, called in ((3, "least to greatest of 3 rounds, which has the true median in it in 75 % of cases"),
                           (10, "2nd least to 2nd greatest of 10 rounds, which has the true median in it in 97 %")):
        rows = [row(NAME, repetition_index=i, makespan_s=0.2 + i / 100) for i in range(rounds)]
        _, page = small(rows)
        assert called in page and "95 %" not in page and "200 to 2" in page.replace("210 to", "200 to")


def test_what_is_not_measured_has_no_column():
    _, page = small(rounds_of(NAME, syscalls_per_call=2.0, late_start_p99_us=40.0))
    assert ">System calls per call</button>" in page and ">Late start, p99</button>" in page
    for absent in ("Allocations per call", "Waits per call", "Late start, p50", "p99 from start"):
        assert f">{absent}</button>" not in page


def test_the_interval_of_the_median_and_the_rounds_are_in_each_row():
    _, page = small(rounds_of(NAME, makespan_s=(0.2, 0.3, 0.25)))
    assert re.search(r"250 ms<span class=\"range\">200 to 300 ms</span>", page) and "<td>3 ✓</td>" in page


def test_model_and_client_are_set_apart():
    rows = [r for model, transport, cpu in (("floor", "native", 5.0), ("coroutines", "native", 8.0),
                                            ("coroutines", "curl", 50.0))
            for r in rounds_of(f"gather/{model}/{transport}/calls:10/latency:20ms/start:warm", cpu_us_per_call=cpu)]
    markdown, page = small(rows)
    assert "| coroutines | 8.0 µs | 5.0 µs | 3.0 µs | 42 µs | 50 µs |" in markdown
    assert "native − floor" in page and "42 µs" in page
    markdown, page = small([r for r in rows if "floor" not in r["name"]])
    assert "| coroutines | 8.0 µs | 42 µs | 50 µs |" in markdown and "floor" not in page.lower().split("</style>")[1]


def test_the_memory_of_one_call_more():
    rows = [r for n in (1, 10, 100) for r in rounds_of(
        f"gather/threads/native/calls:{n}/latency:20ms/start:warm", pss_bytes_per_call=(1e6 + 13e3 * n) / n)]
    for text in small(rows):
        assert "13 KB" in text.split("Memory of one call more")[-1] and "1 to 100 calls" in text
    for text in small([r for r in rows if "calls:100/" not in r["name"]]):
        assert "Memory of one call more" not in text


def test_the_harness_says_what_it_costs():
    for text in small(rounds_of(NAME, cpu_us_per_call=8.0, recording_us_per_call=0.08)):
        assert "the harness's own records are 0.08 µs, 1.0 %" in text.replace("&#39;", "'")
    for text in small(rounds_of(NAME, cpu_us_per_call=8.0)):
        assert "own records are" not in text


def test_many_errors_do_not_bury_the_report():
    rows = [row(NAME.replace("10/", f"{n}/"), error_message=f"lost {n}") for n in range(9)]
    _, page = small(rows)
    assert "0 of 9 rows verified, 9 errors" in page and "and 4 more" in page
    assert all(f"</code>: lost {n}</li>" in page for n in range(9))


def test_the_yardstick_has_no_tasks_and_hides_no_column_of_them():
    names = [f"semaphore/{model}/native/calls:100/latency:0ms/start:warm/limit:8" for model in ("floor", "coroutines")]
    markdown, _ = small([row(names[0]), row(names[1], tasks_peak=100, bytes_per_task=700)])
    assert "Memory per task" in markdown and "| 700 B |" in markdown
