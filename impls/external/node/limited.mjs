// Fewer calls at once than there are: permits, workers, queues.
import { backoff, priority } from './kernel.mjs';

/** Permits are given to those who wait for one in the order in which they came. */
class Semaphore {
  #free;
  #waiting = new Fifo();

  constructor(permits) {
    this.#free = permits;
  }

  async acquire() {
    if (this.#free > 0) --this.#free;
    else await new Promise((resolve) => this.#waiting.push(resolve));
  }

  release() {
    if (this.#waiting.length > 0) this.#waiting.shift()(); // the permit is handed on
    else ++this.#free;
  }

  async with(work) {
    await this.acquire();
    try {
      return await work();
    } finally {
      this.release();
    }
  }
}

/** Array.shift moves what is left, and there may be a million. */
class Fifo {
  #items = [];
  #first = 0;

  get length() {
    return this.#items.length - this.#first;
  }

  push(item) {
    this.#items.push(item);
  }

  shift() {
    const item = this.#items[this.#first];
    this.#items[this.#first++] = undefined;
    return item;
  }
}

export async function semaphore(run, { limit }) {
  const permits = new Semaphore(limit);
  await Promise.all(run.ids().map((id) => run.task(() => permits.with(() => run.call(id)))));
}

/** Nobody else runs between two awaits: `next++` is the queue. */
export async function workerPool(run, { limit, calls }) {
  let next = 0;
  const worker = async () => {
    while (next < calls) await run.call(next++);
  };
  await Promise.all(Array.from({ length: limit }, () => run.task(worker)));
}

/** An attempt has a permit, a wait has none. */
export async function retry(run, scenario) {
  const permits = new Semaphore(scenario.limit || Infinity);
  const callUntilOk = async (id) => {
    let started;
    for (let k = 0; ; ++k) {
      const attempt = await permits.with(() => run.attempt(id, k));
      started ??= attempt.started;
      if (attempt.reply.verdict === 'ok' || k + 1 === scenario.attempts) {
        run.record(id, { ...attempt, started, attempts: k + 1 });
        return;
      }
      await run.until(attempt.finished + backoff(scenario, id, k, attempt.reply.retryAfter));
    }
  };
  await Promise.all(run.ids().map(callUntilOk));
}

/** Two semaphores count its room and its items. */
class Queue {
  #run;
  #scenario;
  #items = []; // the next one is the last
  #room;
  #ready = new Semaphore(0);

  constructor(run, scenario) {
    this.#run = run;
    this.#scenario = scenario;
    this.#room = new Semaphore(scenario.capacity);
  }

  async put(id) {
    await this.#room.acquire();
    this.#run.ready(id);
    if (this.#scenario.order === 'fifo') this.#items.unshift(id);
    else this.#items.push(id);
    if (this.#scenario.order === 'priority') {
      const rank = (item) => priority(this.#scenario, item);
      this.#items.sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
    }
    this.#ready.release();
  }

  /** Nothing when it has ended. */
  async take() {
    await this.#ready.acquire();
    const id = this.#items.pop();
    this.#room.release();
    return id;
  }

  /** Each consumer finds it empty, once. */
  end() {
    for (let i = 0; i < this.#scenario.consumers; ++i) this.#ready.release();
  }
}

export async function producerConsumer(run, scenario) {
  const { calls, producers, consumers } = scenario;
  const queue = new Queue(run, scenario);
  const produce = async (producer) => {
    for (let id = producer; id < calls; id += producers) await queue.put(id);
  };
  const produceAll = async () => {
    await Promise.all(Array.from({ length: producers }, (_, producer) => produce(producer)));
    queue.end();
  };
  const consume = async () => {
    for (let id; (id = await queue.take()) !== undefined;) await run.call(id);
  };
  await Promise.all([produceAll(), ...Array.from({ length: consumers }, consume)]);
}
