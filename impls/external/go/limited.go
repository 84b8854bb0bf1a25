// Fewer calls at once than there are: permits, workers, queues.
package main

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// Permits are given to those who wait for one in the order in which they came.
type Permits chan struct{}

func newPermits(n int) Permits { return make(Permits, n) }

func (p Permits) acquire() { p <- struct{}{} }
func (p Permits) release() { <-p }

// semaphore has a goroutine for each call from the start.
func semaphore(run *Run) {
	permits := newPermits(run.Limit)
	run.tasksTogether(run.Calls, func(id int) {
		permits.acquire()
		defer permits.release()
		run.call(context.Background(), id)
	})
}

// workerPool has a goroutine for each worker; the one that hands out the calls' ids makes none.
func workerPool(run *Run) {
	ids := make(chan int)
	go func() {
		defer close(ids)
		for id := 0; id < run.Calls; id++ {
			ids <- id
		}
	}()
	run.tasksTogether(run.Limit, func(int) {
		for id := range ids {
			run.call(context.Background(), id)
		}
	})
}

// retry: an attempt has a permit, if there is a limit; a wait has none.
func retry(run *Run) {
	limit := run.Limit
	if limit == 0 {
		limit = run.Calls
	}
	permits := newPermits(limit)
	together(run.Calls, func(id int) {
		call := &run.calls[id]
		for k := 0; ; k++ {
			permits.acquire()
			attempt := run.attempt(context.Background(), id, k)
			permits.release()
			call.each = append(call.each, attempt)
			if attempt.reply.verdict == ok || k+1 == run.Attempts {
				call.started, call.finished = call.each[0].started, attempt.finished
				call.attempts, call.reply = k+1, attempt.reply
				return
			}
			time.Sleep(run.backoff(id, k, attempt.reply.retryAfter))
		}
	})
}

// producerConsumer: with fifo alone, a channel of `capacity` would be the whole queue.
func producerConsumer(run *Run) {
	queue := newQueue(run)
	var consumers sync.WaitGroup
	consumers.Add(1)
	go func() {
		defer consumers.Done()
		together(run.Consumers, func(int) {
			for id, more := queue.take(); more; id, more = queue.take() {
				run.call(context.Background(), id)
			}
		})
	}()
	together(run.Producers, func(p int) {
		for id := p; id < run.Calls; id += run.Producers {
			queue.put(id)
		}
	})
	queue.close()
	consumers.Wait()
}

// Queue holds `capacity` items; the one of the least rank is next.
type Queue struct {
	run         *Run
	mutex       sync.Mutex
	room, items *sync.Cond
	waiting     ranked
	puts        uint64
	closed      bool
}

func newQueue(run *Run) *Queue {
	q := &Queue{run: run}
	q.room, q.items = sync.NewCond(&q.mutex), sync.NewCond(&q.mutex)
	return q
}

func (q *Queue) put(id int) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	for len(q.waiting) == q.run.Capacity {
		q.room.Wait()
	}
	q.run.ready(id)
	q.puts++
	rank := q.puts
	switch q.run.Order {
	case "lifo":
		rank = ^q.puts
	case "priority":
		rank = ^q.run.priority(id)
	}
	heap.Push(&q.waiting, item{rank, id})
	q.items.Signal()
}

// take waits for an item; false: there will be none any more.
func (q *Queue) take() (id int, more bool) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	for len(q.waiting) == 0 {
		if q.closed {
			return 0, false
		}
		q.items.Wait()
	}
	next := heap.Pop(&q.waiting).(item)
	q.room.Signal()
	return next.id, true
}

func (q *Queue) close() {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.closed = true
	q.items.Broadcast()
}

type item struct {
	rank uint64
	id   int
}

type ranked []item // a heap

func (r ranked) Len() int           { return len(r) }
func (r ranked) Less(i, j int) bool { return r[i].rank < r[j].rank }
func (r ranked) Swap(i, j int)      { r[i], r[j] = r[j], r[i] }
func (r *ranked) Push(x any)        { *r = append(*r, x.(item)) }
func (r *ranked) Pop() any {
	last := (*r)[len(*r)-1]
	*r = (*r)[:len(*r)-1]
	return last
}
