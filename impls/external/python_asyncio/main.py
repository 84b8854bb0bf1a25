"""asyncio and aiohttp as a contestant; with --uvloop on that event loop."""


def main() -> None:
    import asyncio
    import sys

    from conversation import cannot_run_here, converse
    on_uvloop = "--uvloop" in sys.argv
    loop_factory, loop_version = None, ""
    try:
        import aiohttp
        if on_uvloop:
            import uvloop
            loop_factory, loop_version = uvloop.new_event_loop, f", uvloop {uvloop.__version__}"
    except ImportError as missing:
        cannot_run_here(missing)
    import further_workloads
    import workloads
    from client import Client
    all_workloads = workloads.WORKLOADS | further_workloads.WORKLOADS

    name = "python_uvloop" if on_uvloop else "python_asyncio"
    client = Client()
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        try:
            converse(name, f"aiohttp {aiohttp.__version__}{loop_version}", all_workloads,
                     prepare=lambda setup: runner.run(client.prepare(setup)),
                     run=lambda run, records: runner.run(client.run(all_workloads[run.workload], run, records)))
        finally:
            runner.run(client.close())


if __name__ == "__main__":  # worker processes load this file, and need nothing of it
    main()
