"""A ProcessPoolExecutor with requests in its workers as a contestant."""


def main() -> None:
    from concurrent.futures import ProcessPoolExecutor
    from contextlib import closing
    from multiprocessing import get_context

    from conversation import cannot_run_here, converse
    try:
        import requests
    except ImportError as missing:
        cannot_run_here(missing)
    import workloads
    from pool import Pool

    context = get_context("forkserver")  # a process without threads, which has loaded what its children need
    context.set_forkserver_preload(["service", "workloads"])

    def workers(setup) -> ProcessPoolExecutor:
        shared = setup, context.Barrier(setup.workers), context.Value("q")
        workloads.begin(*shared)
        return ProcessPoolExecutor(setup.workers, context, initializer=workloads.begin, initargs=shared)

    with closing(Pool(workers)) as pool:
        converse("python_processes", f"requests {requests.__version__}", workloads.WORKLOADS, prepare=pool.prepare,
                 run=lambda run, records: pool.do(workloads.WORKLOADS[run.workload], run, records))


if __name__ == "__main__":  # worker processes load this file, and need nothing of it
    main()
