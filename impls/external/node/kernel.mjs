// 64-bit arithmetic: draws by BigInt; the kernel, which has many steps, by halves of 32 bits, twenty times as
// fast in Node.js 18.

export function draw(seed, id, k) {
  const wrap = (x) => BigInt.asUintN(64, x);
  let x = wrap(seed * 0x9e3779b97f4a7c15n + (BigInt(id) << 32n | BigInt(k)) + 0x9e3779b97f4a7c15n);
  x = wrap((x ^ x >> 30n) * 0xbf58476d1ce4e5b9n);
  x = wrap((x ^ x >> 27n) * 0x94d049bb133111ebn);
  return x ^ x >> 31n;
}

/** The wait after attempt k, in nanoseconds; `retryAfter` in milliseconds. */
export function backoff(scenario, id, k, retryAfter) {
  const factor = 0.5 + 0.5 * Number(draw(scenario.seed, id, k) >> 11n) * 2 ** -53;
  return Math.max(Math.floor(scenario.backoff_ns * 2 ** k * factor), scenario.heeds_retry_after ? retryAfter * 1e6 : 0);
}

export const priority = ({ seed }, id) => draw(seed, id, 0xffffffff);

const state = new Int32Array(2); // low, high

/** A function that is called often, for one long loop is compiled in its middle, now well, now half as well. */
function advance(steps) {
  const factorHigh = 0x5851f42d, factorLow = 0x4c957f2d, factor1 = 0x4c95, factor0 = 0x7f2d; // halves; of the low one
  const addendHigh = 0x14057b7e, addendLow = 0xf767814f;
  let [low, high] = state;
  for (let i = 0; i < steps; ++i) {
    // What low·factorLow has above 32 bits, by halves of 16 bits; imul has what is below.
    const low0 = low & 0xffff, low1 = low >>> 16;
    const inner = Math.imul(low0, factor1), outer = Math.imul(low1, factor0);
    const middle = (Math.imul(low0, factor0) >>> 16) + (inner & 0xffff) + (outer & 0xffff);
    const above = Math.imul(low1, factor1) + (inner >>> 16) + (outer >>> 16) + (middle >>> 16);
    high = (above + Math.imul(low, factorHigh) + Math.imul(high, factorLow) + addendHigh) | 0;
    low = (Math.imul(low, factorLow) + addendLow) | 0;
    if (low >>> 0 < addendLow) high = (high + 1) | 0; // the carry
  }
  state[0] = low;
  state[1] = high;
}

/** x = 6364136223846793005·x + 1442695040888963407 mod 2^64, so many times. */
export function kernel(x, steps) {
  state[0] = Number(x & 0xffffffffn);
  state[1] = Number(x >> 32n);
  for (; steps > 1000; steps -= 1000) advance(1000);
  advance(steps);
  return BigInt(state[1] >>> 0) << 32n | BigInt(state[0] >>> 0);
}

/** The best of ten tries of about a third of a millisecond, by when it is compiled. */
export function kernelStepsPerMs() {
  const steps = 100_000;
  let best = Infinity;
  for (let i = 0; i < 10; ++i) {
    const began = performance.now();
    kernel(BigInt(i), steps);
    best = Math.min(best, performance.now() - began);
  }
  return steps / best;
}
