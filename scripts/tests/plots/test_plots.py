"""Each plot is made from data, is left out without, and looks the same every time."""

import copy
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from fanbench_tools.plots import by_model, client_cost, drawing, over_calls, overhead, style, timeline
from fanbench_tools.results import catalogue
from fixtures.synthetic_data import CATALOGUE, CLAIMS, PATTERNS, QUICK, from_rows, of_name, row

EXPECTED = {
    "overview", "efficiency", "cpu_per_call", "cancel_latency", "model_and_client",
    *(f"timeline_{w}" for w in ("gather", "semaphore", "first_completed", "retry")),
    *(f"latency_{w}" for w in ("gather", "semaphore", "first_completed", "retry")),
    *(f"{k}_{g}" for k in ("makespan", "cost", "overhead", "memory")
      for g in ("gather", "semaphore_limit10", "first_completed")),
}


def quick():
    return from_rows(QUICK[0]["benchmarks"], QUICK[0]["context"])


def draw(figure):
    """Lays the figure out, so that its texts know where they stand."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure).draw()


def all_figures(results, records):
    return {name: f for name, _, _, f in drawing._figures(results, records) if f}


@pytest.fixture(scope="module")
def figures():
    return all_figures(quick(), QUICK[1])


@pytest.fixture(scope="module")
def drawn():
    return drawing.draw_all(quick(), QUICK[1])


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
    again = {name: figure for name, _, _, figure in drawing._figures(quick(), QUICK[1])}
    for plot in (p for p in drawn if p.name in ("overview", "efficiency", "timeline_gather", "latency_gather")):
        assert style.render(again[plot.name]) == {"png": plot.png, "svg": plot.svg}


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


def look(model):
    return style.look_of(model, CATALOGUE)


def test_colours_and_markers_are_the_models_own():
    looks = [look(model) for model in (*CATALOGUE.models, "fibers") if model != "floor_uring"]  # a floor like floor
    assert len({colour for colour, _ in looks}) == len({marker for _, marker in looks}) == len(looks)
    assert look("fibers") == look("fibers") and look("coroutines") == ("#0072B2", "o")
    plain, ten = (of_name(f"gather/thread_pool/native/calls:9{tail}") for tail in ("", "/workers:10"))
    assert style.style_of(plain).colour == style.style_of(ten).colour
    assert style.style_of(plain).fill != style.style_of(ten).fill


def test_models_that_came_later_take_no_others_look():
    models = [{"name": name} for name in ("coroutines", "callbacks", "uring", "threads", "thread_pool", "tbb", "processes",
                                          "sequential")]
    with_it = catalogue.read(CATALOGUE.document | {"models": [{"name": "floor", "yardstick": True}, *models]})
    assert [style.look_of(m["name"], with_it)[0] for m in models] == [
        "#0072B2", "#44AA99", "#882255", "#D55E00", "#E69F00", "#56B4E9", "#009E73", "#CC79A7"]
    assert style.look_of("floor", with_it) == look("floor") == style.YARDSTICK_STYLE


def test_a_number_of_workers_is_a_line_of_its_own():
    cases = quick().cases
    assert ("thread_pool", 10) in style.series_of(cases) and ("thread_pool", None) in style.series_of(cases)


def test_costs_are_shown_at_the_latency_with_the_most_rows():
    def rows(transports, text):
        return [row(f"gather/threads/{t}/calls:{n}/latency:{text}/start:warm", cpu_us_per_call=9.0) for t in transports for n in (10, 100)]

    def shown(*groups):
        (group,) = over_calls.groups_over_calls(from_rows(sum(groups, []), {}))
        return group.widest

    both = ("native", "curl")
    assert shown(rows(both, "20ms"), rows(both, "1s")) == "1s"  # of equals the longest
    assert shown(rows(both, "20ms"), rows(("curl",), "1s")) == "20ms"
    assert shown(rows(both, "20ms"), rows(("curl",), "1s"), [row("gather/threads/curl/calls:1000/latency:1s/start:warm")]) == "1s"


def test_warm_and_cold_never_share_axes():
    rows = [row(f"gather/threads/native/calls:{n}/latency:20ms/start:{s}") for n in (1, 10) for s in ("warm", "cold")]
    groups = over_calls.groups_over_calls(from_rows(rows, {}))
    assert [g.slug for g in groups] == ["gather", "gather_cold"]
    assert all(len({c.case.start for c in g.cases}) == 1 for g in groups)


def test_an_interval_is_drawn_only_over_rounds():
    name = "gather/threads/native/calls:{}/latency:20ms/start:warm"
    one = [row(name.format(n), repetition_index=0) for n in (1, 10)]
    many = one + [row(name.format(n), makespan_s=0.4) for n in (1, 10)]

    def lines(rows):
        results = from_rows(rows, {})
        group = over_calls.groups_over_calls(results)[0]
        return len(over_calls.makespan_over_calls(group).axes[0].lines)

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


def test_rows_with_fewer_calls_in_flight_are_marked():
    name = "gather/{}/native/calls:{}/latency:20ms/start:warm"
    rows = [row(name.format(m, n), repetition_index=i, cpu_us_per_call=9.0, in_flight_peak=p, client_overhead_us_per_call=9.0,
                pss_bytes_per_call=9.0)
            for m, few in (("coroutines", 1000), ("threads", 602)) for n, p in ((10, 10), (1000, few)) for i in range(3)]
    results = from_rows(rows, {})
    figures = all_figures(results, [])
    rings = [line for ax in figures["overview"].axes for line in ax.lines if line.get_markersize() == 11]
    assert [line.get_xdata()[0] > 990 for line in rings] == [True] * 4
    assert any("Ringed" in t and "threads / native 602 of 1,000 in flight." in t for t in texts_and_note(figures["overview"]))
    cpu = texts_and_note(figures["cpu_per_call"])
    assert cpu.count("9.0*") == 1 and any("*: others" in t and "602 of 1,000 in flight" in t for t in cpu)
    full = all_figures(from_rows([r | {"in_flight_peak": 5} for r in rows], {}), [])
    assert not any("Ringed" in t for t in texts_and_note(full["overview"])) and "9.0*" not in texts_and_note(full["cpu_per_call"])


@pytest.mark.parametrize(("watched_in", "note"), [((0,), "Memory is watched in the first round; of few calls it is mostly"),
                                                  ((0, 1, 2), "Memory of few calls is mostly")])
def test_what_is_watched_in_one_round_is_said_to_be(watched_in, note):
    rows = [row(f"gather/{m}/native/calls:{n}/latency:20ms/start:warm", repetition_index=i, cpu_us_per_call=9.0,
                client_overhead_us_per_call=9.0, **({"pss_bytes_per_call": 9.0} if i in watched_in else {}))
            for m in ("coroutines", "threads") for n in (10, 100) for i in range(3)]
    assert any(note in t for t in texts_and_note(all_figures(from_rows(rows, {}), [])["overview"]))


def texts_and_note(figure):
    """With the lines that the note was broken into put together."""
    import matplotlib.text

    note = sorted(figure.texts, key=lambda t: -t.get_position()[1])
    return [t.get_text().replace("\u00a0", " ") for t in figure.findobj(matplotlib.text.Text)] + [
        " ".join(t.get_text() for t in note).replace("\u00a0", " ")]


def test_no_rows_no_plots():
    assert drawing.draw_all(from_rows([], {}), []) == []


def test_errors_only_no_plots_not_even_of_their_records():
    rows = [row(r["name"], error_message="no") for r in QUICK[0]["benchmarks"]]
    assert drawing.draw_all(from_rows(rows, {}), QUICK[1]) == []


def test_one_unknown_model_alone_is_drawn():
    rows = [row(f"gather/fibers/native/calls:{n}/latency:20ms/start:warm") for n in (1, 7)]
    assert {p.name for p in drawing.draw_all(from_rows(rows, {}), [])} == {"efficiency", "makespan_gather"}


def test_nought_and_below_do_not_break_a_log_axis():
    name = "gather/threads/native/calls:{}/latency:20ms/start:warm"
    rows = [row(name.format(n), pss_bytes_per_call=b / n, cpu_us_per_call=0.0)
            for n, b in ((1, 0.0), (10, 5e5), (100, 9e5))]
    assert "memory_gather" in {p.name for p in drawing.draw_all(from_rows(rows, {}), [])}


def test_many_numbers_of_calls_keep_apart():
    rows = [row(f"gather/threads/{transport}/calls:{n}/latency:20ms/start:warm") for transport in ("native", "curl")
            for n in (1, 2, 3, 5, 10, 100, 1000, 2000, 5000, 10000)]
    figure = all_figures(from_rows(rows, {}), [])["makespan_gather"]
    test_tick_labels_do_not_overlap({"makespan_gather": figure})


def choose(records):
    return timeline.choose(records, {r["name"]: of_name(r["name"]) for r in records})


def test_the_timeline_takes_one_scenario_and_one_transport():
    chosen = choose(QUICK[1])["gather"]
    assert len(chosen) == 5 and len({case.transport for case, _ in chosen}) == 1
    assert [case.model for case, _ in chosen][:2] == ["coroutines", "threads"]


def test_a_timeline_survives_odd_calls():
    record = copy.deepcopy(QUICK[1][0])
    record["calls"][0] = {"id": 0}
    record["calls"][1] = "lost"
    record["calls"][2]["verdict"] = "timed_out"
    record["calls"][3] |= {"finished_us": -5}
    assert timeline.timeline(choose([record])["gather"]) is not None
    assert choose([{**record, "calls": [1, {}]}]) == {}


def test_bars_of_neighbours_make_one_shape_without_gaps():
    spans = [(0, 1.0, 0.0, 1.0), (1, 1.0, 0.0, 2.0), (3, 1.0, 0.0, 1.0)]
    assert len(timeline._shapes(spans, gaps=True)) == 3
    joined = timeline._shapes(spans, gaps=False)
    assert len(joined) == 2 and len(joined[0]) == 8


def test_files_are_written_and_stale_ones_removed(tmp_path, drawn):
    (tmp_path / "old.png").write_bytes(b"stale")
    (tmp_path / "notes.txt").write_text("mine")
    drawing.write_all(drawn[:2], tmp_path)
    expected = {f"{plot.name}.{kind}" for plot in drawn[:2] for kind in ("png", "svg")}
    assert {p.name for p in tmp_path.iterdir()} == {"notes.txt", *expected}


def test_claims_draw_too():
    results = from_rows(CLAIMS[0]["benchmarks"], CLAIMS[0]["context"])
    figures = all_figures(results, [])
    assert "makespan_gather_connectionper_call" in figures
    test_no_text_is_cut_off(figures)


def test_matplotlib_is_not_loaded_before_it_is_needed():
    code = ("import sys; import fanbench_tools.results.reader, fanbench_tools.plots.drawing, fanbench_tools.report.pages; "
            "sys.exit('matplotlib' in sys.modules)")
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


def test_rows_show_the_scenario_that_most_models_share_and_the_largest():
    blocks = by_model.blocks_of(quick(), "efficiency")
    assert [b.scenario.workload for b in blocks] == [*["gather"] * 2, "first_completed", *["semaphore"] * 2, "retry"]
    assert [b.scenario.line for b in blocks[:2]] == ["100 calls · 20 ms · warm start",
                                                     "1,000 calls · 200 ms · warm start"]


# -- All workloads -----------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def patterns():
    """The figures of a run of all workloads, each laid out."""
    found = all_figures(from_rows(PATTERNS[0]["benchmarks"], PATTERNS[0]["context"]), PATTERNS[1])
    for figure in found.values():
        draw(figure)
    return found


def timelines(workload):
    """What is drawn of each fan-out of a workload, and the number of its panels."""
    chosen = choose([r for r in PATTERNS[1] if r["name"].startswith(workload + "/")])
    return {name: timeline.timeline(records) for name, records in chosen.items()}


def texts(figure):
    return [t.get_text() for t in visible_texts(figure)]


def test_all_workloads_fit(patterns):
    test_no_text_is_cut_off(patterns)
    test_tick_labels_do_not_overlap(patterns)


def pages_of(name, figures):
    return [figure for found, figure in figures.items() if re.fullmatch(rf"{name}(_\d+)?", found)]


def test_all_workloads_are_pages_which_name_each_model_once(patterns):
    for name in ("efficiency", "cpu_per_call"):
        pages = pages_of(name, patterns)
        assert len(pages) == 2
        for page in pages:
            assert page.get_size_inches()[1] < 14
            assert texts(page).count("thread_pool") == 1
        workloads = [text for page in pages for text in texts(page) if text in CATALOGUE.workloads]
        assert workloads == list(CATALOGUE.workloads)
    assert any("(2 of 2)" in text for text in texts(patterns["efficiency_2"]))


def test_texts_beside_the_blocks_keep_apart(patterns):
    for figure in (page for name in ("efficiency", "cpu_per_call") for page in pages_of(name, patterns)):
        beside = [t for t in visible_texts(figure) if t.get_window_extent().x1 < 1.8 * style.DPI]
        spans = sorted((t.get_window_extent().y0, t.get_window_extent().y1) for t in beside)
        assert len(spans) > 24 and all(a[1] <= b[0] + 1 for a, b in zip(spans, spans[1:]))


def test_texts_beside_blocks_of_one_row_keep_apart():
    rows = [row(f"w{i}/coroutines/native/calls:10/latency:20ms") for i in range(9)]
    figure = by_model.efficiency(from_rows(rows, {}))
    draw(figure)
    test_texts_beside_the_blocks_keep_apart({"efficiency": figure, "cpu_per_call": figure})


def test_a_few_workloads_name_the_model_in_each_row(figures):
    assert texts(figures["efficiency"]).count("threads") == 6


def test_a_block_that_was_not_run_over_a_client_says_so_once():
    rows = [row(f"{w}/{m}/native/calls:9") for w in ("gather", "retry") for m in ("coroutines", "threads")]
    figure = by_model.efficiency(from_rows([*rows, row("gather/threads/curl/calls:9")], {}))
    assert texts(figure).count("not run") == 2  # gather by coroutines, and all of retry


def test_time_to_cancel_is_shown_for_all_who_cancel(patterns):
    assert {"task_group", "first_completed", "timeout"} <= set(texts(patterns["cancel_latency"]))


def test_the_figure_beside_the_last_point_of_a_long_axis_is_not_cut_off():
    rows = [row(f"task_group/threads/{t}/calls:9", cancel_latency_us=us) for t, us in (("native", 0.9), ("curl", 1450))]
    test_no_text_is_cut_off({"cancel_latency": by_model.cancel_latency(from_rows(rows, {}))})


def test_the_loop_lag_of_work_inline_and_offloaded_stand_side_by_side(patterns):
    figure = patterns["loop_lag_mixed"]
    assert len(figure.axes) == 2 and {"p50", "p99", "max", "190 ms", "900 µs"} <= set(texts(figure))
    inline, offload = figure.axes
    assert [len([t for t in ax.texts if t.get_text() == "190 ms"]) for ax in (inline, offload)] == [6, 0]
    assert [n for n in patterns if n.startswith("loop_lag")] == ["loop_lag_mixed"]


def test_the_loop_lag_over_one_client_alone_says_which():
    rows = [r for r in PATTERNS[0]["benchmarks"] if r["name"].startswith("mixed/") and "/curl/" in r["name"]]
    found = " ".join(texts(by_model.loop_lag(from_rows(rows, {}), "mixed"))).replace("\u00a0", " ")
    assert "curl client" in found and "native" not in found


def test_without_ticks_no_loop_lag():
    rows = [row(f"mixed/threads/native/calls:9/cpu_per_call:1ms/placement:{p}") for p in ("inline", "offload")]
    assert by_model.loop_lag(from_rows(rows, {}), "mixed") is None


def test_kinds_of_a_workload_have_a_timeline_each():
    assert list(timelines("pipeline")) == ["pipeline_barrier", "pipeline_streamed"]
    assert list(timelines("timeout")) == ["timeout_call", "timeout_group"]
    assert list(timelines("semaphore")) == ["semaphore"]


def test_a_call_that_needs_another_waits_from_its_intended_start():
    call = {"intended_us": 5e3, "started_us": 7e3, "finished_us": 9e3, "verdict": "ok", "attempts": 1}
    assert timeline._times(call) == (0.005, 0.007, 0.009)
    figure = timelines("pipeline")["pipeline_streamed"]
    firsts = [min(x for x, _ in path.vertices) for c in figure.axes[0].collections for path in c.get_paths()]
    assert min(firsts) == 0 and max(firsts) > 100  # ms: the picture's unit


def test_a_call_that_was_never_begun_only_waits():
    call = {"intended_us": 0.0, "started_us": 0.0, "finished_us": 9e3, "verdict": "cancelled", "attempts": 0}
    assert timeline._times(call) == (0.0, 0.009, 0.009)
    found = texts(timelines("task_group")["task_group"])
    assert "waiting to start" in found and any("cancelled before they began" in t.replace("\n", " ") for t in found)


def attempts(*made):
    return [{"verdict": verdict, "started_us": begin * 1e3, "finished_us": end * 1e3} for verdict, begin, end in made]


def call_of(made, **other):
    return {"id": 0, "intended_us": 0.0, "started_us": made[0]["started_us"], "verdict": "ok", "attempts": len(made),
            "finished_us": max(a["finished_us"] for a in made), "made": made, **other}


def test_attempts_are_bars_of_their_own_with_the_waits_between():
    call = call_of(attempts(("http_error", 1, 5), ("http_error", 20, 24), ("ok", 60, 70)))
    assert [(kind, round(begin, 6), round(end, 6)) for _, kind, begin, end in timeline._parts(call) if end > begin] == [
        ("waiting", 0, 0.001), ("failed", 0.001, 0.005), ("waiting", 0.005, 0.02), ("failed", 0.02, 0.024),
        ("waiting", 0.024, 0.06), ("ok", 0.06, 0.07)]
    assert timeline._parts({**call, "made": [{"verdict": "ok"}]}) == [(0, "waiting", 0.0, 0.001), (0, "ok", 0.001, 0.07)]


def test_two_copies_at_once_share_the_row_of_their_call():
    call = call_of(attempts(("cancelled", 0, 70), ("ok", 50, 70)))
    assert timeline._parts(call) == [(-1, "cancelled", 0.0, 0.07), (1, "ok", 0.05, 0.07)]
    name = "gather/threads/native/calls:1/latency:20ms/start:warm"
    found = " ".join(texts(timeline.timeline(choose([{"name": name, "calls": [call]}])["gather"]))).replace("\n", " ")
    assert "attempt that was cancelled" in found and "a call was made twice at once" in found


def test_events_of_streams_are_marked_where_they_came():
    call = call_of(attempts(("ok", 0, 70)), events_us=[30e3, 50e3, 70e3])
    del call["made"]
    name = "gather/threads/native/calls:1/latency:20ms/start:warm"
    figure = timeline.timeline(choose([{"name": name, "calls": [call]}])["gather"])
    assert [list(line.get_xdata()) for line in figure.axes[0].lines if line.get_marker() == "|"] == [[30.0, 50.0, 70.0]]
    assert "event" in texts(figure)
    assert timeline._events({"events_us": ["x"]}) == [] == timeline._events({"events_us": 5})


def test_moments_are_lines_in_all_panels_and_named_once():
    call = call_of(attempts(("ok", 0, 70)))
    records = [{"name": f"gather/{model}/native/calls:1/latency:20ms/start:warm", "calls": [call],
                "moments": [{"what": "SIGTERM", "at_us": 20e3}, {"what": "end of the grace", "at_us": 60e3}]}
               for model in ("coroutines", "threads")]
    figure = timeline.timeline(choose(records)["gather"])
    assert [[line.get_xdata()[0] for line in ax.lines if line.get_color() == style.RED] for ax in figure.axes] == [
        [20.0, 60.0]] * 2
    assert texts(figure).count("SIGTERM") == 1 and texts(figure).count("end of the grace") == 1
    assert timeline.timeline(choose([{**records[0], "moments": [{"what": "odd"}]}])["gather"]) is not None


def test_calls_that_time_out_are_marked_as_such():
    found = texts(timelines("timeout")["timeout_call"])
    assert "call that timed out" in found and "call that failed" not in found


def test_the_makespan_of_computing_alone_has_no_delay_in_words():
    rows = [row(f"cpu/threads/native/calls:{n}/latency:200ms/start:warm/cpu_per_call:10ms") for n in (1, 10)]
    found = " ".join(texts(all_figures(from_rows(rows, {}), [])["makespan_cpu_cpu_per_call10ms"]))
    assert "10 ms of work each" in found.replace("\u00a0", " ") and "per call" not in found


def with_floor(transports=("native", "curl")):
    return [row(f"gather/{model}/{t}/calls:{n}/latency:20ms/start:warm", cpu_us_per_call=cpu, client_overhead_us_per_call=cpu,
                pss_bytes_per_call=1e4)
            for n in (10, 100) for model, cpu in (("floor", 5.0), ("coroutines", 8.0), ("threads", 50.0))
            for t in (transports if model != "floor" else ("native",))]


def test_the_floor_is_a_line_and_no_row():
    results = from_rows(with_floor(), {})
    figure = by_model.cpu_per_call(results)
    assert "floor" not in [t for t in texts(figure)] and any("floor, what the machine can do" in t for t in texts(figure))
    for panel in figure.axes:  # the machine's line stands in both clients' panels
        dashed = [line for line in panel.lines if line.get_linestyle() == "--"]
        assert [list(line.get_xdata()) for line in dashed] == [[5.0, 5.0]]
    without = by_model.cpu_per_call(from_rows([r for r in with_floor() if "floor" not in r["name"]], {}))
    assert not any("floor" in t for t in texts(without))


def test_of_two_floors_the_lower_is_the_line():
    lower = [row("gather/floor_uring/native/calls:100/latency:20ms/start:warm", cpu_us_per_call=4.0,
                 client_overhead_us_per_call=4.0, pss_bytes_per_call=1e4)]
    results = from_rows(with_floor() + lower, {})
    figures = by_model.cpu_per_call(results), over_calls.cost_over_calls(over_calls.groups_over_calls(results)[0])
    assert any("floor or floor_uring, what the machine can do" in t for t in texts(figures[1]))
    assert any([list(line.get_ydata()) == [5.0, 4.0] for panel in figures[1].axes for line in panel.lines])
    memory = over_calls.memory_over_calls(over_calls.groups_over_calls(from_rows(with_floor() + [
        lower[0] | {"peak_pss_bytes": 9e9, "pss_bytes_per_call": 9e7}], {}))[0])
    assert memory and not any(max(line.get_ydata()) > 1e9 for panel in memory.axes for line in panel.lines)
    assert any([list(line.get_xdata()) == [4.0, 4.0] for panel in figures[0].axes for line in panel.lines])


def test_the_floors_line_is_within_the_axis():
    rows = [row(f"gather/{model}/native/calls:10/latency:20ms/start:warm", cpu_us_per_call=us, latency_p50_us=us,
                latency_max_us=60_000.0) for model, us in (("floor", 20_000.0), ("coroutines", 40_000.0))]
    results = from_rows(rows, {})
    for figure, expected in ((by_model.latency_percentiles(results, "gather"), 0.02),
                             (by_model.cpu_per_call(results), 20_000.0)):
        panel = figure.axes[0]
        (line,) = [line for line in panel.lines if line.get_linestyle() == "--"]
        assert list(line.get_xdata()) == [expected, expected]
        assert panel.get_xlim()[0] <= expected <= panel.get_xlim()[1]


def test_a_tick_at_the_right_end_is_not_cut_off():
    rows = [row(f"semaphore/{model}/native/calls:30/latency:20ms/start:warm/limit:5", latency_p50_us=p50,
                latency_max_us=greatest) for model, p50, greatest in (("threads", 201_700.0, 384_800.0),
                                                                      ("thread_pool", 194_000.0, 375_000.0))]
    test_no_text_is_cut_off({"latency": by_model.latency_percentiles(from_rows(rows, {}), "semaphore")})


def test_loop_lag_is_shown_beside_the_most_work():
    rows = [row(f"mixed/coroutines/native/calls:20/latency:20ms/start:warm/cpu_per_call:{c}/placement:{p}",
                loop_lag_max_us=100.0) for c in ("100us", "10ms", "1ms") for p in ("inline", "offload")]
    found = " ".join(texts(by_model.loop_lag(from_rows(rows, {}), "mixed"))).replace("\u00a0", " ")
    assert "10 ms of work each" in found


def test_the_floor_is_a_line_over_calls_too():
    results = from_rows(with_floor(), {})
    figure = over_calls.cost_over_calls(over_calls.groups_over_calls(results)[0])
    assert "floor" not in texts(figure) and any("floor, what the machine can do" in t for t in texts(figure))
    for panel in figure.axes:
        assert [5.0, 5.0] in [list(line.get_ydata()) for line in panel.lines if line.get_marker() in ("None", None, "")]


def test_the_floor_has_no_panel_in_a_timeline():
    call = {"id": 0, "intended_us": 0.0, "started_us": 1.0, "finished_us": 9e3, "verdict": "ok", "attempts": 1}
    records = [{"name": f"gather/{m}/native/calls:1/latency:20ms/start:warm", "calls": [call]}
               for m in ("floor", "threads")]
    assert [case.model for case, _ in choose(records)["gather"]] == ["threads"]


def test_model_and_client_are_a_plot_where_both_clients_are():
    figure = client_cost.client_cost(from_rows([
        row(f"gather/coroutines/{t}/calls:10/latency:20ms/start:warm", cpu_us_per_call=c)
        for t, c in (("native", 8.0), ("curl", 50.0))], {}))
    draw(figure)
    assert "8.0 → 50" in texts(figure)
    assert [round(p.get_width()) for p in figure.axes[0].patches] == [8, 42]
    assert client_cost.client_cost(from_rows(with_floor(("native",)), {})) is None


def overhead_of(*parts, calls=(10,)):
    """The panels of gather's overhead, with these parts of a model each."""
    rows = [row(f"gather/{model}/native/calls:{n}/latency:20ms/start:warm", client_overhead_us_per_call=client,
                server_overhead_us_per_call=server)
            for model, (client, server) in zip(("coroutines", "threads"), parts) for n in (1, *calls)]
    results = from_rows(rows, {})
    return overhead.parts(over_calls.groups_over_calls(results)[0])


