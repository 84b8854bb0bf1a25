"""The verbs' command lines: reads arguments, calls what does the work, and turns its end into an exit code."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import asdict, replace
from datetime import datetime, timezone
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Callable, Mapping, NoReturn, Sequence
from xml.etree import ElementTree

from . import checkout
from .checking import (Refused, check, described, given, is_path, new_folder, out_of_record, pattern, selected, suite_path,
                       with_scheme)
from .contestants.description import Contestant
from .machine import doctor
from .machine.facts import Machine, Software, read_software
from .results.reader import FORMAT, ResultsError, from_rows, load
from .run import budget, process, programs, ranks, rounds, runner

USAGE_ERROR = 2
LEAST_RECORDED, MOST_RECORDED = 20, 50_000  # a plan of more would be too long for a server
_EXPORTS = ("csv", "bencher", "github-action-benchmark")


class Parser(argparse.ArgumentParser):
    """argparse, but a mistake gets one line."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._negative_number_matcher = re.compile(r"-\d")  # else -3m is an option, not what --budget was given

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE_ERROR, f"{self.prog}: {message} ({self.prog} --help says more)\n")


def main(argv: Sequence[str] | None = None, prepare: Callable[[argparse.Namespace], None] = lambda _: None) -> int:
    """Does a verb, after a look at its arguments and what prepares it; the exit code is what the shell gets."""
    arguments = parse(argv)
    try:
        check(arguments)
        prepare(arguments)
        return arguments.do(arguments)
    except (Refused, runner.BenchError) as e:
        print(f"fanbench: {e}", file=sys.stderr)
        return USAGE_ERROR
    except KeyboardInterrupt:
        print("fanbench: interrupted", file=sys.stderr)
        return 128 + signal.SIGINT


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Needs the standard library alone, as does all that is imported above: it is asked before packages are there."""
    arguments, rest = _parser().parse_known_args(argv)
    if rest and arguments.verb != "serve":
        _parser().error(f"what is {' '.join(rest)}?")
    arguments.rest = rest
    return arguments


def _parser() -> Parser:
    parser = Parser(prog="fanbench", description="An honest comparison of concurrency models on fan-out workloads.",
                    allow_abbrev=False)
    parser.set_defaults(may_install=False)  # the set-up says otherwise
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    def verb(name: str, do: Any, text: str) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=text, description=text, allow_abbrev=False)
        added.set_defaults(do=do)
        return added

    run = verb("run", _run, "Measures a suite: each case in a fresh process, verified, those of a scenario in turns, in rounds "
               "with a new random order each. Exits with 0 only where every row is verified.")
    run.add_argument("suite", nargs="?", default="quick", metavar="SUITE|FILE.toml",
                     help="a suite's name (fanbench list shows them) or a file; quick if left out")
    run.add_argument("--out", type=Path, metavar="DIR", help="where results go; results/<suite>-<time> if left out")
    run.add_argument("--rounds", type=_positive_int, metavar="R",
                     help="rounds of all cases; what the suite says if left out. Without --budget there are no others")
    run.add_argument("--budget", type=_duration, metavar="TIME",
                     help="for measuring, as 90s or 3m30s: what the rounds of all cases leave of it goes to further "
                          "rounds of the scenarios in which no model can be named yet; what the suite says if left out")
    run.add_argument("--filter", metavar="REGEX", help="only the cases in whose name this is found")
    run.add_argument("--timeout", type=_positive_float, metavar="SECONDS",
                     help="without a sign of progress, after which a case is an error row; generous if left out")
    run.add_argument("--order-seed", type=int, metavar="N", help="repeats an earlier run's order; random if left out")
    run.add_argument("--server", type=_address, metavar="HOST:PORT",
                     help="a mock server that already runs (fanbench serve), on this machine or another; one of its own "
                          "for each case if left out")
    run.add_argument("--ranks", type=_positive_int, metavar="N",
                     help="has each case made by so many processes together, each with a part of the calls; what the suite "
                          "says if left out. bench/RANKS.md says when that is worth it")
    hosts = run.add_mutually_exclusive_group()
    hosts.add_argument("--hosts", type=_hosts, metavar="A,B,C",
                       help="where ranks run, this machine first; fanbench is built there too, in the same place")
    hosts.add_argument("--hostfile", type=Path, metavar="FILE", help="the same, as mpirun reads it")
    run.add_argument("--wide", action="store_true", help="the table with percentiles of latency, for 120 columns")
    run.add_argument("--no-report", action="store_true", help="results.json only (fanbench report DIR makes the rest)")

    listing = verb("list", _list, "Lists the suites and the models, or the cases of a suite.")
    listing.add_argument("suite", nargs="?", metavar="SUITE|FILE.toml")
    report = verb("report", _report, "Writes report.md, report.html and the plots of an earlier run again.")
    report.add_argument("folder", type=Path, metavar="DIR")
    report.add_argument("--format", choices=("files", *_EXPORTS), default="files",
                        help="prints the rows as CSV instead, or the gated figures for Bencher (BMF) or for "
                             "github-action-benchmark (customSmallerIsBetter), and writes nothing else")
    report.add_argument("--out", type=Path, metavar="FILE", help="with such a format: writes it there")
    report.add_argument("--long", action="store_true", help="of CSV: a line for each round of a row")
    _add_form(report)
    compare = verb("compare", _compare, "Puts two earlier runs side by side: each cost's ratio with its interval.")
    compare.add_argument("first", type=Path, metavar="DIR")
    compare.add_argument("second", type=Path, metavar="DIR")
    compare.add_argument("--out", type=Path, metavar="DIR", help="also writes compare.md, compare.html and compare.csv")
    compare.add_argument("--format", choices=("table", "csv"), default="table",
                         help="what is printed; a table if left out")
    _add_form(compare)
    gate = verb("gate", _gate, "Says whether head made any cost of a call worse than base: 0 no, 1 yes, 2 unproven or "
                "invalid. scripts/GATE.md says what that is worth.")
    gate.add_argument("--contestant", type=Path, metavar="DIR",
                      help="judges a program of your own instead, by base and head of the git repository that this folder "
                           "is in (impls/external/PROTOCOL.md)")
    gate.add_argument("--base", required=True, metavar="REF|DIR", help="a commit, or the folder of an earlier run")
    gate.add_argument("--head", metavar="REF|DIR", help="the same; the working tree with its changes if left out")
    gate.add_argument("--suite", default="ci", metavar="SUITE|FILE.toml",
                      help="what is run, as head has it; ci if left out")
    gate.add_argument("--filter", metavar="REGEX", help="only the cases in whose name this is found")
    gate.add_argument("--least-change", "--floor", type=_percentage, metavar="PERCENT",
                      help="smaller ones are not spoken of; each figure's own if left out: 2 of CPU, 5 of overhead and "
                           "memory, 1 or 2 of what is counted (--floor is its older name)")
    gate.add_argument("--budget", type=_duration, default=240.0, metavar="TIME",
                      help="for measuring, as 90s or 3m30s; 4m if left out. One in which nothing could "
                           "be decided is refused")
    gate.add_argument("--markdown", type=Path, metavar="FILE", help="writes the verdict as Markdown")
    gate.add_argument("--json", type=Path, metavar="FILE", help="writes verdict and all rounds as JSON")
    gate.add_argument("--force", action="store_true", help="compares what another machine, compiler or flags have made")
    gate.add_argument("--order-seed", type=int, metavar="N", help="repeats an earlier gate's order; random if left out")
    doctor_verb = verb("doctor", _doctor, "Says what on this machine limits or disturbs a measurement, and what to do.")
    doctor_verb.add_argument("--hosts", type=_hosts, metavar="A,B,C",
                             help="the same of each of these hosts, this one first, and whether they can make a case "
                                  "together: build and clocks (bench/RANKS.md)")
    serve = verb("serve", _serve, "Runs the mock latency server by itself, with the flags that are given (--port 8080, --log "
                 "FILE, …), before or after a --. fanbench serve -- --help lists them, and so does mock_server/README.md.")
    serve.usage = "fanbench serve [-h] [FLAG...]"
    record = verb("record", _record, "Asks a service of your own, one call at a time, and makes of its latencies a file and a "
                  "suite that compares models with them: fanbench run NAME.toml. A latency goes from sending the request "
                  "to the reply's last byte, over a kept connection.")
    record.add_argument("url", metavar="URL", help="what is asked for, with GET; redirects are followed")
    record.add_argument("--calls", type=_calls, default=200, metavar="N",
                        help="20 to 50,000; 200 if left out. A p99 takes 1,000")
    record.add_argument("--rate", type=_rate, default=_rate("5/s"), metavar="RATE",
                        help="calls begin no faster than that, as 5/s, 30/min or 100/h; 5/s if left out")
    record.add_argument("--header", action="append", type=_header, default=[], metavar="'NAME: VALUE'",
                        help="of each request; may be given again. Values are written nowhere")
    record.add_argument("--timeout", type=_duration, default=30.0, metavar="TIME",
                        help="after which a call has failed, as 30s or 1m30s; 30s if left out")
    record.add_argument("--out", type=Path, metavar="NAME",
                        help="writes NAME.txt and NAME.toml; the URL's host, in this folder, if left out")
    record.add_argument("--force", action="store_true", help="writes over files that are there")
    contestant = verb("contestant", _contestant, "Checks a program of yours that takes part as a model "
                      "(impls/external/PROTOCOL.md): installs and builds what it needs, starts it, and verifies a small case "
                      "of each workload that it says it has, warm and cold.")
    contestant.add_argument("folder", type=Path, metavar="DIR", help="with its contestant.toml")
    contestant.add_argument("--workload", action="append", default=[], metavar="NAME",
                            help="only this one; may be given again")
    test = verb("test", _test, "Runs the tests, C++ and Python.")
    test.add_argument("--long", action="store_true", help="also those that take minutes")
    return parser


def _add_form(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--decimal", choices=(".", ","), metavar="SIGN",
                        help="of CSV: the decimal sign, a point or a comma; a point if left out")
    parser.add_argument("--separator", type=_separator, metavar="CHARACTER",
                        help="of CSV: between columns, as ; or tab; , if left out, or ; where that is the decimal sign")


def _separator(text: str) -> str:
    character = "\t" if text in ("tab", "\\t") else text
    if len(character) != 1 or character.isalnum() or character in "\"'.-+ \r\n":
        raise argparse.ArgumentTypeError(f'expected one character such as ; or tab, got "{text}"')
    return character


def _positive_int(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f'expected a whole number from 1, got "{text}"')
    return int(text)


def _positive_float(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f'expected seconds above 0, got "{text}"')
    return value


def _address(text: str) -> str:
    """In form; who is there is asked later."""
    match = re.fullmatch(r"(?:\[[^\[\]]+\]|[^\[\]:]+):(\d{1,5})", text)
    if not match or not 0 < int(match[1]) < 65536:
        raise argparse.ArgumentTypeError(f"expected a server's HOST:PORT, such as localhost:8080 or [::1]:8080, "
                                         f'got "{text}"')
    return text


def _hosts(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if not all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*(:\d+)?", name) for name in names):
        raise argparse.ArgumentTypeError(f'expected names of hosts such as a,b,c, got "{text}"')
    return names


def _percentage(text: str) -> float:
    try:
        value = float(text.removesuffix("%").strip())
    except ValueError:
        value = 0.0
    if not 0 < value <= 100:
        raise argparse.ArgumentTypeError(f'expected per cent above 0, up to 100, got "{text}"')
    return value


def _duration(text: str) -> float:
    match = re.fullmatch(r"(?:(\d+)m)?(?:(\d+)s)?", text)
    seconds = 60 * int(match[1] or 0) + int(match[2] or 0) if match else 0
    if seconds < 1:
        raise argparse.ArgumentTypeError(f'expected a time such as 90s or 3m30s, got "{text}"')
    return float(seconds)


def _calls(text: str) -> int:
    number = int(text) if re.fullmatch(r"[0-9]{1,6}", text) else 0
    if not LEAST_RECORDED <= number <= MOST_RECORDED:
        raise argparse.ArgumentTypeError(f'expected a whole number from {LEAST_RECORDED} to {MOST_RECORDED:,}, got "{text}"')
    return number


def _rate(text: str) -> tuple[str, float]:
    """As it is, and the seconds from one call to the next."""
    match = re.fullmatch(r"(\d{1,6}(?:\.\d{1,6})?)/(s|min|h)", text)
    per_second = float(match[1]) / {"s": 1, "min": 60, "h": 3600}[match[2]] if match else 0.0
    if not 0 < per_second <= 1000:
        raise argparse.ArgumentTypeError(f'expected a rate such as 5/s, 30/min or 100/h, 1000/s at most, got "{text}"')
    return text, 1 / per_second


def _header(text: str) -> str:
    if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[ \t]*[^\s\x00-\x1f\x7f][^\x00-\x08\x0a-\x1f\x7f]*", text):
        raise argparse.ArgumentTypeError(f'expected a header such as "Accept: text/plain", got "{text}"')
    return text


# -- run ---------------------------------------------------------------------------------------------------------------

def _run(arguments: argparse.Namespace) -> int:
    arguments.among = _among(arguments.hosts, arguments.hostfile)
    with contextlib.ExitStack() as copies:
        try:
            bench = programs.copied(checkout.bench_binary(), copies.enter_context(programs.folder()) / "head")
        except OSError as e:
            raise Refused(programs.why_not(e)) from None
        return _run_of(_job(arguments, bench), arguments)


def _run_of(job: runner.Job, arguments: argparse.Namespace) -> int:
    from . import terminal

    process.adopt_orphans()
    machine, software = runner.machine(job.bench), read_software()
    for finding in doctor.worth_saying_before_a_run(doctor.examine(machine, software)):
        terminal.say(terminal.console(), f"{finding.level}: {finding.line()}", indent="  ")
    hosts = {"hosts": _hosts_of(job)} if job.hosts.are_several else {}
    job = replace(job, context={**_context(job, machine, software), **hosts, "again": _again(arguments)},
                  options=(*job.options, *runner.same_work(machine)))
    print(f"{job.suite.name}: {_many(len(job.cases), 'case')}, {_plan(job.rounds, job.budget_s)}, "
          f"into {_shown(job.out)}", flush=True)
    began = time.monotonic()
    try:
        return _measure_and_show(job, arguments, began)
    except OSError as e:
        raise Refused(f"{e.filename or job.out}: {e.strerror}; what was measured until then is in {_shown(job.out)}: "
                      f"make room, then fanbench report {_shown(job.out)}") from None


def _measure_and_show(job: runner.Job, arguments: argparse.Namespace, began: float) -> int:
    stop = process.StopRequest()
    with stop:
        finished = _all_rounds(job, stop)
    if stop.number:
        return _after_stop(job, finished, stop.number, arguments)
    results = runner.write_results(job.out, interrupted=False)
    shown = _show(job.out, arguments)
    code = _verdict(results, time.monotonic() - began)
    print(shown, flush=True)
    return code


def _job(arguments: argparse.Namespace, bench: Path) -> runner.Job:
    """What the arguments ask for, measured with this bench. Raises Refused or BenchError."""
    suite_file = suite_path(arguments.suite)
    options = ("--server", arguments.server) if arguments.server else ()
    if arguments.ranks:
        options += ("--ranks", str(arguments.ranks))
    suite = runner.list_suite(bench, suite_file, options)
    if arguments.among.are_several and not any(case.ranks for case in suite.cases):
        options += ("--ranks", str(len(arguments.among.each)))  # one for each host, as nobody says how many
        suite = runner.list_suite(bench, suite_file, options)
    cases = selected(suite.cases, pattern(arguments.filter), suite.name,
                     f"fanbench list {shlex.quote(arguments.suite)}")
    _prepare(suite.contestants_of(cases), arguments.may_install)
    if arguments.among.are_several:
        bench = checkout.bench_binary()  # a copy would be on this host alone
    if arguments.among.are_several or any(case.ranks for case in cases):
        bench = _with_relay(bench, arguments.may_install)
    out = given(arguments.out) if arguments.out else \
        new_folder(checkout.RESULTS / default_name(suite.name, datetime.now(timezone.utc)))
    return runner.Job(bench=bench, suite_file=suite_file, suite=suite, cases=cases, out=out,
                      rounds=arguments.rounds or suite.rounds, timeout_s=arguments.timeout,
                      budget_s=arguments.budget or (None if arguments.rounds else suite.budget_s),
                      order_seed=runner.new_seed() if arguments.order_seed is None else arguments.order_seed,
                      catalogue=runner.catalogue(bench).document, options=options,
                      hosts=arguments.among)


def _hosts_of(job: runner.Job) -> dict[str, str]:
    """What each host of the ranks is, in words. Raises Refused where they cannot make a case together."""
    from .machine import hosts

    found = _asked(job.bench, job.hosts)
    bad = [f"{name}: {f.line()}" for name, findings in hosts.examine(found) for f in findings if f.level == doctor.IMPOSSIBLE]
    if bad:
        raise Refused("; ".join(bad))
    return {host.name: hosts.in_words(host) for host in found}


def _among(names: tuple[str, ...] | None, file: Path | None) -> ranks.Hosts:
    """Where ranks run. Raises Refused."""
    hosts = ranks.Hosts(names or (), file)
    try:
        first = hosts.each[0] if hosts.each else ""
    except OSError as e:
        raise Refused(f"{file}: {e.strerror}") from None
    if hosts.are_several and not ranks.is_here(first):
        raise Refused(f"the first host is {first or 'missing'}, expected this machine: rank 0 runs there, and writes the "
                      "results here")
    return hosts


def _asked(bench: Path, among: ranks.Hosts) -> list[Any]:
    """What the hosts say of themselves. Raises Refused."""
    from .machine import hosts

    try:
        return hosts.ask(bench, among)
    except hosts.HostsError as e:
        raise Refused(str(e)) from None
    except OSError as e:
        raise Refused(f"mpirun can't be started: {e.strerror}") from None


def _prepare_ranks(may_install: bool) -> None:
    """Installs what starts ranks, and builds what speaks for them. Raises Refused, or SystemExit without a line."""
    from .setup import SetupError, build, packages

    try:
        packages.see_to_these(ranks.PACKAGES, may_install)
        build.build((ranks.TARGET,), ("-DFANBENCH_MPI=ON",))
    except SetupError as e:
        if not str(e):
            raise SystemExit(1) from None
        raise Refused(f"ranks need OpenMPI: {e}") from None


def _with_relay(bench: Path, may_install: bool) -> Path:
    """The bench with its relay beside it, as it is now."""
    if not checkout.is_another_bench():
        _prepare_ranks(may_install)
        relay = checkout.build_folder() / ranks.TARGET
        if relay.parent != bench.parent:
            shutil.copy2(relay, bench.parent / ranks.RELAY)
    return bench


def _prepare(contestants: Sequence[Contestant], may_install: bool) -> None:
    """Installs what they need, and builds them. Raises Refused, or SystemExit after a stop."""
    from .contestants import ContestantError, building

    try:
        with process.StopRequest() as stop:
            building.prepare(contestants, may_install, stop)
    except ContestantError as e:
        if not str(e):
            raise SystemExit(1) from None
        raise Refused(str(e)) from None
    if stop.number:
        print("fanbench: stopped while building; the next call goes on from there", file=sys.stderr)
        raise SystemExit(128 + stop.number)


def default_name(suite: str, now: datetime) -> str:
    """In UTF-8 on the disk, whatever the locale is."""
    return os.fsdecode(f"{suite}-{now:%Y-%m-%dT%H%M%SZ}".encode())


def _context(job: runner.Job, machine: Machine, software: Software) -> dict[str, Any]:
    contestants = job.suite.contestants_of(job.cases)
    spent = {} if job.budget_s is None else {"budget_s": job.budget_s, "looks": 2}  # after those rounds, and at the end
    return {"suite": job.suite.name, "description": job.suite.description, "rounds": job.rounds, **spent,
            "order_seed": job.order_seed, "started": runner.now_utc(), "fanbench_version": checkout.version(),
            "results_format": FORMAT, "commit": checkout.commit(), "machine": {**machine.printed, **asdict(software)},
            **({"contestants": runner.introduced(job.bench, contestants)} if contestants else {})}


def _again(arguments: argparse.Namespace) -> str:
    """The command of such a run, but for its rounds and budget: what a report says where more would help."""
    suite = arguments.suite
    if is_path(suite) and not is_path(suite := _shown(Path(suite))):
        suite = f"./{suite}"  # else it would be the name of a suite that comes with fanbench
    options = {"--filter": arguments.filter, "--server": arguments.server,
               "--ranks": str(arguments.ranks) if arguments.ranks else None,
               "--hosts": ",".join(arguments.hosts) if arguments.hosts else None,
               "--hostfile": str(arguments.hostfile) if arguments.hostfile else None}
    return shlex.join(["fanbench", "run", suite,
                       *(word for name, value in options.items() if value for word in (name, value))])


def _all_rounds(job: runner.Job, stop: process.StopRequest) -> int:
    from . import terminal
    from .run.display import display_for

    display = display_for(terminal.console())
    try:
        return runner.run(job, display, stop, _look)
    finally:
        display.close()


def _look(document: Mapping[str, Any]) -> budget.Open:
    """What is open after the rounds of all cases."""
    from .analysis import open_questions
    from .results import catalogue

    found = open_questions.look(from_rows(document["benchmarks"], document["context"],
                                          catalogue.read(document["catalogue"])))
    return budget.Open(found.cases, found.words, open_questions.MOST_ROUNDS)


def _after_stop(job: runner.Job, finished: int, number: int, arguments: argparse.Namespace) -> int:
    """The end of an interrupted run: the finished rounds are results all the same."""
    of_all = f" of {job.rounds}" if finished < job.rounds or job.budget_s is None else ""  # more had no number
    kept = f"{_many(finished, 'finished round')}{of_all} kept" if finished else "no round was finished"
    print(f"fanbench: interrupted by {signal.Signals(number).name}; {kept} in {_shown(job.out)}", file=sys.stderr,
          flush=True)
    if finished:
        runner.write_results(job.out, interrupted=True)
        print(_show(job.out, arguments), flush=True)
    return 128 + number


def _show(out: Path, arguments: argparse.Namespace) -> str:
    """Writes the report and prints the table. The last line to say: where they are."""
    if not arguments.no_report:
        _write_report(out)
    _print_table(out, arguments.wide)
    return f"results: {_shown(out / 'results.json')}" if arguments.no_report else \
        f"report: {_shown(out / 'report.html')}"


def _write_report(out: Path) -> None:
    from .report import pages

    pages.write(out)


def _print_table(out: Path, wide: bool) -> None:
    from . import terminal
    from .report import printed

    printed.print_run(load(out), terminal.console(), wide)


def _verdict(results: dict[str, Any], seconds: float) -> int:
    from .run.display import duration

    failed = rounds.failures(results["benchmarks"])
    print(f"took {duration(seconds)}", flush=True)
    if not failed:
        return 0
    print(f"fanbench: {_many(len(failed), 'case')} failed:", file=sys.stderr)
    for name, messages in failed.items():
        print(f"  {name}: {'; '.join(messages)}", file=sys.stderr)
    return 1


def _plan(of_all: int, budget_s: float | None) -> str:
    """How many rounds there will be, in words."""
    more = "" if budget_s is None else f", then more where answers are open, {budget_s:g} s in all"
    return _many(of_all, "round") + more


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _shown(path: Path) -> str:
    """Relative where the path is below the current folder."""
    path, here = path.resolve(), Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


# -- gate --------------------------------------------------------------------------------------------------------------

def _gate(arguments: argparse.Namespace) -> int:
    from .gate import builds, searching, verb

    asked = verb.Asked(arguments.base, arguments.head, arguments.suite, pattern(arguments.filter),
                       arguments.least_change and arguments.least_change / 100, arguments.budget, arguments.force,
                       runner.new_seed() if arguments.order_seed is None else arguments.order_seed,
                       arguments.may_install, arguments.contestant)
    try:
        with process.StopRequest() as stop:
            verdict = verb.run(asked, stop)
            if verdict is None:
                name = signal.Signals(stop.number).name
                print(f"fanbench: interrupted by {name}; nothing is decided", file=sys.stderr)
                return 128 + stop.number
        return verb.tell(verdict, arguments.markdown, arguments.json)
    except (builds.BuildError, searching.BudgetTooShort, ResultsError) as e:
        raise Refused(str(e)) from None
    except OSError as e:
        raise Refused(f"{e.filename or 'the gate'}: {e.strerror}") from None


# -- the other verbs ---------------------------------------------------------------------------------------------------

def _list(arguments: argparse.Namespace) -> int:
    bench = checkout.bench_binary()
    if arguments.suite:
        suite = runner.list_suite(bench, suite_path(arguments.suite))
        print(f"{suite.name}: {suite.description} ({_many(len(suite.cases), 'case')}, "
              f"{_plan(suite.rounds, suite.budget_s)})")
        print(*(case.name for case in suite.cases), sep="\n")
        return 0
    for path in sorted(checkout.SUITES.glob("*.toml")):
        suite = runner.list_suite(bench, path)
        print(f"{suite.name:<12} {_many(len(suite.cases), 'case'):<12} {suite.description}")
    print("\nModels: what a warm case has before its clock starts; what its runs make then")
    for model in runner.catalogue(bench).models.values():
        print(textwrap.fill(f"{model.ready}; then {model.made}", 80, initial_indent=f"{model.name:<12} ",
                            subsequent_indent=" " * 13))
    return 0


def _report(arguments: argparse.Namespace) -> int:
    folder: Path = arguments.folder
    if arguments.format == "files" and arguments.out:
        raise Refused(f"--out: expected a --format that is one file ({', '.join(_EXPORTS)}); the report's own files go "
                      "beside the results")
    form = _form(arguments, arguments.format == "csv", "--format csv", "decimal", "separator", "long")
    try:
        if arguments.format != "files":
            return _export(folder, arguments, form)
        if not (folder / "results.json").exists() and runner.finished_rounds(folder):
            runner.write_results(folder, interrupted=True)  # the run was killed before it could
        _write_report(folder)
    except ResultsError as e:
        raise Refused(str(e)) from None
    except OSError as e:
        raise Refused(f"{e.filename or folder}: can't be written: {e.strerror}; a copy of {folder} can be reported, and "
                      "--format csv --out FILE puts the rows elsewhere") from None
    print(*(_shown(folder / name) for name in ("report.md", "report.html")), sep="\n")
    return 0


def _export(folder: Path, arguments: argparse.Namespace, form: Any) -> int:
    from .files import write_atomically
    from .report import exports, spreadsheet
    from .results.rows import ERROR

    kind, out = arguments.format, arguments.out
    to_csv = spreadsheet.to_long_csv if arguments.long else spreadsheet.to_csv
    results = load(folder)
    write = {"csv": lambda found: to_csv(found, form), "bencher": exports.to_bencher,
             "github-action-benchmark": exports.to_github_action_benchmark}[kind]
    try:
        text = write(results)
    except exports.NothingToExport as e:
        raise Refused(f"{folder}: {e}") from None
    if kind != "csv" and (failed := results.with_status(ERROR)):
        print(f"fanbench: {_many(len(failed), 'case')} failed and {'is' if len(failed) == 1 else 'are'} left out",
              file=sys.stderr)
    if out:
        write_atomically(out, text)
    else:
        print(text, end="")
    return 0


def _form(arguments: argparse.Namespace, csv: bool, needs: str, *options: str) -> Any:
    """How numbers and columns of CSV are told. Raises Refused, also where no CSV is asked for."""
    from .report import spreadsheet

    if not csv and (asked := next((name for name in options if getattr(arguments, name)), None)):
        raise Refused(f"--{asked}: expected with {needs}")
    decimal = arguments.decimal or "."
    try:
        return spreadsheet.Form(decimal, arguments.separator or (";" if decimal == "," else ","))
    except spreadsheet.FormError as e:
        raise Refused(str(e)) from None


def _compare(arguments: argparse.Namespace) -> int:
    from . import terminal
    from .analysis import compare
    from .report import comparison

    form = _form(arguments, arguments.format == "csv" or bool(arguments.out), "--format csv or --out", "decimal",
                 "separator")
    try:
        compared = compare.compare(arguments.first, arguments.second)
        written = comparison.write(compared, arguments.out, form) if arguments.out else []
    except ResultsError as e:
        raise Refused(str(e)) from None
    except OSError as e:
        raise Refused(f"{arguments.out}: can't be written: {e.strerror}") from None
    if arguments.format == "csv":
        print(comparison.to_csv(compared, form), end="")
        return 0
    comparison.print_table(compared, terminal.console())
    print(*(_shown(path) for path in written), sep="\n", end="\n" * bool(written))
    return 0


def _doctor(arguments: argparse.Namespace) -> int:
    if arguments.hosts:
        return _doctor_of_hosts(arguments)
    findings = doctor.examine(runner.machine(checkout.bench_binary()), read_software())
    print(doctor.report(findings))
    return 1 if any(f.level == doctor.IMPOSSIBLE for f in findings) else 0


def _doctor_of_hosts(arguments: argparse.Namespace) -> int:
    from .machine import hosts

    among = _among(arguments.hosts, None)
    process.adopt_orphans()
    _prepare_ranks(arguments.may_install)
    found = hosts.examine(_asked(checkout.bench_binary(), among))
    print("\n\n".join(f"{name}\n{doctor.report(findings)}" for name, findings in found))
    return 1 if any(f.level == doctor.IMPOSSIBLE for _, findings in found for f in findings) else 0


def _serve(arguments: argparse.Namespace) -> int:
    server = checkout.server_binary()
    flags = arguments.rest
    with contextlib.suppress(ValueError):
        flags.remove("--")  # the first: it only says what is not for fanbench
    try:
        os.execv(server, [str(server), *flags])
    except OSError as e:
        raise Refused(f"{server} can't be started: {e.strerror}") from None


def _record(arguments: argparse.Namespace) -> int:
    from .record import verb

    rate, interval_s = arguments.rate
    asked = verb.Asked(with_scheme(arguments.url), arguments.calls, rate, interval_s, tuple(arguments.header),
                       arguments.timeout, out_of_record(arguments))
    try:
        return verb.run(asked, runner.now_utc())
    except verb.BadUrl as e:
        raise Refused(str(e)) from None
    except OSError as e:
        raise Refused(f"{e.filename or asked.out}: can't be written: {e.strerror}") from None
    except verb.Failed as e:
        print(f"fanbench: {e}", file=sys.stderr)
        return 1


def _contestant(arguments: argparse.Namespace) -> int:
    from .contestants import ContestantError, verb

    contestant = described(arguments.folder)
    _prepare([contestant], arguments.may_install)
    process.adopt_orphans()
    try:
        return verb.run(checkout.bench_binary(), contestant, arguments.workload)
    except ContestantError as e:
        raise Refused(str(e)) from None


def _test(arguments: argparse.Namespace) -> int:
    """One after the other, both to the end, and then what failed of the first, which the other's lines have pushed away."""
    cpus = min(len(os.sched_getaffinity(0)), 8)  # beyond that the longest tests are all that is waited for
    # In quarters of a CPU, as tests/CMakeLists.txt deals them out. More would keep each other from being in time.
    told = checkout.build_folder() / "ctest.xml"
    told.unlink(missing_ok=True)
    ctest = ["ctest", "--preset", checkout.preset(), "--parallel", str(4 * cpus), "--output-junit", str(told)]
    pytest = [sys.executable, "-m", "pytest", "--quiet", "scripts/tests"]
    if cpus > 1 and find_spec("xdist"):
        pytest += ["--numprocesses", str(cpus), "--dist", "loadfile"]  # some files share what was costly to make
    if not arguments.long:
        ctest += ["--label-exclude", "^long$"]
        pytest += ["-m", "not long"]
    codes = []
    for command in (ctest, pytest):
        print(f"$ {shlex.join(command)}", flush=True)
        codes.append(subprocess.run(command, cwd=checkout.ROOT, check=False,
                                    env={**os.environ, "PYTHONUTF8": "1"}).returncode)  # as our files are
    if codes[0]:
        _show_failures(told)
    return 1 if any(codes) else 0


def _show_failures(junit: Path) -> None:
    """Each test that failed, with the last lines it wrote. Nothing where ctest has not got so far."""
    with contextlib.suppress(OSError, ElementTree.ParseError):
        for test in ElementTree.parse(junit).iter("testcase"):
            if test.find("failure") is not None:
                print(f"\n{test.get('name')} failed:", *(test.findtext("system-out") or "").splitlines()[-20:], sep="\n")
