package sandbox_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/evtctl/evtctl/internal/sandbox"
	schemas "github.com/evtctl/evtctl/schema/registry"
)

func TestRegistryKeepsWhatWasAcknowledgedWhenKilled(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	cmd, _, url := startChild(t, dir, "no")
	reader, err := schemas.New(url, &http.Client{})
	if err != nil {
		t.Fatal(err)
	}
	var acked atomic.Int64
	enough, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for n := 1; ; n++ {
			if _, err := schemas.NewWriter(reader).Register(t.Context(), "orders", number(n)); err != nil {
				return // the kill
			}
			if acked.Store(int64(n)); n == 20 {
				close(enough)
			}
		}
	}()
	<-enough
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // its error is the kill
	<-ended

	_, c := withRegistry(t, sandbox.Config{DataDir: dir})
	history := c.history("orders")
	if int64(len(history)) < acked.Load() {
		t.Fatalf("%d versions are left of %d acknowledged ones", len(history), acked.Load())
	}
	for i, got := range history {
		if want := fmt.Sprintf("%d=%d", i+1, i+1); got != want {
			t.Errorf("version %d is %s", i+1, got)
		}
	}
}
