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
    from client import Client
    from workloads import WORKLOADS

    client = Client()
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        converse("python_uvloop" if on_uvloop else "python_asyncio",
                 f"aiohttp {aiohttp.__version__}{loop_version}", WORKLOADS,
                 prepare=lambda setup: runner.run(client.prepare(setup)),
                 run=lambda run, records: runner.run(client.run(WORKLOADS[run.workload], run, records)))
        runner.run(client.close())


if __name__ == "__main__":  # worker processes load this file, and need nothing of it
    main()
