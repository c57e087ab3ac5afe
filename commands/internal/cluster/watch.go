package cluster

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// stage is how far a connection got.
type stage int

const (
	stageDial  stage = iota // the connection request is out
	stageTLS                // connected, shaking hands
	stageKafka              // in Kafka's own protocol
	stageLogin              // the broker hung up during SASL
)

// attempt is the latest connection to one address that isn't known to work.
type attempt struct {
	addr  string
	stage stage
	err   error // nil: still under way
	at    time.Time
}

// watch remembers what became of connections. The Kafka client retries on its
// own, and when time is up its error is "deadline exceeded"; the cause is here.
type watch struct {
	mu       sync.Mutex
	attempts map[string]attempt
}

func newWatch() *watch { return &watch{attempts: map[string]attempt{}} }

// begin notes a connection request. What became of the one before counts until
// more is known of this one.
func (w *watch) begin(addr string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, outstanding := w.attempts[addr]; !outstanding {
		w.attempts[addr] = attempt{addr: addr, stage: stageDial, at: time.Now()}
	}
}

func (w *watch) reached(addr string, s stage, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.attempts[addr] = attempt{addr: addr, stage: s, err: err, at: time.Now()}
}

// errNotTried marks a connection that had too little time to say anything about
// the broker: the Kafka client tries again until the very end.
var errNotTried = errors.New("no time left to connect")

// OnBrokerRead implements kgo.HookBrokerRead. Brokers that answer a wrong
// password by hanging up (Kafka before 1.0, some services) give no other sign.
func (w *watch) OnBrokerRead(meta kgo.BrokerMetadata, key int16, _ int, _, _ time.Duration, err error) {
	if err != nil && key == int16(kmsg.SASLAuthenticate) && isClosed(err) {
		w.reached(addressOf(meta), stageLogin, err)
	}
}

func addressOf(meta kgo.BrokerMetadata) string {
	return net.JoinHostPort(meta.Host, strconv.Itoa(int(meta.Port)))
}

// OnBrokerConnect implements kgo.HookBrokerConnect: it is told how each
// connection ended up after ApiVersions and SASL.
func (w *watch) OnBrokerConnect(meta kgo.BrokerMetadata, _ time.Duration, _ net.Conn, err error) {
	if errors.Is(err, context.Canceled) || errors.Is(err, kgo.ErrClientClosed) || errors.Is(err, errNotTried) {
		return // given up by us: how far it got is what counts
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	addr := addressOf(meta)
	if err == nil {
		delete(w.attempts, addr)
		return
	}
	last := w.attempts[addr]
	w.attempts[addr] = attempt{addr: addr, stage: last.stage, err: err, at: time.Now()}
}

// attempt gives the unfinished or failed connection to addr.
func (w *watch) attempt(addr string) (attempt, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a, ok := w.attempts[addr]
	return a, ok
}

// latest gives the unfinished and failed connections, newest first.
func (w *watch) latest() []attempt {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []attempt
	for _, a := range w.attempts {
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b attempt) int { return b.at.Compare(a.at) })
	return list
}

// dial connects to addr, and shakes hands when TLS is configured, within
// s.Timeout.
func (s *Settings) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	started := time.Now()
	s.watch.begin(addr)
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, network, addr)
	if err != nil {
		return nil, s.dialFailed(ctx, addr, stageDial, started, err)
	}
	if s.tlsConf == nil {
		s.watch.reached(addr, stageKafka, nil)
		return conn, nil
	}
	s.watch.reached(addr, stageTLS, nil)
	secured := tls.Client(conn, tlsFor(s.tlsConf, addr))
	if err := secured.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, s.dialFailed(ctx, addr, stageTLS, started, err)
	}
	s.watch.reached(addr, stageKafka, nil)
	return secured, nil
}

// dialFailed names the address in the error, and remembers it unless it was our
// own time that ran out.
func (s *Settings) dialFailed(ctx context.Context, addr string, at stage, started time.Time, err error) error {
	failed := &dialError{addr: addr, stage: at, err: err}
	if isTimeout(err) && time.Since(started) < s.Timeout/2 {
		return errors.Join(errNotTried, failed)
	}
	if !errors.Is(ctx.Err(), context.Canceled) {
		s.watch.reached(addr, at, failed)
	}
	return failed
}

// tlsFor is conf for one broker: Kafka's certificates are per host.
func tlsFor(conf *tls.Config, addr string) *tls.Config {
	conf = conf.Clone()
	if host, _, err := net.SplitHostPort(addr); err == nil && conf.ServerName == "" {
		conf.ServerName = host
	}
	return conf
}

// dialError is a connection that didn't come about.
type dialError struct {
	addr  string
	stage stage
	err   error
}

func (e *dialError) Error() string { return "connect to " + e.addr + ": " + e.err.Error() }
func (e *dialError) Unwrap() error { return e.err }