def bars(ax):
    return [(p.get_x(), p.get_width()) for p in ax.patches]


def test_the_parts_of_the_overhead_stand_on_each_other():
    figure = overhead_of((4.0, 10.0), (30.0, 12.0))
    assert bars(figure.axes[0]) == [(0, 4), (4, 10), (0, 30), (30, 12)]
    assert {"4.0 + 10", "30 + 12", "overhead per call (µs)", "the client's part", "the server's part"} <= set(texts(figure))


def test_parts_below_nought_stand_at_its_other_side():
    figure = overhead_of((-3.0, 10.0), (-2.0, -1.0))
    assert bars(figure.axes[0]) == [(0, -3), (0, 10), (0, -2), (-2, -1)]
    assert {"−3.0 + 10", "−2.0 − 1.0"} <= set(texts(figure)) and figure.axes[0].get_xlim()[0] < -3


def test_overhead_has_a_panel_for_each_of_the_greatest_numbers_of_calls():
    figure = overhead_of((4.0, 10.0), calls=(10, 100, 1000, 10_000))
    assert [t for t in texts(figure) if t.startswith("native client")] == [
        f"native client, {n} calls" for n in ("100", "1,000", "10,000")]


def test_overhead_of_a_few_calls_is_not_drawn():
    assert overhead_of((4.0, 10.0), calls=(2,)) is None


def test_what_makes_one_call_after_another_is_not_in_the_scale_of_the_others():
    rows = [row(f"gather/{model}/{transport}/calls:{n}/latency:20ms/start:warm", in_flight_peak=peak,
                client_overhead_us_per_call=9.0, server_overhead_us_per_call=1.0)
            for model, peak in (("coroutines", 10), ("sequential", 1))
            for n, transport in ((10, "native"), (100, "native"), (10, "curl"))]
    results = from_rows(rows, {})
    figure = overhead.parts(over_calls.groups_over_calls(results)[0])
    said = texts(figure)
    assert "sequential" not in said and "one call after another: sequential" in " ".join(said)
    assert said.count("9.0 + 1.0") == 3 and said.count("not run") == 1
