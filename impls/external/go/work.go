// Numbers: what a wait is, which item is first, and the work of workloads that compute.
package main

import (
	"math"
	"time"
)

func draw(seed uint64, id int, k uint32) uint64 {
	const step = 0x9e3779b97f4a7c15
	x := seed*step + (uint64(id)<<32 | uint64(k)) + step
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// backoff is the wait after attempt k.
func (run *Run) backoff(id, k int, retryAfter time.Duration) time.Duration {
	factor := 0.5 + 0.5*math.Ldexp(float64(draw(run.Seed, id, uint32(k))>>11), -53)
	wait := time.Duration(math.Ldexp(float64(run.Backoff), k) * factor)
	if run.HeedsRetryAfter && retryAfter > wait {
		return retryAfter
	}
	return wait
}

func (run *Run) priority(id int) uint64 { return draw(run.Seed, id, math.MaxUint32) }

func kernel(x, steps uint64) uint64 {
	for ; steps > 0; steps-- {
		x = 6364136223846793005*x + 1442695040888963407
	}
	return x
}

// kernelStepsPerMs is the best of ten tries of about a millisecond.
func kernelStepsPerMs() float64 {
	const steps = 800_000
	best := time.Duration(math.MaxInt64)
	for x, try := uint64(1), 0; try < 10; try++ {
		began := time.Now()
		x = kernel(x, steps)
		if took := time.Since(began); took < best && x != 0 {
			best = took
		}
	}
	return steps / (best.Seconds() * 1000)
}
