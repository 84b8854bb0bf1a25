// All calls at once, and what ends them.
import { setMaxListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';

export async function gather(run) {
  await Promise.all(run.ids().map((id) => run.call(id)));
}

/** A call that fails is a reply as well; what is thrown (it would be a mistake of ours) is kept from the others. */
export async function allSettled(run) {
  const outcomes = await Promise.allSettled(run.ids().map((id) => run.call(id)));
  for (const { reason } of outcomes) if (reason) throw reason;
}

/** For all calls of a group. */
function controller() {
  const made = new AbortController();
  setMaxListeners(0, made.signal);
  return made;
}

/** Promise.all rejects at the first failure, and leaves the others to themselves: they are aborted, and awaited. */
export async function taskGroup(run) {
  const group = controller();
  const calls = run.ids().map(async (id) => {
    const { verdict } = await run.call(id, group);
    if (verdict === 'http_error' || verdict === 'transport_error') throw id;
  });
  try {
    await Promise.all(calls);
  } catch (failed) {
    run.choose(failed);
    group.abort('cancelled');
    await Promise.allSettled(calls);
  }
}

/** Promise.any likewise, for the first success. */
export async function firstCompleted(run) {
  const group = controller();
  const calls = run.ids().map(async (id) => {
    const { verdict } = await run.call(id, group);
    if (verdict !== 'ok') throw id;
    return id;
  });
  run.choose(await Promise.any(calls));
  group.abort('cancelled');
  await Promise.allSettled(calls);
}

/** A deadline is a timer that aborts. AbortSignal.timeout is the same with another reason, and can't be cleared. */
async function within(ms, reason, work) {
  const late = controller();
  const timer = setTimeout(() => late.abort(reason), Math.ceil(ms));
  await work(late);
  clearTimeout(timer);
}

export async function timeout(run, { deadline_ns, scope }) {
  const ms = deadline_ns / 1e6;
  if (scope === 'call') {
    await Promise.all(run.ids().map((id) => within(ms, 'timed_out', (late) => run.call(id, late))));
  } else {
    await within(ms - run.now() / 1e6, 'timed_out', (late) => Promise.all(run.ids().map((id) => run.call(id, late))));
  }
}

/** Who is critical is not told of the end. */
export async function shield(run, { deadline_ns, critical_every }) {
  await within((deadline_ns - run.now()) / 1e6, 'cancelled', (end) =>
    Promise.all(run.ids().map((id) => run.call(id, id % critical_every === 0 ? {} : end))));
}

/** Who has no reply after a while gets a second copy, as long as there are tokens for one. */
export async function hedged(run, { hedge_after_ns, copies: tokens }) {
  const hedge = async (id) => {
    const both = controller();
    const copies = [run.attempt(id, 0, both.signal)];
    const answered = new AbortController();
    const first = await Promise.race([...copies, wait(hedge_after_ns / 1e6, null, answered)])
      ?? (tokens-- > 0 && copies.push(run.attempt(id, 1, both.signal)), await Promise.race(copies));
    answered.abort();
    both.abort('cancelled');
    const ended = await Promise.all(copies);
    run.record(id, { ...first, started: ended[0].started, attempts: ended.length });
  };
  await Promise.all(run.ids().map(hedge));
}
