"""Reads a run's results.json into cases, each with its rounds or the reason why it has no number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Iterable

from . import catalogue as catalogues
from .cases import Case, CaseResult, Results
from .catalogue import IDEAL_SERVER_MAKESPAN, MEMORY, Catalogue
from .rows import ERROR, LIMIT, NOT_APPLICABLE, OK, Row, is_number, status_of

# Of results.json: another number means that fields have changed their meaning. Up to 3 the overhead that was compared
# had the server's part in it.
FORMAT = 4


class ResultsError(Exception):
    """Results that can't be read. The message is one line: which file, what is wrong."""


def load(out_dir: Path) -> Results:
    """Reads DIR/results.json. Raises ResultsError with one line that says what is wrong."""
    path = Path(out_dir) / "results.json"
    data = _read_json(path)
    if not isinstance(data, dict) or not isinstance(data.get("benchmarks"), list):
        raise ResultsError(f'{path}: expected Google Benchmark\'s JSON, an object with a list "benchmarks"')
    context = data.get("context") if isinstance(data.get("context"), dict) else {}
    if (written := context.get("results_format", FORMAT)) != FORMAT:
        raise ResultsError(f"{path}: results of another version of fanbench (format {written}, expected {FORMAT}): "
                           f"read them with what wrote them, fanbench {context.get('fanbench_version') or 'unknown'}"
                           f"{f', commit {commit}' if (commit := context.get('commit')) else ''}, or measure again")
    known = _catalogue(path, data).with_contestants(context.get("contestants"))
    return from_rows(data["benchmarks"], context, known)


def _catalogue(path: Path, data: dict[str, Any]) -> Catalogue:
    if "catalogue" not in data:
        raise ResultsError(f"{path}: has no catalogue, which says what its figures mean: measure again (fanbench run)")
    try:
        return catalogues.read(data["catalogue"])
    except catalogues.CatalogueError as e:
        raise ResultsError(f"{path}: {e}") from None


def load_records(out_dir: Path) -> list[dict[str, Any]]:
    """The call records kept for the timeline, those that can be read, in the order of their names."""
    records = []
    for path in sorted((Path(out_dir) / "records").glob("*.json")):
        try:
            record = _read_json(path)
        except ResultsError:
            continue  # a timeline is an extra: one that is cut off must not cost the report
        if isinstance(record, dict) and isinstance(record.get("calls"), list) and isinstance(record.get("name"), str):
            records.append(record)
    return sorted(records, key=lambda r: r["name"])


def from_rows(rows: Iterable[Any], context: dict[str, Any], catalogue: Catalogue) -> Results:
    """Groups Google Benchmark's rows by case. Medians are computed from the rounds, so aggregate rows are skipped."""
    cases: dict[str, CaseResult] = {}
    unreadable: list[str] = []
    for row in rows:
        if not isinstance(row, dict) or row.get("run_type") == "aggregate":
            continue
        name = str(row.get("run_name") or row.get("name") or "")
        case = _case_of(row, catalogue)
        if case is None:
            unreadable.append(name or "(no name)")
            continue
        cases.setdefault(name, CaseResult(name, case)).rounds.append({**row, **_derived(row, case)})
    for result in cases.values():
        result.status, result.message = _judge(result.rounds)
    return Results(context, sorted(cases.values(), key=lambda c: c.order), catalogue, list(dict.fromkeys(unreadable)))


def _case_of(row: Row, catalogue: Catalogue) -> Case | None:
    try:
        return Case.of(row["case"], catalogue)
    except (KeyError, TypeError, AttributeError):
        return None


def _derived(row: Row, case: Case) -> Row:
    """All calls' memory over the idle baseline (`peak_pss_bytes` has the idle process in it), and the makespan less the
    server's part, of the row and of each of its turns."""
    derived = {}
    if case.calls and is_number(row.get("pss_bytes_per_call")):
        derived[MEMORY.name] = row["pss_bytes_per_call"] * case.calls
    if (makespan := _with_ideal_server(row, case)) is not None:
        derived[IDEAL_SERVER_MAKESPAN] = makespan
    turns = row.get("turns")
    if isinstance(turns, dict) and all(isinstance(values, list) for values in turns.values()):
        each = [_with_ideal_server(dict(zip(turns, turn)), case) for turn in zip(*turns.values())]
        derived["turns"] = {**turns, IDEAL_SERVER_MAKESPAN: each}
    return derived


def _with_ideal_server(row: Row, case: Case) -> float | None:
    """Where the time is given, for as many calls as the ideal completes in it."""
    makespan, of_server = row.get("makespan_s"), row.get("server_overhead_us_per_call")
    if not case.calls or not is_number(makespan) or not is_number(of_server):
        return None
    crawled = row.get("crawled", 1)
    return (makespan - of_server * case.calls / 1e6) / crawled if is_number(crawled) and crawled > 0 else None


def _judge(rounds: list[Row]) -> tuple[str, str]:
    """A case's status: the worst of its rounds."""
    messages: dict[str, list[str]] = {}
    for row in rounds:
        status, message = status_of(row)
        messages.setdefault(status, []).append(message)
    for status in (ERROR, LIMIT, NOT_APPLICABLE):
        if status in messages:
            times = len(messages[status])
            return status, messages[status][0] + (f" ({times} of {len(rounds)} rounds)" if times < len(rounds) else "")
    return OK, ""


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ResultsError(f"{path}: no such file; expected the results of a run") from None
    except OSError as e:
        raise ResultsError(f"{path}: can't be read: {e.strerror}") from None
    except UnicodeDecodeError:
        raise ResultsError(f"{path}: not UTF-8 text; expected JSON") from None
    except (json.JSONDecodeError, RecursionError) as e:
        where = f" (line {e.lineno}, column {e.colno}: {e.msg})" if isinstance(e, json.JSONDecodeError) else ""
        raise ResultsError(f"{path}: not complete JSON{where}; was the run cut off?") from None
