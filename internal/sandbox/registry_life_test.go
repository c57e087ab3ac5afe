package sandbox_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/evtctl/evtctl/internal/sandbox"
	schemas "github.com/evtctl/evtctl/schema/registry"
)

func TestRegistryKeepsEverythingOverARestart(t *testing.T) {
	config := sandbox.Config{DataDir: filepath.Join(t.TempDir(), "data"), SyncWrites: true}
	first, c := withRegistry(t, config)
	for n := 1; n <= 3; n++ {
		c.register("orders", n)
	}
	c.set("orders", "FULL")
	c.send("DELETE", "/subjects/orders/versions/2", "")
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	_, c = withRegistry(t, config)
	if got := fmt.Sprint(c.history("orders")); got != "[1=1 2=2 deleted 3=3]" {
		t.Errorf("its history is %s", got)
	}
	if got, err := c.Compatibility(t.Context(), "orders"); err != nil || got.Mode != "FULL" {
		t.Errorf("its mode is %v, error %v", got, err)
	}
	if got := c.register("payments", 9); got.ID != 4 {
		t.Errorf("the next id is %d, want 4", got.ID)
	}
}

func TestRegistryAcknowledgesOnlyWhatItHasWritten(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	_, c := withRegistry(t, sandbox.Config{DataDir: dir})
	c.register("orders", 1)
	// A folder under the file's working name: nothing can be written any more.
	if err := os.Mkdir(filepath.Join(dir, "registry", "registry.json.partial"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Register(t.Context(), "orders", number(2)); err == nil || !strings.Contains(err.Error(), "(500/50001)") {
		t.Errorf("the error is %v", err)
	}
	if got := fmt.Sprint(c.history("orders")); got != "[1=1]" {
		t.Errorf("its history is %s", got)
	}
}

func TestRegistryStarts(t *testing.T) {
	t.Run("only where it is asked for", func(t *testing.T) {
		if url := start(t, sandbox.Config{}).RegistryURL(); url != "" {
			t.Errorf("there is one at %s", url)
		}
	})
	first, _ := withRegistry(t, sandbox.Config{})
	damaged := filepath.Join(t.TempDir(), "damaged")
	newer := filepath.Join(t.TempDir(), "newer")
	for dir, content := range map[string]string{damaged: "{", newer: `{"format":2}`} {
		if err := errors.Join(os.MkdirAll(filepath.Join(dir, "registry"), 0o700),
			os.WriteFile(filepath.Join(dir, "sandbox.lock"), nil, 0o600),
			os.WriteFile(filepath.Join(dir, "registry", "registry.json"), []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	taken := strings.TrimPrefix(first.RegistryURL(), "http://")
	for _, test := range []struct {
		name   string
		config sandbox.Config
		want   error
		says   string
	}{
		{"not where others could reach it", sandbox.Config{RegistryAddr: "0.0.0.0:8081"}, sandbox.ErrNotLoopback, "0.0.0.0:8081"},
		{"not where another is", sandbox.Config{RegistryAddr: taken}, sandbox.ErrInUse, "registry on " + taken},
		{"not with a damaged file", sandbox.Config{RegistryAddr: "127.0.0.1:0", DataDir: damaged}, nil, damaged},
		{"not with a later version's file", sandbox.Config{RegistryAddr: "127.0.0.1:0", DataDir: newer}, nil, "format 2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.config.Addr, test.config.Checker = "127.0.0.1:0", numbers{}
			s, err := sandbox.Start(t.Context(), test.config)
			if err == nil {
				s.Close()
				t.Fatal("it starts")
			}
			if test.want != nil && !errors.Is(err, test.want) {
				t.Errorf("the error is %v, want %v", err, test.want)
			}
			wantRefusal(t, err, test.says)
		})
	}
	t.Run("and gives everything back when it can't", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "data")
		if _, err := sandbox.Start(t.Context(), sandbox.Config{Addr: "127.0.0.1:0", DataDir: dir, RegistryAddr: taken, Checker: numbers{}}); err == nil {
			t.Fatal("it starts")
		}
		withRegistry(t, sandbox.Config{DataDir: dir})
	})
	t.Run("not without somebody to decide", func(t *testing.T) {
		if _, err := sandbox.Start(t.Context(), sandbox.Config{Addr: "127.0.0.1:0", RegistryAddr: "127.0.0.1:0"}); err == nil {
			t.Error("it starts")
		}
	})
}

func TestRegistryNumbersEachVersionOnce(t *testing.T) {
	_, c := withRegistry(t, sandbox.Config{})
	c.set("", "NONE")
	const many = 20
	got := make([]schemas.Registration, many)
	var wg sync.WaitGroup
	for i := range many {
		wg.Go(func() {
			var err error
			if got[i], err = c.Register(t.Context(), "orders", number(i)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	seen := map[int]bool{}
	for _, r := range got {
		seen[r.Version], seen[-r.ID] = true, true
	}
	if len(seen) != 2*many {
		t.Errorf("of %d schemas registered at once, versions or ids are shared: %v", many, got)
	}
}

func TestRegistryEndsWithItsSandbox(t *testing.T) {
	s, c := withRegistry(t, sandbox.Config{})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Subjects(t.Context(), schemas.Live); err == nil {
		t.Error("the registry still answers")
	}
}
