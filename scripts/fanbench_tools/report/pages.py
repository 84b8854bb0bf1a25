"""Writes report.md and report.html, with their plots, from a run's results."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ..analysis.claims import NOT_MEASURED, Judged, judge
from ..analysis.findings import choices
from ..files import write_atomically
from ..plots import drawing
from ..results import marks
from ..results.cases import Results, rounds_had
from ..results.catalogue import Catalogue
from ..results.reader import load, load_records
from ..results.rows import ERROR
from ..results.table import verification_line
from . import opening
from .provenance import provenance
from .tables import columns_of, section

TEMPLATES = Path(__file__).parent / "templates"
_DRAWN_FROM = {"efficiency": "efficiency", "cpu_per_call": "cpu_us_per_call", "cancel_latency": "cancel_latency_us"}


def write(out_dir: Path) -> None:
    """Reads DIR/results.json and DIR/records/, writes DIR/plots/, report.md and report.html. Raises ResultsError."""
    out_dir = Path(out_dir)
    results = load(out_dir)
    plots = drawing.draw_all(results, load_records(out_dir))
    drawing.write_all(plots, out_dir / "plots")
    write_atomically(out_dir / "report.md", to_markdown(results, plots))
    write_atomically(out_dir / "report.html", to_html(results, plots))


def to_markdown(results: Results, plots: list[drawing.Plot]) -> str:
    text = template("report.md.j2", results.catalogue, autoescape=False).render(contents(results, plots, brief=True))
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def to_html(results: Results, plots: list[drawing.Plot]) -> str:
    return template("report.html.j2", results.catalogue, autoescape=True).render(contents(results, plots, brief=False))


def contents(results: Results, plots: list[drawing.Plot], brief: bool) -> dict[str, Any]:
    """All that the templates show, in words."""
    general = [p for p in plots if not p.workload]
    chosen = choices(results)
    of_scenario = {c.scenario: [o for o in chosen if o.scenario == c.scenario] for c in chosen}
    which = opening.which(results, chosen)
    sections = [section(results, w, plots, {} if which["why_not"] else of_scenario, brief) for w in results.workloads]
    shown = {c for s in sections for c in s["columns"]}
    return {
        "ends": opening.ends(rounds_had(results.cases)),
        "suite": results.suite,
        "description": str(results.context.get("description") or ""),
        "headline": headline(results.context, results.rounds_words),
        "interrupted": results.interrupted,
        "verification": verification_line(results),
        "rows": len(results.cases),
        "errors": [(c.name, c.message) for c in results.with_status(ERROR)],
        "which": which,
        "harness": opening.harness(results),
        "marks": marks.of_run(results),
        "overview": next((p for p in general if p.name == "overview"), None),
        "figures": [(p, _figures_of(p, results)) for p in general if p.name in _DRAWN_FROM],
        "decomposition": opening.decomposition_table(results),
        "pairs": opening.pairs_tables(results),
        "decomposition_plot": next((p for p in general if p.name == "model_and_client"), None),
        "slopes": opening.slopes_table(results),
        "claims": (claims := claims_of(results)),
        "claims_in_python": any(c.in_python.verdict != NOT_MEASURED for c in claims),
        "sections": sections,
        "warm": opening.warm(results),
        "models": list(dict.fromkeys(c.case.model for c in results.cases)),
        "transports": list(dict.fromkeys(c.case.transport for c in results.cases)),
        "unreadable": results.unreadable_names,
        "columns": [c for c in columns_of(results.catalogue) if c in shown],
        "pooled": any(cell["pooled"] for s in sections for g in s["scenarios"] for r in g["rows"] for cell in r["cells"]),
        "rounds": results.rounds,
        "rounds_words": results.rounds_words,
        "provenance": provenance(results.context),
    }


def claims_of(results: Results) -> list[Judged]:
    """Of the suite that asks for all of them each, of the guides' own language those that it has."""
    if results.suite not in ("claims", "seeds"):
        return []
    return [j for j in judge(results) if j.was_measured or results.suite == "claims"]


def _figures_of(plot: drawing.Plot, results: Results) -> dict[str, Any]:
    from ..plots.by_model import blocks_of

    figure = _DRAWN_FROM[plot.name]
    return opening.figures(blocks_of(results, figure), figure)


def headline(context: dict[str, Any], rounds: str) -> str:
    """The run in a line: "3 rounds · 2026-11-20 17:04 · Some CPU, 2 cores · Linux 6.1.0 · commit 0123abc"."""
    date = str(context.get("started") or context.get("date") or "")
    about = context.get("machine") if isinstance(context.get("machine"), dict) else {}
    cores = context.get("num_cpus") or len(about.get("cores") or [])
    machine = ", ".join(p for p in (str(context.get("cpu") or about.get("cpu") or context.get("host_name") or ""),
                                    f"{cores} core{'' if cores == 1 else 's'}" if cores else "") if p)
    words = [rounds, date[:16].replace("T", " "), machine,
             str(context.get("kernel") or about.get("kernel") or ""),
             f"commit {context['commit']}" if context.get("commit") else ""]
    return " · ".join(word for word in words if word)


def inline_svg(plot: drawing.Plot) -> str:
    """The plot as an <svg> element whose ink follows the page: colours by CSS, ids of its own, no size of its own."""
    from markupsafe import Markup, escape

    from ..plots.style import GRID, INK, MUTED, PAPER, RED

    text = plot.svg.decode()
    text = text[text.index("<svg"):]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = text.replace(' id="', f' id="{plot.name}-').replace(' xlink:href="#', f' href="#{plot.name}-')
    text = text.replace("url(#", f"url(#{plot.name}-")
    for colour, variable in ((INK, "ink"), (MUTED, "muted"), (GRID, "grid"), (PAPER, "paper"), (RED, "bad")):
        text = text.replace(colour, f"var(--{variable})")
    view = re.search(r'viewBox="[^"]+"', text)
    head = f'<svg role="img" aria-label="{escape(plot.alt)}" {view[0] if view else ""}>'
    return Markup(re.sub(r"<svg\b[^>]*>", lambda _: head, text, count=1))


def _markdown(text: Any) -> Any:
    """Text that can neither end a table's cell nor start markup. What is markup already stays as it is."""
    from markupsafe import Markup

    if isinstance(text, Markup) or not isinstance(text, (str, int, float)):
        return text
    return Markup(re.sub(r"([|*`\[\]<>\\])", r"\\\1", " ".join(str(text).split())))


def _code(text: Any) -> Any:
    """As code, which a backtick would end."""
    from markupsafe import Markup

    return Markup("`" + " ".join(str(text).replace("`", "'").split()).replace("|", "\\|") + "`")


def template(name: str, catalogue: Catalogue, autoescape: bool) -> Any:
    """One of templates/, with the filters that they use."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    def colour(model: str) -> str:
        from ..plots.style import look_of

        return look_of(model, catalogue)[0]

    # Results may be a stranger's: all that a template prints is escaped, unless it says that it is markup.
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=autoescape, undefined=StrictUndefined,
                              finalize=None if autoescape else _markdown, trim_blocks=True, lstrip_blocks=True,
                              keep_trailing_newline=True)
    environment.filters |= {"svg": inline_svg, "cell": _markdown, "code": _code, "colour": colour}
    return environment.get_template(name)
