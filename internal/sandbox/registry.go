package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// DefaultRegistryAddr is where a sandbox's registry listens when nothing else is
// said: where schema registries are looked for.
const DefaultRegistryAddr = "127.0.0.1:8081"

// maxRegistryRequest bounds a request's body, in bytes.
const maxRegistryRequest = 16 << 20

// Checker decides what the registry takes. The sandbox knows nothing of schemas.
type Checker interface {
	// CheckSchema returns why a candidate can't follow the given versions, and
	// nothing when it can. The mode is BACKWARD, FORWARD, FULL or NONE; which
	// versions count has been seen to, and there may be none. An error says that
	// the candidate is no schema.
	CheckSchema(ctx context.Context, mode string, candidate Schema, versions []Schema) (reasons []string, err error)
}

// Schema is one as a [Checker] gets it.
type Schema struct {
	Type    string // AVRO, JSON or PROTOBUF
	Text    string
	Version int // 0 for a candidate
	// References are all schemas that it leads to, each after those that it needs.
	References []ReferencedSchema
}

// ReferencedSchema is a schema by the name that another has for it.
type ReferencedSchema struct{ Name, Text string }

// registry is an imitation of Confluent's Schema Registry. Every change is made
// to a copy of the state, written down, and only then seen.
type registry struct {
	checker Checker
	file    string // where the state is kept; empty for in memory
	server  *http.Server
	url     string
	served  chan struct{}

	mu    sync.RWMutex
	state *registryState
}

// startRegistry serves a registry on a loopback address.
func startRegistry(ctx context.Context, c Config, dir string) (*registry, error) {
	addr, err := listenAddr(c.RegistryAddr)
	if err != nil {
		return nil, err
	}
	if c.Checker == nil {
		return nil, errors.New("start the sandbox's registry: no Checker to ask")
	}
	r := &registry{checker: c.Checker, state: newRegistryState(), served: make(chan struct{})}
	if dir != "" {
		r.file = filepath.Join(dir, "registry", "registry.json")
		if r.state, err = loadRegistry(r.file); err != nil {
			return nil, &refusal{"read the sandbox's registry in " + dir, err,
				"start with another folder; if no schema in this one is needed, delete its folder \"registry\""}
		}
	}
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, registryStartError(addr, err)
	}
	r.url = "http://" + ln.Addr().String()
	r.server = &http.Server{Handler: r.handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute}
	go func() {
		defer close(r.served)
		_ = r.server.Serve(ln) // ends with close
	}()
	return r, nil
}

func registryStartError(addr string, err error) error {
	attempt := "start the sandbox's registry on " + addr
	if errors.Is(err, syscall.EADDRINUSE) {
		return &refusal{attempt, fmt.Errorf("the port is %w", ErrInUse),
			"a registry or another sandbox may run there: use it as it is, or give another address (port 0 takes any free port)"}
	}
	return &refusal{attempt, err, "give another address (port 0 takes any free port)"}
}

// close ends the registry. Requests under way get a moment to end by themselves.
// It does nothing for a sandbox without a registry.
func (r *registry) close() error {
	if r == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	err := r.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = r.server.Close()
	}
	<-r.served
	if err != nil {
		return fmt.Errorf("end the registry: %w", err)
	}
	return nil
}

// look calls f with the state, which f must leave as it is.
func (r *registry) look(f func(*registryState) error) error {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return f(r.state)
}

// change calls f with a copy of the state, and makes the copy the state when f
// succeeds and it has been written down. What fails therefore leaves no trace.
func (r *registry) change(f func(*registryState) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := r.state.clone()
	if err := f(next); err != nil {
		return err
	}
	if r.file != "" {
		if err := next.save(r.file); err != nil {
			return err
		}
	}
	r.state = next
	return nil
}
