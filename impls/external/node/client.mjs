// A client in JavaScript: promises on one event loop, over a keep-alive agent of node:http. This file has the
// conversation with the bench, a line of JSON each way.
import { createInterface } from 'node:readline';

import { Calls } from './calls.mjs';
import { paginate, pipeline } from './chains.mjs';
import { cpu, earlyStart, mixed, startPool } from './computing.mjs';
import { allSettled, firstCompleted, gather, hedged, shield, taskGroup, timeout } from './fan_out.mjs';
import { kernelStepsPerMs } from './kernel.mjs';
import { producerConsumer, retry, semaphore, workerPool } from './limited.mjs';
import { Run } from './run.mjs';

const workloads = {
  gather,
  all_settled: allSettled,
  task_group: taskGroup,
  first_completed: firstCompleted,
  timeout,
  semaphore,
  worker_pool: workerPool,
  producer_consumer: producerConsumer,
  pipeline,
  retry,
  paginate,
  early_start: earlyStart,
  shield,
  hedged,
  mixed,
  cpu,
};

let calls, pool, run;

const answers = {
  hello: () => ({
    hello: 'node',
    protocol: 1,
    versions: `Node.js ${process.version}, node:http`,
    workloads: Object.keys(workloads),
    kernel_steps_per_ms: kernelStepsPerMs(),
  }),
  prepare: async (said) => {
    calls?.close();
    calls = new Calls(said);
    await (pool ??= startPool());
    await Promise.all(Array.from({ length: said.connections }, () => calls.get(said.warm_path)));
    return { ready: true };
  },
  run: async (said, read) => {
    run = new Run(said, calls, read);
    await run.perform(workloads[said.workload]);
    return { done: true };
  },
  report: (said) => {
    run.write(said.path);
    return { written: true };
  },
};

/** JSON.parse makes doubles of numbers; a seed may have 64 bits. */
function parse(line) {
  const said = JSON.parse(line);
  if ('seed' in said) said.seed = BigInt(/"seed": *(\d+)/.exec(line)[1]);
  return said;
}

createInterface({ input: process.stdin }).on('line', async (line) => {
  const read = process.hrtime.bigint();
  const said = parse(line);
  process.stdout.write(JSON.stringify(await answers[said.do](said, read)) + '\n');
}).on('close', () => process.exit());
