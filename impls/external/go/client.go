// HTTP calls, and what becomes of them.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"time"
)

type Verdict string

const (
	ok             Verdict = "ok"
	httpError      Verdict = "http_error"
	transportError Verdict = "transport_error"
	timedOut       Verdict = "timed_out"
	cancelled      Verdict = "cancelled"
)

type Reply struct {
	verdict    Verdict
	status     int
	answer     uint64
	more       bool          // the chain goes on
	retryAfter time.Duration // 0: the server did not say
}

func (r Reply) failed() bool { return r.verdict == httpError || r.verdict == transportError }

type Client struct {
	base      string // http://host:port
	transport *http.Transport
	http      http.Client
}

// prepare makes a client with as many idle connections as the bench asks for.
func prepare(line []byte) *Client {
	var setup struct {
		Host, Connection string
		Port             int
		Connections      int
		WarmPath         string `json:"warm_path"`
	}
	check(json.Unmarshal(line, &setup))
	transport := &http.Transport{
		MaxIdleConnsPerHost: math.MaxInt, // it would keep two
		DisableKeepAlives:   setup.Connection == "per_call",
		DisableCompression:  true,
	}
	client := &Client{
		base:      fmt.Sprintf("http://%s:%d", setup.Host, setup.Port),
		transport: transport,
		http:      http.Client{Transport: transport},
	}
	together(setup.Connections, func(int) { client.get(context.Background(), setup.WarmPath) })
	return client
}

func (c *Client) Close() { c.transport.CloseIdleConnections() }

// get makes one call. Its connection is closed where ctx ends before it.
func (c *Client) get(ctx context.Context, path string) Reply {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path, nil)
	check(err)
	response, err := c.http.Do(request)
	if err != nil {
		return Reply{verdict: whyNot(ctx)}
	}
	defer response.Body.Close()
	var head [17]byte // the answer, and whether the chain goes on
	read, _ := io.ReadFull(response.Body, head[:])
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return Reply{verdict: whyNot(ctx)}
	}
	reply := Reply{verdict: ok, status: response.StatusCode, more: head[16] == '+'}
	if reply.status < 200 || reply.status > 299 {
		reply.verdict = httpError
		reply.retryAfter = retryAfter(response.Header)
	}
	if read >= 16 {
		reply.answer, _ = strconv.ParseUint(string(head[:16]), 16, 64)
	}
	return reply
}

func whyNot(ctx context.Context) Verdict {
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return timedOut
	case ctx.Err() != nil:
		return cancelled
	}
	return transportError
}

func retryAfter(header http.Header) time.Duration {
	if ms, err := strconv.ParseFloat(header.Get("Retry-After-Ms"), 64); err == nil {
		return time.Duration(math.Round(ms * float64(time.Millisecond)))
	}
	seconds, _ := strconv.Atoi(header.Get("Retry-After"))
	return time.Duration(seconds) * time.Second
}
