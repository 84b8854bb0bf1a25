"""A pretend fanbench-bench: speaks its command line, and does with each case what behaviours.json says. With "old" in it
it knows no --turns. A contestant's own folder may have such a file too, with "hello" in it."""

import json
import math
import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

SLEEPER = ["/bin/sleep", "600"]
FIXTURES = Path(__file__).parent / "fixtures"


def main() -> int:
    folder, arguments = Path(sys.argv[1]), sys.argv[2:]
    told = json.loads((folder / "behaviours.json").read_text())
    for option in {"--contestant", "--hello"} & set(arguments):
        its = Path(arguments[arguments.index(option) + 1])
        if (its / "behaviours.json").exists():
            told |= of_contestant(its, told["listing"])
            if "--hello" in arguments:
                return say_hello(told["hello"])
    if told["listing"].get("old") and "--turns" in arguments:
        print("fanbench-bench: what is --turns?", file=sys.stderr)
        return 2
    if told["listing"].get("times_work_itself") and "--kernel-steps-per-ms" in arguments:
        print("fanbench-bench: what is --kernel-steps-per-ms?", file=sys.stderr)
        return 2
    if "--catalogue" in arguments:
        print((FIXTURES / "catalogue.json").read_text())
        return 0
    if "--machine" in arguments:
        return print_machine(told["listing"].get("machine", {}))
    if "--hello" in arguments:
        return print_hello(told["listing"].get("hello", "it says nothing"))
    if "--list" in arguments:
        with open(folder / "suites.log", "a") as log:
            log.write(Path(arguments[arguments.index("--suite") + 1]).read_text())
        return print_list(told)
    flags = dict(a.split("=", 1) for a in arguments if a.startswith("--benchmark_"))
    name = arguments[arguments.index("--case") + 1]
    with open(folder / "started.log", "a") as log:
        log.write(name + "\n")
    nth = (folder / "started.log").read_text().splitlines().count(name)
    words = told["cases"][name].split("+")
    word = words[min(nth, len(words)) - 1]
    if "--records" in arguments:
        Path(arguments[arguments.index("--records") + 1]).write_text(json.dumps({"name": name, "calls": [], "start": nth}))

    def write(row: dict) -> None:
        if "--count-allocations" in arguments:
            row = row | {"allocations_per_call": 3.0, "counts_allocations": 1.0}
        server = {"server": arguments[arguments.index("--server") + 1]} if "--server" in arguments else {}
        document = {"context": context(name) | server | told["listing"].get("context", {}), "benchmarks": [row]}
        Path(flags["--benchmark_out"]).write_text(json.dumps(document))

    def ready() -> None:
        (folder / "ready").write_text(str(os.getpid()))

    print("noise on stdout", flush=True)
    if word in ("ok", "busy", "dear", "unverified", "half", "liar", "leaves"):
        take_turns(folder, name, {"cpu_us_per_call": 11.0 if word == "dear" else 10.0, "makespan_s": 0.1 * nth})
    if word in ("hangs_in_turn", "errs_in_turn"):
        take_turns(folder, name, {}, most=1)
    if word == "ok":
        write(good_row(name, nth))
    elif word == "busy":
        write(good_row(name, nth) | {"noisy": 1.0})
    elif word == "dear":
        write(good_row(name, nth) | {"cpu_us_per_call": 11.0})
    elif word == "error":
        write(error_row(name, "expected 10 calls, the ledger shows 9"))
        return 1
    elif word == "luck":
        write(error_row(name, "call 7 is due 3 ms from the deadline: choose another time for that, or seed"))
        return 1
    elif word == "n/a":
        write(error_row(name, "nothing to race", "not_applicable"))
    elif word == "limit":
        write(error_row(name, "needs 20,100 descriptors, 20,000 allowed", "limit"))
    elif word == "unverified":
        write({k: v for k, v in good_row(name, nth).items() if k != "verified"})
    elif word == "half":
        Path(flags["--benchmark_out"]).write_text('{"context": {}, "bench')
    elif word == "liar":
        write(good_row(name, nth))
        return 1
    elif word == "exit3":
        print("first words\nthe plan was refused", file=sys.stderr)
        return 3
    elif word == "crash":
        print("assertion failed: permits >= 0", file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGABRT)
    elif word == "hang":
        subprocess.Popen(SLEEPER)  # its mock server
        ready()
        signal.pause()
    elif word == "stubborn":  # deaf to all but SIGKILL, with a server in a session of its own
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        subprocess.Popen(SLEEPER, start_new_session=True)
        ready()
        while True:
            signal.pause()
    elif word == "hangs_in_turn":
        signal.pause()
    elif word == "errs_in_turn":
        write(error_row(name, "the second turn went wrong"))
        return 1
    elif word == "leaves":
        subprocess.Popen(SLEEPER, start_new_session=True)
        write(good_row(name, nth))
    return 0


