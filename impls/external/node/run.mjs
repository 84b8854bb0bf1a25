// One run of a workload: its parameters, and what is taken down of it. Times are nanoseconds since it began.
import { writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

const neverBegun = { verdict: 'cancelled', status: 0, answer: 0n };

export class Run {
  #scenario; // each parameter by its name in the protocol
  #calls;
  #began;
  #records;
  #attempts = [];
  #others = []; // lines
  #chosen;
  #tasks = 0;
  #peak = 0;

  constructor(scenario, calls, began) {
    this.#scenario = scenario;
    this.#calls = calls;
    this.#began = began;
    this.#records = Array.from({ length: scenario.calls }, () => ({
      intended: 0, started: 0, finished: 0, attempts: 0, reply: neverBegun,
    }));
  }

  /** Does the workload, with a heartbeat beside it where there is a watchdog. */
  async perform(workload) {
    const work = workload(this, this.#scenario);
    const beating = this.#scenario.watchdog || this.#scenario.workload === 'mixed' ? this.#beat(work) : undefined;
    await Promise.all([work, beating]);
  }

  async #beat(work) {
    let done = false;
    work.then(() => { done = true; });
    for (let n = 0; ; ++n) {
      const due = (n + 1) * 10e6;
      await Promise.race([this.until(due), work]);
      if (done && this.now() < due) return;
      this.#others.push(`beat ${n} ${this.now()}`);
    }
  }

  now() {
    return this.since(process.hrtime.bigint());
  }

  /** A time of the system's clock, as a time of the run. */
  since(time) {
    return Number(time - this.#began);
  }

  /** Waits until a time of the run. Timers know milliseconds, and may be early by one. */
  async until(due) {
    for (let left; (left = due - this.now()) > 0;) await wait(Math.ceil(left / 1e6));
  }

  ids() {
    return this.#records.map((_, id) => id);
  }

  /** The call could start from now on. */
  ready(id) {
    this.#records[id].intended = this.now();
  }

  choose(id) {
    this.#chosen = id;
  }

  /** What the fan-out itself does. */
  event(number, value, at = this.now()) {
    this.#others.push(`event - ${number} ${at} ${value.toString(16)}`);
  }

  /** Makes the call; where the signal is aborted already, it is not begun any more. */
  async call(id, { signal, before } = {}) {
    const record = this.#records[id];
    if (signal?.aborted) return record.reply;
    const cursor = before ? `&cursor=${hex(before.answer)}` : '';
    record.attempts = 1;
    record.started = this.now();
    record.reply = await this.#calls.get(`${this.#path(id, 0)}${cursor}`, signal);
    record.finished = this.now();
    return record.reply;
  }

  /** Makes one attempt at a call that may have more. */
  async attempt(id, number, signal) {
    const attempt = { number, started: this.now() };
    attempt.reply = await this.#calls.get(this.#path(id, number), signal);
    attempt.finished = this.now();
    this.#attempts.push(`attempt ${id} ${number} ${attempt.started} ${attempt.finished} ${outcome(attempt)} ` +
      Math.round((attempt.reply.retryAfter ?? 0) * 1e6));
    return attempt;
  }

  /** What a call came to that was made otherwise, or goes on after its reply. */
  record(id, what) {
    Object.assign(this.#records[id], what);
  }

  /** A task exists for as long as `work` takes. */
  async task(work) {
    this.#peak = Math.max(this.#peak, ++this.#tasks);
    await work();
    --this.#tasks;
  }

  write(path) {
    const lines = this.#records.map((r, id) =>
      `call ${id} ${r.intended} ${r.started} ${r.finished} ${r.attempts} ${outcome(r)}`);
    lines.push(...this.#attempts, ...this.#others);
    if (this.#chosen !== undefined) lines.push(`chosen ${this.#chosen}`);
    if (this.#peak > 0) lines.push(`tasks ${this.#peak}`);
    writeFileSync(path, lines.join('\n') + '\n');
  }

  #path(id, attempt) {
    return `/runs/${this.#scenario.run}/calls/${id}?attempt=${attempt}`;
  }
}

const hex = (answer) => answer.toString(16).padStart(16, '0');
const outcome = ({ reply }) => `${reply.verdict} ${reply.status} ${hex(reply.answer)}`;
