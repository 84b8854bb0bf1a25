"""The plots of services: what hedging buys for how much load, and when the first event of a stream comes."""

import pytest

import test_plots as neighbours
from fanbench_tools.plots import drawing
from fanbench_tools.report import pages
from fanbench_tools.results import reader
from fixtures import services
from fixtures.synthetic_data import row


def figures(rows):
    """Those of services, each laid out."""
    found = neighbours.all_figures(reader.from_rows(rows, {}, services.CATALOGUE), [])
    found = {name: f for name, f in found.items() if name.startswith(("extra_load", "first_event", "event_gaps"))}
    for figure in found.values():
        neighbours.draw(figure)
    return found


def points(figure):
    """Of each panel (x, y) of the points and the line of what is not hedged."""
    return [([(round(x, 2), y) for line in ax.lines if line.get_marker() not in ("None", None, "")
              for x, y in line.get_xydata()], [line.get_ydata()[0] for line in ax.lines if line.get_linestyle() == "--"
                                              and line.get_marker() in ("None", "")]) for ax in figure.axes if ax.axison]


def test_all_fit():
    found = figures(services.pages() + services.streams() + services.streams("stream"))
    assert set(found) == {"extra_load_page", *(f"{kind}_{w}" for kind in ("first_event", "event_gaps")
                                               for w in ("llm_client", "stream"))}
    neighbours.test_no_text_is_cut_off(found)
    neighbours.test_tick_labels_do_not_overlap(found)
    neighbours.test_every_axis_with_ticks_says_its_unit(found)


def test_labels_of_points_cover_neither_one_another_nor_points():
    figure = figures(services.pages())["extra_load_page"]
    for ax in figure.axes:
        boxes = [t.get_window_extent() for t in ax.texts if "%" in t.get_text()]
        dots = [ax.transData.transform(xy) for line in ax.lines if line.get_marker() in "os^D" for xy in line.get_xydata()]
        of_shares = "%" in ax.yaxis.get_major_formatter()(0.5, 0)
        assert len(boxes) == 6 + of_shares and not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
        assert not any(box.contains(*dot) for box in boxes for dot in dots)


def test_each_choice_is_a_point_and_what_is_not_hedged_a_line():
    figure = figures(services.pages(("coroutines",), rounds=1))["extra_load_page"]
    (slow, slow_without), (of_pages, without), (of_calls, _) = points(figure)
    assert len(slow) == len(of_pages) == len(of_calls) == 9 and without == [pytest.approx(0.66)]
    assert slow_without == [pytest.approx(0.64)] and (5.0, pytest.approx(0.01)) in slow
    assert (5.0, pytest.approx(0.125)) in of_pages  # hedged after 55 ms, for 5 % at most
    found = neighbours.texts(figure)
    assert {"p99 of a page", "p99.9 of a call", "hedged after 55 ms", "not hedged", "660 ms", "64 %", "2, 5, 10 %"} <= set(found)


def test_calls_have_the_farthest_quantile_that_rows_have():
    rows = services.pages(("coroutines",), workload="hedged")
    rows = [{k: v for k, v in r.items() if not k.startswith("page_")} for r in rows]
    assert "p99.9 of a call" in neighbours.texts(figures(rows)["extra_load_hedged"])
    rows = [{k: v for k, v in r.items() if k != "latency_p999_us"} for r in rows]
    found = neighbours.texts(figures(rows)["extra_load_hedged"])
    assert "p99 of a call" in found and "p99.9 of a call" not in found


def hedged(choice, **counters):
    return row(f"hedged/coroutines/native/calls:1000/latency:20ms/start:warm{choice}",
               **{"extra_calls": 0.02, "latency_p99_us": 9e4, **counters})


def test_a_budget_of_nought_is_not_hedged_and_one_without_limit_says_so():
    rows = [hedged("/hedge_after:50ms/hedge_budget:0", extra_calls=0.0), hedged("/hedge_after:50ms/hedge_budget:1"),
            hedged("/hedge_after:50ms/hedge_budget:0.05")]
    figure = figures(rows)["extra_load_hedged"]
    assert points(figure) == [([(2.0, 0.09)] * 2, [0.09])] and "5 %, no limit" in neighbours.texts(figure)


