// Calls of which each needs the answer to the one before.
package main

import (
	"context"
	"time"
)

func pipeline(run *Run) {
	items := run.Calls / run.Stages
	if run.Mode == "streamed" {
		together(items, func(item int) {
			first := item * run.Stages
			reply := run.call(context.Background(), first)
			for id := first + 1; reply.more; id++ {
				run.ready(id)
				reply = run.next(context.Background(), id, reply)
			}
		})
		return
	}
	replies := make([]Reply, items)
	together(items, func(item int) { replies[item] = run.call(context.Background(), item*run.Stages) })
	for stage := 1; stage < run.Stages; stage++ {
		for item := range replies {
			run.ready(item*run.Stages + stage)
		}
		together(items, func(item int) {
			replies[item] = run.next(context.Background(), item*run.Stages+stage, replies[item])
		})
	}
}

// paginate: with prefetch a goroutine fetches the next page while this one is consumed.
func paginate(run *Run) {
	together(run.Calls/run.Pages, func(stream int) {
		id := stream * run.Pages
		page := run.call(context.Background(), id)
		for page.more {
			id++
			fetch := func(before Reply) Reply {
				run.ready(id)
				return run.next(context.Background(), id, before)
			}
			if run.Prefetch == 0 {
				time.Sleep(run.Consume)
				page = fetch(page)
				continue
			}
			ahead := make(chan Reply, 1)
			go func() { ahead <- fetch(page) }()
			time.Sleep(run.Consume)
			page = <-ahead
		}
		if page.verdict == ok {
			time.Sleep(run.Consume)
		}
	})
}
