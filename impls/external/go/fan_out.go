// All calls at once, and what ends them.
package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

func gather(run *Run) {
	together(run.Calls, func(id int) { run.call(context.Background(), id) })
}

// allSettled is gather: a reply that failed is a value here, too.
func allSettled(run *Run) { gather(run) }

// taskGroup does what errgroup does: the first failure cancels the context of all.
func taskGroup(run *Run) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var first sync.Once
	together(run.Calls, func(id int) {
		if run.call(ctx, id).failed() {
			first.Do(func() {
				run.choose(id)
				cancel()
			})
		}
	})
}

func firstCompleted(run *Run) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var first sync.Once
	together(run.Calls, func(id int) {
		if run.call(ctx, id).verdict == ok {
			first.Do(func() {
				run.choose(id)
				cancel()
			})
		}
	})
}

func timeout(run *Run) {
	all, cancel := context.Background(), context.CancelFunc(func() {})
	if run.Scope == "group" {
		all, cancel = context.WithDeadline(all, run.began.Add(run.Deadline))
	}
	defer cancel()
	together(run.Calls, func(id int) {
		ctx := all
		if run.Scope == "call" {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, run.Deadline)
			defer cancel()
		}
		run.call(ctx, id)
	})
}

// shield: at the deadline all are cancelled that have the context of it; the critical calls do not.
func shield(run *Run) {
	cancellable, cancel := context.WithCancel(context.Background())
	defer cancel()
	timer := time.AfterFunc(run.Deadline-run.now(), cancel)
	defer timer.Stop()
	together(run.Calls, func(id int) {
		ctx := cancellable
		if id%run.CriticalEvery == 0 {
			ctx = context.Background()
		}
		run.call(ctx, id)
	})
}

// hedged: who has no reply after a while gets a second copy, as long as there are tokens for one.
func hedged(run *Run) {
	var tokens atomic.Int64
	tokens.Store(run.Copies)
	together(run.Calls, func(id int) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		ended := make(chan Attempt, 2)
		begin := func(number int) {
			ended <- run.attempt(ctx, id, number)
		}
		begun := 1
		go begin(0)
		after := time.NewTimer(run.HedgeAfter)
		defer after.Stop()
		var first Attempt
		select {
		case first = <-ended:
		case <-after.C:
			if tokens.Add(-1) >= 0 {
				begun++
				go begin(1)
			}
			first = <-ended
		}
		cancel() // of the other one, if there is one
		call := &run.calls[id]
		*call = Call{started: first.started, finished: first.finished, attempts: begun, reply: first.reply,
			each: []Attempt{first}}
		if begun == 2 {
			other := <-ended
			call.each = append(call.each, other)
			if other.number == 0 {
				call.started = other.started
			}
		}
	})
}