@pytest.mark.parametrize("rows", [
    [],
    [hedged("/hedge_after:50ms/hedge_budget:0.05")],  # nothing to compare
    [hedged("/hedge_after:50ms/hedge_budget:0.05"), hedged("/hedge_after:50ms/hedge_budget:0.1", error_message="no")],
    [hedged("/hedge_after:50ms/hedge_budget:0.05"),
     {k: v for k, v in hedged("/hedge_after:50ms/hedge_budget:0").items() if k != "latency_p99_us"}],
    [row("gather/coroutines/native/calls:1000/latency:20ms/start:warm", latency_p99_us=9e4)]])
def test_without_a_choice_no_picture(rows):
    assert figures(rows) == {}


def test_tails_that_are_far_apart_are_on_a_log_axis():
    rows = [hedged("/hedge_after:50ms/hedge_budget:0", latency_p99_us=9e6), hedged("/hedge_after:50ms/hedge_budget:1")]
    assert figures(rows)["extra_load_hedged"].axes[0].get_yscale() == "log"
    rows[0]["latency_p99_us"] = 5e5
    assert figures(rows)["extra_load_hedged"].axes[0].get_yscale() == "linear"


def test_nothing_that_was_hedged_leaves_an_axis():
    rows = [hedged(f"/hedge_after:50ms/hedge_budget:{b}", extra_calls=0.0) for b in (0, 0.05)]
    assert points(figures(rows)["extra_load_hedged"]) == [([(0.0, 0.09)], [0.09])]


def test_the_scenario_and_client_with_most_choices_are_drawn():
    few = [r | {"name": r["name"].replace("services:100", "services:10")} for r in services.pages(("threads",))]
    few = [r | {"case": services.synthetic.case_of(r["name"])} for r in few if "190ms" not in r["name"].split("start")[1]]
    found = " ".join(neighbours.texts(figures(few + services.pages())["extra_load_page"])).replace("\u00a0", " ")
    assert "100 services a page" in found and "native client" in found and "slow after 150 ms" in found


def test_a_model_that_never_hedges_has_no_panel():
    rows = [r for r in services.pages() if "/threads/" not in r["name"] or "hedge_after" not in r["name"]]
    found = neighbours.texts(figures(rows)["extra_load_page"])
    assert {"coroutines", "processes"} < set(found) and "threads" not in found


def test_what_cannot_be_drawn_of_one_model_leaves_it_out():
    rows = [r | {"error_occurred": True, "status": "error", "error_message": "no"} if "/threads/" in r["name"] else r
            for r in services.pages()]
    assert {"coroutines", "processes"} < set(neighbours.texts(figures(rows)["extra_load_page"])) and "threads" not in neighbours.texts(
        figures(rows)["extra_load_page"])


def test_a_stream_shows_both_moments_that_its_first_event_is_counted_from():
    figure = figures(services.streams())["first_event_llm_client"]
    assert {"from the intended start", "from the sending of the request that passed", "890 ms", "1.34 s"} <= set(neighbours.texts(figure))
    for ax in figure.axes:
        xs = sorted(line.get_xdata()[0] for line in ax.lines if line.get_marker() in ("|", "o"))
        assert xs == pytest.approx([0.131, 0.134, 0.137, 0.14, 0.89, 1.04, 1.19, 1.34])
    gaps = figures(services.streams())["event_gaps_llm_client"]
    assert {"p50", "p99", "20.8 ms", "23.5 ms"} <= set(neighbours.texts(gaps))


def test_streams_of_one_event_have_no_gaps():
    rows = [{k: v for k, v in r.items() if not k.startswith("gap_")} for r in services.streams()]
    assert set(figures(rows)) == {"first_event_llm_client"}


def test_the_report_has_them_where_a_run_has_their_rows():
    results = reader.from_rows(services.pages(("coroutines",)) + services.streams(), {}, services.CATALOGUE)
    plots = drawing.draw_all(results, [])
    told, page = pages.to_markdown(results, plots), pages.to_html(results, plots)
    for name in ("extra_load_page", "first_event_llm_client", "event_gaps_llm_client"):
        assert f"](plots/{name}.png)" in told and f'id="plot-{name}"' in page
    assert "tail of page over the extra calls of hedging, a point for each time and budget" in page