def of_contestant(folder: Path, listing: dict) -> dict:
    """What it does, in suites of its own cases."""
    said = tomllib.loads((folder / "contestant.toml").read_text())
    return json.loads((folder / "behaviours.json").read_text()) | {
        "listing": listing | {"contestants": [said | {"folder": str(folder)}]}}


def say_hello(told: list | str) -> int:
    """Its workloads; or in a text its last words."""
    if isinstance(told, str):
        print(f"fanbench-bench: {told}", file=sys.stderr)
        return 2
    print(json.dumps({"hello": {"workloads": told}}))
    return 0


def take_turns(folder: Path, name: str, figures: dict, most: float = math.inf) -> None:
    told = json.loads((folder / "behaviours.json").read_text())["listing"]
    print(json.dumps({"ready": {"turn_s": told.get("turn_s", 0.1), "iterations": told.get("iterations", 1)}}), flush=True)
    for number, line in enumerate(sys.stdin):
        if number >= most:
            return
        assert line == "turn\n"
        with open(folder / "turns.log", "a") as log:
            log.write(name + "\n")
        print(json.dumps({"turn": figures}), flush=True)


def case_of(name: str) -> dict:
    workload, model, transport, *rest = name.split("/")
    parameters = dict(part.split(":", 1) for part in rest)
    return {"workload": workload, "model": model, "transport": transport,
            "parameters": {k: int(v) if v.isdigit() else v for k, v in parameters.items() if k != "timeline"}}


def print_list(told: dict) -> int:
    cases = [{"name": name, **case_of(name), "timeline": "timeline" in name, "in_flight": 10, "ideal_s": 0.02,
              "expected_s": 0.08} for name in told["cases"]]
    print(json.dumps({"suite": "pretend", "description": "Pretends.", "rounds": told["rounds"], "cases": cases}
                     | told["listing"]))
    if "complain" in told["listing"]:
        print(f"fanbench-bench: {told['listing']['complain']}", file=sys.stderr)
        return 2
    return 0


def print_hello(told: dict | str) -> int:
    """What a contestant says of itself; a text: why it does not start."""
    if isinstance(told, str):
        print(f"fanbench-bench: {told}", file=sys.stderr)
        return 2
    print(json.dumps({"name": "mine", "hello": told}))
    return 0


def print_machine(told: dict | str) -> int:
    """A good machine but for what is told; a text: the bench's last words."""
    if isinstance(told, str):
        print(told, file=sys.stderr)
        return 2
    print(json.dumps(json.loads((FIXTURES / "machine.json").read_text()) | told))
    return 0


def context(name: str) -> dict:
    return {"date": "2026-11-20T17:04:05+01:00", "host_name": "pretend", "executable": "bench", "num_cpus": 2,
            "mhz_per_cpu": 2900, "cpu_scaling_enabled": False, "caches": [], "load_avg": [0.1, 0.1, 0.1],
            "library_build_type": "release", "first": name}


def good_row(name: str, nth: int) -> dict:
    """As Google Benchmark 1.7 writes it. The makespan is 0.1 s times which start of the case it is."""
    return {"name": name + "/iterations:3/manual_time", "family_index": 0, "per_family_instance_index": 0,
            "run_name": name + "/iterations:3/manual_time", "run_type": "iteration", "repetitions": 1,
            "repetition_index": 0, "threads": 1, "iterations": 3, "real_time": 100.0 * nth, "cpu_time": 1.0,
            "time_unit": "ms", "makespan_s": 0.1 * nth, "ideal_s": 0.02, "efficiency": 0.02 / (0.1 * nth),
            "overhead_us_per_call": 1000.0,
            "client_overhead_us_per_call": 700.0, "server_overhead_us_per_call": 300.0, "cpu_us_per_call": 10.0, "peak_pss_bytes": 1e6, "verified": 1.0,
            "case": case_of(name), "status": "verified"}


def error_row(name: str, message: str, status: str = "error") -> dict:
    return {"name": name, "case": case_of(name), "status": status, "family_index": 0, "per_family_instance_index": 0, "run_name": name,
            "run_type": "iteration", "repetitions": 1, "repetition_index": 0, "threads": 1,
            "error_occurred": True, "error_message": message, "iterations": 0, "real_time": 0.0, "cpu_time": 0.0,
            "time_unit": "ms"}


sys.exit(main())
