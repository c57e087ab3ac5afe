package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/rogpeppe/go-internal/testscript"
)

// address sets a variable to a local address that nobody listens on. It lies below the
// ports that systems give to connections, so that none of those takes it: address NAME
func address(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: address NAME")
	}
	for range 100 {
		at := fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(10_000))
		if l, err := net.Listen("tcp", at); err == nil {
			ts.Check(l.Close())
			ts.Setenv(args[0], at)
			return
		}
	}
	ts.Fatalf("no free port")
}

// fetch prints what a server answers. It waits until somebody listens: fetch STATUS URL
func fetch(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: fetch STATUS URL")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	t, _ := clusterOf(ts)
	var status int
	var text strings.Builder
	kafkatest.Eventually(t, time.Minute, "an answer of "+args[1], func() (bool, string) {
		resp, err := http.Get(args[1])
		if err != nil {
			return false, err.Error()
		}
		defer resp.Body.Close()
		text.Reset()
		_, err = io.Copy(&text, resp.Body)
		status = resp.StatusCode
		return err == nil, fmt.Sprint(err)
	})
	_, err = io.WriteString(ts.Stdout(), text.String())
	ts.Check(err)
	if status != want {
		ts.Fatalf("status %d, want %d", status, want)
	}
}
