// Calls with work beside them, after them, or in their place. A loop that computes does nothing else, so work may go to
// a pool of worker threads, one for each CPU.
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

import { kernel, priority } from './kernel.mjs';

const idle = [];
const waiting = [];

/** Starting one takes tens of milliseconds: they are started before the first run, and are kept. */
export async function startPool() {
  const workers = Array.from({ length: availableParallelism() }, () => new Worker(new URL('./worker.mjs', import.meta.url)));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  idle.push(...workers);
}

async function inPool(x, steps) {
  const worker = idle.pop() ?? await new Promise((resolve) => waiting.push(resolve));
  worker.postMessage({ x, steps });
  const [message] = await once(worker, 'message');
  const next = waiting.shift();
  if (next) next(worker);
  else idle.push(worker);
  return message;
}

/** In line is the famous mistake: everybody else waits. */
export async function mixed(run, { placement, kernel_steps: steps }) {
  await Promise.all(run.ids().map(async (id) => {
    const reply = await run.call(id);
    const { result } = placement === 'offload' ? await inPool(reply.answer, steps)
      : { result: kernel(reply.answer, steps) };
    run.record(id, { reply: { ...reply, answer: result }, finished: run.now() });
  }));
}

export async function cpu(run, scenario) {
  await Promise.all(run.ids().map(async (id) => {
    const { result, began, ended } = await inPool(priority(scenario, id), scenario.kernel_steps);
    const reply = { verdict: 'ok', status: 0, answer: result };
    run.record(id, { attempts: 1, started: run.since(began), finished: run.since(ended), reply });
  }));
}

export async function earlyStart(run, { seed, kernel_steps: steps }) {
  const calls = run.ids().map((id) => run.call(id));
  const { result, began, ended } = await inPool(seed, steps);
  run.event(0, 0, run.since(began));
  run.event(1, result, run.since(ended));
  await Promise.all(calls);
}
