// One run of a workload: its parameters, and what is taken down of it.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

type Scenario struct {
	Workload        string
	Run             uint64
	Calls           int
	Seed            uint64
	Limit           int
	Attempts        int
	Backoff         time.Duration `json:"backoff_ns"`
	HeedsRetryAfter bool          `json:"heeds_retry_after"`
	Deadline        time.Duration `json:"deadline_ns"`
	Scope           string
	Producers       int
	Consumers       int
	Capacity        int
	Order           string
	Mode            string
	Stages          int
	Pages           int
	Prefetch        int
	Consume         time.Duration `json:"consume_ns"`
	KernelSteps     uint64        `json:"kernel_steps"`
	CPUs            int
	Placement       string
	Watchdog        bool
	CriticalEvery   int           `json:"critical_every"`
	HedgeAfter      time.Duration `json:"hedge_after_ns"`
	Copies          int64
}

// Call is what becomes of a call. One goroutine at a time has it; durations are since the run began.
type Call struct {
	intended, started, finished time.Duration
	attempts                    int
	reply                       Reply
	each                        []Attempt // where there may be more than one
}

type Attempt struct {
	number            int
	started, finished time.Duration
	reply             Reply
}

type Run struct {
	Scenario
	client *Client
	began  time.Time
	calls  []Call
	chosen atomic.Int64
	tasks  atomic.Int64
	peak   int64
	beats  []time.Duration
	events []string
}

func newRun(line []byte, client *Client, began time.Time) *Run {
	run := &Run{client: client, began: began}
	check(json.Unmarshal(line, &run.Scenario))
	run.calls = make([]Call, run.Calls)
	for id := range run.calls {
		run.calls[id].reply.verdict = cancelled // until it is begun
	}
	run.chosen.Store(-1)
	return run
}

// do does the workload, with a heartbeat beside it where there is a watchdog.
func (run *Run) do(workload func(*Run)) {
	var beating sync.WaitGroup
	done := make(chan struct{})
	if run.Watchdog || run.Workload == "mixed" {
		beating.Add(1)
		go func() {
			defer beating.Done()
			run.beat(done)
		}()
	}
	workload(run)
	close(done)
	beating.Wait()
}

func (run *Run) beat(done <-chan struct{}) {
	for {
		due := time.Duration(len(run.beats)+1) * 10 * time.Millisecond
		timer := time.NewTimer(due - run.now())
		select {
		case <-timer.C:
		case <-done:
			timer.Stop()
		}
		if run.now() < due {
			return
		}
		run.beats = append(run.beats, run.now())
	}
}

func (run *Run) now() time.Duration { return time.Since(run.began) }

// ready: call id could start from now on.
func (run *Run) ready(id int) { run.calls[id].intended = run.now() }

func (run *Run) choose(id int) { run.chosen.Store(int64(id)) }

// event takes down what the fan-out itself does. Not for many goroutines at once.
func (run *Run) event(value uint64) {
	run.events = append(run.events, fmt.Sprintf("event - %d %d %x\n", len(run.events), run.now(), value))
}

// call makes call id; where ctx has ended already it is not begun any more.
func (run *Run) call(ctx context.Context, id int) Reply { return run.callFor(ctx, id, "") }

// next makes call id of a chain, in which `before` was the reply to the call before it.
func (run *Run) next(ctx context.Context, id int, before Reply) Reply {
	return run.callFor(ctx, id, fmt.Sprintf("&cursor=%016x", before.answer))
}

func (run *Run) callFor(ctx context.Context, id int, cursor string) Reply {
	call := &run.calls[id]
	if ctx.Err() != nil {
		return call.reply
	}
	call.attempts = 1
	call.started = run.now()
	call.reply = run.client.get(ctx, run.path(id, 0)+cursor)
	call.finished = run.now()
	return call.reply
}

// attempt makes one attempt at a call that may have more.
func (run *Run) attempt(ctx context.Context, id, number int) Attempt {
	started := run.now()
	reply := run.client.get(ctx, run.path(id, number))
	return Attempt{number, started, run.now(), reply}
}

func (run *Run) path(id, attempt int) string {
	return fmt.Sprintf("/runs/%d/calls/%d?attempt=%d", run.Run, id, attempt)
}

// together does do(0) … do(n-1), a goroutine each, and returns when all have ended.
func together(n int, do func(i int)) {
	var all sync.WaitGroup
	all.Add(n)
	for i := 0; i < n; i++ {
		go func(i int) {
			defer all.Done()
			do(i)
		}(i)
	}
	all.Wait()
}

// tasksTogether is together, and takes down the most goroutines that there were at once.
func (run *Run) tasksTogether(n int, do func(i int)) {
	var all sync.WaitGroup
	all.Add(n)
	for i := 0; i < n; i++ {
		if now := run.tasks.Add(1); now > run.peak {
			run.peak = now
		}
		go func(i int) {
			defer all.Done()
			do(i)
			run.tasks.Add(-1)
		}(i)
	}
	all.Wait()
}

func (run *Run) write(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	out := bufio.NewWriter(file)
	for id, call := range run.calls {
		fmt.Fprintf(out, "call %d %d %d %d %d %s %d %016x\n", id, call.intended, call.started, call.finished,
			call.attempts, call.reply.verdict, call.reply.status, call.reply.answer)
		for _, a := range call.each {
			fmt.Fprintf(out, "attempt %d %d %d %d %s %d %016x %d\n", id, a.number, a.started, a.finished,
				a.reply.verdict, a.reply.status, a.reply.answer, a.reply.retryAfter)
		}
	}
	if chosen := run.chosen.Load(); chosen >= 0 {
		fmt.Fprintf(out, "chosen %d\n", chosen)
	}
	if run.peak > 0 {
		fmt.Fprintf(out, "tasks %d\n", run.peak)
	}
	for n, at := range run.beats {
		fmt.Fprintf(out, "beat %d %d\n", n, at)
	}
	for _, event := range run.events {
		fmt.Fprint(out, event)
	}
	return out.Flush()
}
