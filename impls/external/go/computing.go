// Calls with work beside them, after them, or in their place.
package main

import "context"

// mixed: work in a call's own goroutine is in nobody's way but the scheduler's; offloading bounds how many compute.
func mixed(run *Run) {
	work := func(reply *Reply) { reply.answer = kernel(reply.answer, run.KernelSteps) }
	slots := newPermits(run.CPUs)
	together(run.Calls, func(id int) {
		run.call(context.Background(), id)
		call := &run.calls[id]
		if run.Placement == "offload" {
			slots.acquire()
			defer slots.release()
		}
		work(&call.reply)
		call.finished = run.now()
	})
}

func cpu(run *Run) {
	slots := newPermits(run.CPUs)
	together(run.Calls, func(id int) {
		slots.acquire()
		defer slots.release()
		call := &run.calls[id]
		call.attempts, call.started = 1, run.now()
		call.reply = Reply{verdict: ok, answer: kernel(run.priority(id), run.KernelSteps)}
		call.finished = run.now()
	})
}

// earlyStart computes in the goroutine that has started the calls.
func earlyStart(run *Run) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		gather(run)
	}()
	run.event(0)
	run.event(kernel(run.Seed, run.KernelSteps))
	<-done
}
