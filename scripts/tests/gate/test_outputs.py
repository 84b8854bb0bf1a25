"""What the gate says: one cause is one message, and what its word is about comes first."""

from __future__ import annotations

import json
import re

import pytest
from fanbench_tools.gate import deciding, outputs
from fanbench_tools.gate.deciding import Blocks, Key, Rules
from fanbench_tools.gate.verdict import Cause, Verdict, causes, nothing_judged
from fixtures.synthetic_data import CATALOGUE

RULES = Rules(CATALOGUE.gated)
BASE = tuple(10.0 + 0.3 * (i * 7 % 5) for i in range(14))
NAMES = [f"gather/threads/native/calls:{n}/latency:20ms/start:warm" for n in range(1, 109)]


def stored(factors: dict[str, float], invalid: list[Cause] | None = None) -> Verdict:
    """Of two runs whose CPU differs by these factors."""
    samples = {Key(name, "cpu_us_per_call"): Blocks(BASE, (), tuple(v * factor for v in BASE))
               for name, factor in factors.items()}
    return Verdict("a", "b", "ci", deciding.judge_stored(samples, RULES), invalid or [], [Cause("a note")], samples,
                   stored=True)


def test_a_cause_is_said_once_for_all_its_cases() -> None:
    one, many = causes([(NAMES[0], "new"), *((name, "limit: needs ports") for name in NAMES)])
    assert one.line() == f"{NAMES[0]}: new" == one.line(3)
    assert many.line(2) == f"limit: needs ports: 108 cases: {NAMES[0]}, {NAMES[1]} and 106 more"
    assert many.line().endswith(", ".join(NAMES))
    assert Cause("all").line() == Cause("all").line(1) == "all"


def test_what_108_cases_have_in_common_is_one_annotation_and_one_line() -> None:
    verdict = Verdict("a", "b", "ci", nothing_judged(RULES), causes((name, "no number of head only") for name in NAMES))
    (annotation,) = outputs.annotations(verdict)
    assert annotation.startswith("::error title=fanbench: invalid::no number of head only: 108 cases: ")
    assert annotation.endswith(" and 103 more")
    assert outputs.markdown(verdict).count("no number of head only") == 1
    assert json.loads(outputs.document(verdict))["invalid"][0].count("gather/") == 108


def test_regressions_of_one_figure_are_one_annotation_with_the_largest() -> None:
    verdict = stored({name: 1.5 if name == NAMES[7] else 1.2 for name in NAMES[:27]})
    (annotation,) = outputs.annotations(verdict)
    assert annotation.startswith(f"::error title=fanbench: CPU in 27 cases, up to +50.0 %::{NAMES[7]}: CPU +50.0 %25"
                                 .replace("cases,", "cases%2C"))
    assert annotation.endswith("%0Aand 22 cases more") and "\n" not in annotation
    assert annotation.count("gather/") == outputs.NAMED


def test_a_comma_does_not_end_an_annotations_title() -> None:
    (annotation,) = outputs.annotations(stored({NAMES[0]: 40.0}))
    assert "," not in annotation.partition("::")[2].partition("::")[0]


def test_the_markdown_of_a_regression_begins_with_it() -> None:
    page = outputs.markdown(stored({NAMES[0]: 1.2, NAMES[1]: 0.7}))
    assert page.startswith("### fanbench gate: regression\n\n#### Regressions\n\n| case | counter |")
    assert re.findall("^#+ .*$", page, re.MULTILINE)[1:] == ["#### Regressions", "#### Improvements"]
    assert page.index(NAMES[0]) < page.index("suite `ci`") < page.index("- a note")


def test_what_is_invalid_comes_before_regressions() -> None:
    page = outputs.markdown(stored({NAMES[0]: 1.2}, [Cause("error row of head", (NAMES[1],))]))
    assert page.index("**invalid**") < page.index("#### Regressions")


@pytest.mark.parametrize(("verdict", "last"), [
    (stored({}, [Cause("not comparable: machine")]), "INVALID: base and head can't be compared (0 s)"),
    (stored({}), "UNPROVEN: nothing was compared (0 s)"),
    (stored({NAMES[0]: 1.2}, [Cause("x")]),
     "INVALID: in part; 1 regression in 1 comparison of the rest (0 s)"),
    (stored({NAMES[0]: 1.2, NAMES[1]: 0.7}), "REGRESSION: 1 in 2 comparisons, 1 improvement (0 s)"),
    (stored({NAMES[0]: 1.0}), "PASS: no regression found in 1 comparison (0 s)"),
])
def test_the_last_line_is_a_sentence(verdict: Verdict, last: str) -> None:
    lines = outputs.lines(verdict)
    assert lines[-1] == last
    said = [line for line in lines if line.startswith(("invalid:", "unproven:"))]
    assert len(said) == len(verdict.invalid) + (not verdict.invalid and last.startswith("UNPROVEN"))


def test_names_are_not_broken_in_the_middle() -> None:
    long = f"gather/threads/native/calls:1/latency:{'lognormal:p50=35ms,' * 8}"
    text = outputs.lines(stored({long: 1.2}, [Cause("no number of head only", (long, NAMES[0]))]))
    assert f"    {long}" in text and len([line for line in text if long in line]) == 2
