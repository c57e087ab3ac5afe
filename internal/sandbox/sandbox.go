package sandbox

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// Notice is what every command that starts a sandbox tells its user.
const Notice = "This is a sandbox: an imitation of Kafka with one broker, no passwords, " +
	"no encryption and no replication. Keep no real data in it."

const (
	// DefaultAddr is where a sandbox listens when nothing else is said: where
	// every Kafka client looks first.
	DefaultAddr = "127.0.0.1:9092"

	// DefaultPartitions is how many partitions a topic gets that is created
	// without a count.
	DefaultPartitions = 6
)

// Config says what sandbox to start. The zero value is one in memory on
// [DefaultAddr].
type Config struct {
	// Addr is the host:port to listen on; empty for DefaultAddr. The host must
	// be a loopback address or "localhost". Port 0 takes any free port.
	Addr string
	// DataDir is the folder to keep everything in, for this sandbox alone. It is
	// created, readable by its owner only, if it doesn't exist. Empty keeps
	// everything in memory.
	DataDir string
	// SyncWrites flushes each write to the disk before it is acknowledged, so
	// that it survives a loss of power. It makes writing many times slower, and
	// means nothing without a DataDir.
	SyncWrites bool
	// AutoCreateTopics creates a topic when a client that wants this mentions
	// one that doesn't exist.
	AutoCreateTopics bool
	// RegistryAddr is where to serve a schema registry beside the broker, with the
	// rules of Addr; empty for none.
	RegistryAddr string
	// Checker decides what the registry takes; it needs one.
	Checker Checker
	// Logger gets what the broker has to say; nil for nobody.
	Logger *slog.Logger
}

// Sandbox is a running broker, and a registry if one was asked for. Its methods may be called from any goroutine.
type Sandbox struct {
	cluster  *kfake.Cluster
	registry *registry // nil when none is wanted
	brokers  []string
	claim    *claim // nil in memory
	log      *brokerLog

	stopRetention func() // ends the goroutine that enforces retention, and waits for it
	closeOnce     sync.Once
	closeErr      error
}

// Start starts a broker, and a registry where one is asked for, and returns when
// they can be connected to. ctx bounds the start only; Close ends the sandbox. An error has a Hint method where a next
// step is known, and wraps [ErrNotLoopback], [ErrForeignDir] or [ErrInUse] where
// one of them is why.
func Start(ctx context.Context, c Config) (*Sandbox, error) {
	return start(ctx, c, retentionInterval)
}

func start(ctx context.Context, c Config, enforceRetention time.Duration) (*Sandbox, error) {
	addr, err := listenAddr(c.Addr)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("start the sandbox on %s: %w", addr, err)
	}
	s := &Sandbox{log: newBrokerLog(c.Logger)}
	if c.DataDir != "" {
		if s.claim, err = claimDir(c.DataDir); err != nil {
			return nil, err
		}
	}
	if s.cluster, err = kfake.NewCluster(s.options(ctx, addr, c)...); err != nil {
		return nil, errors.Join(startError(addr, c.DataDir, err), s.claim.release())
	}
	if c.RegistryAddr != "" {
		if s.registry, err = startRegistry(ctx, c, s.dir()); err != nil {
			s.cluster.Close()
			return nil, errors.Join(err, s.claim.release())
		}
	}
	s.brokers = s.cluster.ListenAddrs()
	s.stopRetention = every(enforceRetention, s.cluster.ApplyRetention)
	return s, nil
}

// Brokers returns the addresses to connect to, each host:port. It is the
// caller's copy.
func (s *Sandbox) Brokers() []string {
	return append([]string(nil), s.brokers...)
}

// RegistryURL returns where the registry is reached; empty when there is none.
func (s *Sandbox) RegistryURL() string {
	if s.registry == nil {
		return ""
	}
	return s.registry.url
}

// dir is the data folder; empty in memory.
func (s *Sandbox) dir() string {
	if s.claim == nil {
		return ""
	}
	return s.claim.dir
}

// Close stops the broker and the registry, and writes what the data folder lacks. An error means
// that the folder may be incomplete. Calling it again returns the same.
func (s *Sandbox) Close() error {
	s.closeOnce.Do(func() {
		s.stopRetention()
		registryErr := s.registry.close()
		s.log.collectErrors()
		s.cluster.Close()
		if err := errors.Join(registryErr, s.log.collected(), s.claim.release()); err != nil {
			s.closeErr = fmt.Errorf("close the sandbox on %s: %w", s.brokers[0], err)
		}
	})
	return s.closeErr
}

const (
	// retentionInterval is how often retention is enforced. A real broker does it
	// every five minutes; kfake by itself does it only for topics that ask for it.
	retentionInterval = time.Minute

	// memoryPerPartition and memorySegment bound a sandbox in memory. Memory is
	// freed by whole segments, so these must be several times smaller.
	memoryPerPartition = 32 << 20
	memorySegment      = 4 << 20
)

// options translates c for kfake, which always asks its ListenFn for some
// 127.0.0.1 address: the one wanted here may be another.
func (s *Sandbox) options(ctx context.Context, addr string, c Config) []kfake.Opt {
	opts := []kfake.Opt{
		kfake.NumBrokers(1),
		kfake.DefaultNumPartitions(DefaultPartitions),
		kfake.ClusterID(newClusterID()), // a data folder's own id overrides it
		kfake.WithLogger(s.log),
		kfake.ListenFn(func(string, string) (net.Listener, error) {
			ln, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
			if err != nil {
				return nil, err
			}
			return kafkaListener{ln, s.log}, nil
		}),
	}
	if c.AutoCreateTopics {
		opts = append(opts, kfake.AllowAutoTopicCreation())
	}
	if s.claim == nil {
		return append(opts, kfake.BrokerConfigs(map[string]string{
			"log.retention.bytes": strconv.Itoa(memoryPerPartition),
			"log.segment.bytes":   strconv.Itoa(memorySegment),
		}))
	}
	// A folder of its own, so that what joins the broker later has room beside it.
	opts = append(opts, kfake.DataDir(filepath.Join(s.claim.dir, "kafka")))
	if c.SyncWrites {
		opts = append(opts, kfake.SyncWrites())
	}
	return opts
}

// clusterIDPrefix tells a sandbox's cluster id from those of real clusters, which
// are random.
const clusterIDPrefix = "sandbox-"

// newClusterID makes one of 22 letters, as Kafka's are. A sandbox in memory gets a
// new one at each start, which is how saved plans notice that what they were made
// for is gone.
func newClusterID() string {
	var id [16]byte
	rand.Read(id[:]) // never fails, by its documentation
	return clusterIDPrefix + base64.RawURLEncoding.EncodeToString(id[:])[:22-len(clusterIDPrefix)]
}

// IsClusterID tells whether a cluster id is a sandbox's.
func IsClusterID(id string) bool { return strings.HasPrefix(id, clusterIDPrefix) && len(id) == 22 }

// every calls f at each interval until the returned function is called, which
// waits for a call that is under way.
func every(interval time.Duration, f func()) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-quit:
				return
			case <-ticker.C:
				f()
			}
		}
	}()
	return func() { close(quit); <-done }
}
