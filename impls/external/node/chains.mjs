// Calls of which each needs the answer to the one before.

export async function pipeline(run, { mode, stages }) {
  const items = run.ids().filter((id) => id % stages === 0);
  if (mode === 'streamed') {
    await Promise.all(items.map(async (id) => {
      let before = await run.call(id);
      while (before.more) {
        run.ready(++id);
        before = await run.call(id, { before });
      }
    }));
    return;
  }
  let replies = await Promise.all(items.map((id) => run.call(id)));
  for (let stage = 1; stage < stages; ++stage) {
    items.forEach((id) => run.ready(id + stage));
    replies = await Promise.all(items.map((id, item) => run.call(id + stage, { before: replies[item] })));
  }
}

/** A stream is an async generator; with prefetch it asks for a page before it hands over the one before. */
async function* pagesOf(run, id, prefetch) {
  let page = await run.call(id);
  const next = () => {
    run.ready(++id);
    return run.call(id, { before: page });
  };
  while (page.more) {
    const ahead = prefetch > 0 ? next() : undefined;
    yield page;
    page = await (ahead ?? next());
  }
  yield page;
}

export async function paginate(run, { pages, prefetch, consume_ns }) {
  const streams = run.ids().filter((id) => id % pages === 0);
  await Promise.all(streams.map(async (first) => {
    for await (const page of pagesOf(run, first, prefetch)) {
      if (page.verdict === 'ok') await run.until(run.now() + consume_ns);
    }
  }));
}
