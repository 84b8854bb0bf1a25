// A worker thread: says that it is there, then does a piece of work for each message, and tells when.
import { parentPort } from 'node:worker_threads';

import { kernel, kernelStepsPerMs } from './kernel.mjs';

parentPort.on('message', ({ x, steps }) => {
  const began = process.hrtime.bigint();
  const result = kernel(x, steps);
  parentPort.postMessage({ result, began, ended: process.hrtime.bigint() });
});
kernelStepsPerMs(); // so that it is compiled
parentPort.postMessage('ready');
