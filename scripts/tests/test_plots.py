"""Each plot is made from data, is left out without, and looks the same every time."""

import copy
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from fanbench_tools import plot_lines, plot_rows, plot_style, plot_timeline, plots
from fanbench_tools.results import from_rows
from fixtures.synthetic_data import CLAIMS, QUICK, row

EXPECTED = {
    "overview", "efficiency", "cpu_per_call", "cancel_latency",
    *(f"timeline_{w}" for w in ("gather", "semaphore", "first_completed", "retry")),
    *(f"latency_{w}" for w in ("gather", "semaphore", "first_completed", "retry")),
    *(f"{k}_{g}" for k in ("makespan", "cost", "memory") for g in ("gather", "semaphore_limit10", "first_completed")),
}


def quick():
    return from_rows(QUICK[0]["benchmarks"], QUICK[0]["context"])


def draw(figure):
    """Lays the figure out, so that its texts know where they stand."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure).draw()


def all_figures(results, records):
    verified = {c.name for c in results.cases if c.ok}
    return {name: f for name, _, _, f in plots._figures(results, [r for r in records if r["name"] in verified]) if f}


@pytest.fixture(scope="module")
def figures():
    return all_figures(quick(), QUICK[1])


@pytest.fixture(scope="module")
def drawn():
    return plots.draw_all(quick(), QUICK[1])


def test_quick_has_every_plot(drawn):
    assert {p.name for p in drawn} == EXPECTED


def test_the_files_are_pictures(drawn):
    for plot in drawn:
        assert plot.png.startswith(b"\x89PNG") and len(plot.png) > 10_000
        root = ET.fromstring(plot.svg)
        assert root.tag.endswith("svg") and len(list(root.iter())) > 50
        assert b"dc:date" not in plot.svg
        assert plot.alt


def test_the_same_data_give_the_same_bytes(drawn):
    again = {name: figure for name, _, _, figure in plots._figures(quick(), QUICK[1])}
    for plot in (p for p in drawn if p.name in ("overview", "efficiency", "timeline_gather", "latency_gather")):
        assert plot_style.render(again[plot.name]) == {"png": plot.png, "svg": plot.svg}


def test_no_text_is_cut_off(figures):
    for name, figure in figures.items():
        draw(figure)
        frame = figure.bbox
        for text in visible_texts(figure):
            box = text.get_window_extent()
            inside = box.x0 >= frame.x0 and box.x1 <= frame.x1 and box.y0 >= frame.y0 and box.y1 <= frame.y1
            assert inside, f"{name}: {text.get_text()!r} leaves the picture"


def test_tick_labels_do_not_overlap(figures):
    for name, figure in figures.items():
        draw(figure)
        for ax in figure.axes:
            for axis, sides in ((ax.xaxis, ("x0", "x1")), (ax.yaxis, ("y0", "y1"))):
                boxes = [t.get_window_extent() for t in axis.get_ticklabels() if t.get_text() and t.get_visible()]
                spans = sorted((getattr(b, sides[0]), getattr(b, sides[1])) for b in boxes)
                inside = [s for s in spans if s[1] > s[0]]
                assert all(a[1] < b[0] for a, b in zip(inside, inside[1:])), f"{name}: ticks overlap"


def visible_texts(figure):
    from matplotlib.text import Text

    shown = set()
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            shown |= {label for tick in axis.get_major_ticks() if not low <= tick.get_loc() <= high
                      for label in (tick.label1, tick.label2)}
    return [t for t in figure.findobj(Text) if t.get_visible() and t.get_text() and t not in shown]


def test_every_axis_with_ticks_says_its_unit(figures):
    for name, figure in figures.items():
        texts = " ".join(t.get_text() for t in visible_texts(figure))
        assert any(unit in texts for unit in ("µs", " ms", " s", "MB", "ideal / makespan")), name


def test_colours_and_markers_are_the_models_own():
    assert len({c for c, _ in plot_style.MODEL_STYLES.values()}) == len(plot_style.MODEL_STYLES)
    assert len({m for _, m in plot_style.MODEL_STYLES.values()}) == len(plot_style.MODEL_STYLES)
    assert plot_style.style_of("fibers") == plot_style.style_of("fibers")
    assert plot_style.style_of("fibers").colour not in {c for c, _ in plot_style.MODEL_STYLES.values()}
    assert plot_style.style_of("threads").colour == plot_style.style_of("threads", 10).colour
    assert plot_style.style_of("threads").fill != plot_style.style_of("threads", 10).fill


def test_a_number_of_workers_is_a_line_of_its_own():
    cases = quick().cases
    assert ("thread_pool", 10) in plot_style.series_of(cases) and ("thread_pool", None) in plot_style.series_of(cases)


def test_warm_and_cold_never_share_axes():
    rows = [row(f"gather/threads/native/calls:{n}/latency:20ms/start:{s}") for n in (1, 10) for s in ("warm", "cold")]
    groups = plot_lines.groups_over_calls(from_rows(rows, {}))
    assert [g.slug for g in groups] == ["gather", "gather_cold"]
    assert all(len({c.case.start for c in g.cases}) == 1 for g in groups)


def test_an_interval_is_drawn_only_over_rounds():
    name = "gather/threads/native/calls:{}/latency:20ms/start:warm"
    one = [row(name.format(n), repetition_index=0) for n in (1, 10)]
    many = one + [row(name.format(n), makespan_s=0.4) for n in (1, 10)]

    def lines(rows):
        results = from_rows(rows, {})
        group = plot_lines.groups_over_calls(results)[0]
        return len(plot_lines.makespan_over_calls(group, results.rounds).axes[0].lines)

    assert lines(many) == lines(one) + 2


@pytest.mark.parametrize("missing, gone", [
    ("makespan_s", {"makespan_gather", "overview"}), ("pss_bytes_per_call", {"memory_gather", "overview"}),
    ("efficiency", {"efficiency"}), ("cpu_us_per_call", {"cpu_per_call", "overview"}),
    ("latency_p50_us", {"latency_gather", "latency_retry"}), ("cancel_latency_us", {"cancel_latency"})])
def test_no_data_no_plot(missing, gone):
    rows = [r for r in QUICK[0]["benchmarks"] if "/coroutines/native/" in r["name"]]
    rows = [{k: v for k, v in r.items() if k != missing} for r in rows]
    names = set(all_figures(from_rows(rows, {}), []))
    assert not names & gone
    assert names < EXPECTED


def test_no_rows_no_plots():
    assert plots.draw_all(from_rows([], {}), []) == []


def test_errors_only_no_plots_not_even_of_their_records():
    rows = [row(r["name"], error_occurred=True, error_message="no") for r in QUICK[0]["benchmarks"]]
    assert plots.draw_all(from_rows(rows, {}), QUICK[1]) == []


def test_one_unknown_model_alone_is_drawn():
    rows = [row(f"gather/fibers/native/calls:{n}/latency:20ms/start:warm") for n in (1, 7)]
    assert {p.name for p in plots.draw_all(from_rows(rows, {}), [])} == {"efficiency", "makespan_gather"}


def test_nought_and_below_do_not_break_a_log_axis():
    name = "gather/threads/native/calls:{}/latency:20ms/start:warm"
    rows = [row(name.format(n), pss_bytes_per_call=b / n, cpu_us_per_call=0.0)
            for n, b in ((1, 0.0), (10, 5e5), (100, 9e5))]
    assert "memory_gather" in {p.name for p in plots.draw_all(from_rows(rows, {}), [])}


def test_many_numbers_of_calls_keep_apart():
    rows = [row(f"gather/threads/{transport}/calls:{n}/latency:20ms/start:warm") for transport in ("native", "curl")
            for n in (1, 2, 3, 5, 10, 100, 1000, 2000, 5000, 10000)]
    figure = all_figures(from_rows(rows, {}), [])["makespan_gather"]
    test_tick_labels_do_not_overlap({"makespan_gather": figure})


def test_the_timeline_takes_one_scenario_and_one_transport():
    chosen = plot_timeline.choose(QUICK[1])["gather"]
    assert len(chosen) == 5 and len({r["name"].split("/")[2] for r in chosen}) == 1
    assert [r["name"].split("/")[1] for r in chosen][:2] == ["coroutines", "threads"]


def test_a_timeline_survives_odd_calls():
    record = copy.deepcopy(QUICK[1][0])
    record["calls"][0] = {"id": 0}
    record["calls"][1] = "lost"
    record["calls"][2]["verdict"] = "timed_out"
    record["calls"][3] |= {"finished_us": -5}
    assert plot_timeline.timeline(plot_timeline.choose([record])["gather"]) is not None
    assert plot_timeline.choose([{**record, "calls": [1, {}]}]) == {}


def test_bars_of_neighbours_make_one_shape_without_gaps():
    spans = [(0, 0.0, 1.0), (1, 0.0, 2.0), (3, 0.0, 1.0)]
    assert len(plot_timeline._shapes(spans, gaps=True)) == 3
    joined = plot_timeline._shapes(spans, gaps=False)
    assert len(joined) == 2 and len(joined[0]) == 8


def test_files_are_written_and_stale_ones_removed(tmp_path, drawn):
    (tmp_path / "old.png").write_bytes(b"stale")
    (tmp_path / "notes.txt").write_text("mine")
    plots.write_all(drawn[:2], tmp_path)
    expected = {f"{plot.name}.{kind}" for plot in drawn[:2] for kind in ("png", "svg")}
    assert {p.name for p in tmp_path.iterdir()} == {"notes.txt", *expected}


def test_claims_draw_too():
    results = from_rows(CLAIMS[0]["benchmarks"], CLAIMS[0]["context"])
    figures = all_figures(results, [])
    assert "makespan_gather_connectionper_call" in figures
    test_no_text_is_cut_off(figures)


def test_matplotlib_is_not_loaded_before_it_is_needed():
    code = ("import sys; import fanbench_tools.results, fanbench_tools.plots, fanbench_tools.report; "
            "sys.exit('matplotlib' in sys.modules)")
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parent.parent)


def test_rows_show_the_scenario_that_most_models_share_and_the_largest():
    blocks = plot_rows._blocks(quick(), "efficiency")
    assert [b.scenario.workload for b in blocks] == [*["gather"] * 2, *["semaphore"] * 2, "first_completed", "retry"]
    assert [b.scenario.line for b in blocks[:2]] == ["100 calls · 20 ms · warm start",
                                                     "1,000 calls · 200 ms · warm start"]
