"""A ThreadPoolExecutor and requests as a contestant."""


def main() -> None:
    import threading
    from concurrent.futures import ThreadPoolExecutor
    from contextlib import closing

    from conversation import cannot_run_here, converse
    try:
        import requests
    except ImportError as missing:
        cannot_run_here(missing)
    import giving_up
    import service
    from pool import Pool
    from workloads import WORKLOADS

    def workers(setup) -> ThreadPoolExecutor:
        service.begin(setup, threading.Barrier(setup.workers))
        return ThreadPoolExecutor(setup.workers)

    service.adapter = giving_up.Adapter
    with closing(Pool(workers)) as pool:
        converse("python_threads", f"requests {requests.__version__}", WORKLOADS, prepare=pool.prepare,
                 run=lambda run, records: pool.do(WORKLOADS[run.workload], run, records))


if __name__ == "__main__":  # worker processes load this file, and need nothing of it
    main()
