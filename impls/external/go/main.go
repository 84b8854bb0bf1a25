// A client in Go: a goroutine for each call, over one http.Transport that keeps its connections. This file has the
// conversation with the bench, a line of JSON each way.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"time"
)

var workloads = map[string]func(*Run){
	"gather":            gather,
	"all_settled":       allSettled,
	"task_group":        taskGroup,
	"first_completed":   firstCompleted,
	"timeout":           timeout,
	"semaphore":         semaphore,
	"worker_pool":       workerPool,
	"producer_consumer": producerConsumer,
	"pipeline":          pipeline,
	"retry":             retry,
	"paginate":          paginate,
	"early_start":       earlyStart,
	"shield":            shield,
	"hedged":            hedged,
	"mixed":             mixed,
	"cpu":               cpu,
}

type object map[string]any

func hello() object {
	names := make([]string, 0, len(workloads))
	for name := range workloads {
		names = append(names, name)
	}
	return object{"hello": "go", "protocol": 1, "versions": runtime.Version() + ", net/http", "workloads": names,
		"kernel_steps_per_ms": kernelStepsPerMs()}
}

func main() {
	input := bufio.NewReader(os.Stdin)
	answer := json.NewEncoder(os.Stdout)
	var client *Client
	var run *Run
	for {
		line, err := input.ReadBytes('\n')
		read := time.Now()
		if err != nil {
			return // the end of the input
		}
		var said struct{ Do string }
		check(json.Unmarshal(line, &said))
		switch said.Do {
		case "hello":
			check(answer.Encode(hello()))
		case "prepare":
			if client != nil {
				client.Close()
			}
			client = prepare(line)
			check(answer.Encode(object{"ready": true}))
		case "run":
			run = newRun(line, client, read)
			run.do(workloads[run.Workload])
			check(answer.Encode(object{"done": true}))
		case "report":
			var to struct{ Path string }
			check(json.Unmarshal(line, &to))
			check(run.write(to.Path))
			check(answer.Encode(object{"written": true}))
		}
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
