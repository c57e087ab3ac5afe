package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strconv"
	"syscall"
)

var (
	// ErrNotLoopback refuses an address that other machines could reach.
	ErrNotLoopback = errors.New("a sandbox listens on loopback addresses only: it asks nobody for a password")
	// ErrForeignDir refuses a data folder that isn't a sandbox's, so that
	// nothing of anybody else's is mixed up with Kafka's files.
	ErrForeignDir = errors.New("it holds files that no sandbox wrote")
	// ErrInUse is another process at the address or the data folder.
	ErrInUse = errors.New("already in use")
)

// refusal is an error with a next step for the user.
type refusal struct {
	attempt string
	err     error
	hint    string
}

func (r *refusal) Error() string { return r.attempt + ": " + r.err.Error() }
func (r *refusal) Unwrap() error { return r.err }

// Hint is the next step; empty when none is known.
func (r *refusal) Hint() string { return r.hint }

// listenAddr checks an address without asking a name server: "localhost" is
// taken to be 127.0.0.1, and other names are refused, as they may mean anything.
func listenAddr(addr string) (string, error) {
	if addr == "" {
		addr = DefaultAddr
	}
	refuse := func(err error, hint string) (string, error) {
		return "", &refusal{fmt.Sprintf("start the sandbox on %q", addr), err, hint}
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return refuse(errors.New("not an address of the form host:port"), "give one like "+DefaultAddr)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return refuse(fmt.Errorf("%q is no port", port), "give a number from 1 to 65535, or 0 for any free port")
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return refuse(ErrNotLoopback, "use 127.0.0.1:"+port+"; for other machines run a real Kafka")
	}
	return net.JoinHostPort(host, port), nil
}

// startError says what a start came to grief on: the address or the data folder.
func startError(addr, dir string, err error) error {
	attempt := "start the sandbox on " + addr
	var netErr *net.OpError
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return &refusal{attempt, fmt.Errorf("the port is %w", ErrInUse),
			"a Kafka or another sandbox may run there: use it as it is, or give another address (port 0 takes any free port)"}
	case errors.As(err, &netErr):
		return &refusal{attempt, netErr.Err, "give another address (port 0 takes any free port)"}
	case dir == "":
		return &refusal{attempt: attempt, err: err}
	case errors.Is(err, fs.ErrPermission):
		return &refusal{"read the sandbox's data folder " + dir, err, "make it yours (chown, chmod), or give another folder"}
	}
	return &refusal{"read the sandbox's data folder " + dir, err,
		"start with another folder; if nothing in this one is needed, delete it"}
}
