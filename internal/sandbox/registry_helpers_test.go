package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/sandbox"
	schemas "github.com/evtctl/evtctl/schema/registry"
)

// numbers is a Checker for which a schema is a number. A larger one reads what a
// smaller one wrote, and what it refers to is added to it.
type numbers struct{}

func (numbers) CheckSchema(_ context.Context, mode string, candidate sandbox.Schema, versions []sandbox.Schema) (reasons []string, err error) {
	value := func(s sandbox.Schema) int {
		n, parseErr := strconv.Atoi(strings.TrimSpace(s.Text))
		err = errors.Join(err, parseErr)
		for _, ref := range s.References {
			m, parseErr := strconv.Atoi(ref.Text)
			n, err = n+m, errors.Join(err, parseErr)
		}
		return n
	}
	reader := value(candidate)
	for _, v := range versions {
		if writer := value(v); mode != "FORWARD" && reader < writer {
			reasons = append(reasons, fmt.Sprintf("%d can't read %d of version %d", reader, writer, v.Version))
		} else if mode != "BACKWARD" && writer < reader {
			reasons = append(reasons, fmt.Sprintf("version %d, which is %d, can't read %d", v.Version, writer, reader))
		}
	}
	return reasons, err
}

// withRegistry starts a sandbox with a registry.
func withRegistry(t *testing.T, c sandbox.Config) (*sandbox.Sandbox, *visitor) {
	t.Helper()
	c.RegistryAddr, c.Checker = "127.0.0.1:0", numbers{}
	s := start(t, c)
	reader, err := schemas.New(s.RegistryURL(), &http.Client{Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return s, &visitor{t, reader, schemas.NewWriter(reader)}
}

// visitor is evtctl's own client, which takes no odd answer.
type visitor struct {
	t *testing.T
	*schemas.Client
	*schemas.Writer
}

func number(n int, refs ...schemas.Reference) schemas.Candidate {
	return schemas.Candidate{Schema: strconv.Itoa(n), References: refs}
}

func (c *visitor) register(subject string, n int, refs ...schemas.Reference) schemas.Registration {
	c.t.Helper()
	r, err := c.Register(c.t.Context(), subject, number(n, refs...))
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

func (c *visitor) set(subject, mode string) {
	c.t.Helper()
	if err := c.SetCompatibility(c.t.Context(), subject, mode); err != nil {
		c.t.Fatal(err)
	}
}

// send is for what the client doesn't do.
func (c *visitor) send(method, path, body string) (int, string) {
	c.t.Helper()
	q, err := http.NewRequestWithContext(c.t.Context(), method, c.URL()+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		c.t.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return answer.StatusCode, strings.TrimSpace(string(content))
}

func (c *visitor) history(subject string) (states []string) {
	c.t.Helper()
	all, err := c.History(c.t.Context(), subject, schemas.WithDeleted)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, s := range all {
		state := fmt.Sprintf("%d=%s", s.Version, s.Schema)
		if s.Deleted {
			state += " deleted"
		}
		states = append(states, state)
	}
	return states
}
