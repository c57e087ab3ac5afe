package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/sandbox"
)

// start starts a sandbox on a free port and closes it with the test.
func start(t *testing.T, c sandbox.Config) *sandbox.Sandbox {
	t.Helper()
	if c.Addr == "" {
		c.Addr = "127.0.0.1:0"
	}
	s, err := sandbox.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func client(t *testing.T, brokers []string, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(brokers...)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return cl
}

func createTopic(t *testing.T, cl *kgo.Client, topic string, partitions int32) kadm.CreateTopicResponse {
	t.Helper()
	resp, err := kadm.NewClient(cl).CreateTopic(t.Context(), partitions, -1, nil, topic)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// produce writes n records, "0", "1", …, to partition 0 and waits for their acknowledgement.
func produce(t *testing.T, cl *kgo.Client, topic string, n int) {
	t.Helper()
	for i := range n {
		r := &kgo.Record{Topic: topic, Partition: 0, Value: fmt.Append(nil, i)}
		if err := cl.ProduceSync(t.Context(), r).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

// values reads partition 0 from its start up to its present end.
func values(t *testing.T, brokers []string, topic string) []string {
	t.Helper()
	cl := client(t, brokers, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().AtStart()}}))
	ends, err := kadm.NewClient(cl).ListEndOffsets(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	end, _ := ends.Lookup(topic, 0)
	var got []string
	for next := int64(0); next < end.Offset; {
		fetches := cl.PollFetches(t.Context())
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			got = append(got, string(r.Value))
			next = r.Offset + 1
		})
	}
	return got
}

func metadata(t *testing.T, cl *kgo.Client) kadm.Metadata {
	t.Helper()
	m, err := kadm.NewClient(cl).Metadata(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func manual() kgo.Opt { return kgo.RecordPartitioner(kgo.ManualPartitioner()) }

func TestSandboxIsOneBrokerAtItsAddress(t *testing.T) {
	s := start(t, sandbox.Config{})
	m := metadata(t, client(t, s.Brokers()))
	if len(m.Brokers) != 1 || fmt.Sprintf("%s:%d", m.Brokers[0].Host, m.Brokers[0].Port) != s.Brokers()[0] {
		t.Errorf("metadata names brokers %+v, want the one at %v", m.Brokers, s.Brokers())
	}
}

func TestSandboxListensOnEveryFormOfLoopback(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:0", "localhost:0", "[::1]:0", "127.0.0.2:0"} {
		t.Run(addr, func(t *testing.T) {
			host, _, _ := net.SplitHostPort(addr)
			if ln, err := net.Listen("tcp", net.JoinHostPort(host, "0")); err != nil {
				t.Skipf("this machine has no %s: %v", host, err)
			} else {
				ln.Close()
			}
			s := start(t, sandbox.Config{Addr: addr})
			cl := client(t, s.Brokers(), manual())
			createTopic(t, cl, "orders", 1)
			produce(t, cl, "orders", 1) // goes to the advertised address, not the seed
		})
	}
}

func TestSandboxRefusesAddresses(t *testing.T) {
	for _, tt := range []struct {
		name, addr string
		loopback   bool // whether that is what it misses
	}{
		{"every interface", "0.0.0.0:9092", true},
		{"every interface, host left out", ":9092", true},
		{"every IPv6 interface", "[::]:9092", true},
		{"an address other machines reach", "192.0.2.7:9092", true},
		{"a host name, which may mean anything", "kafka.example.com:9092", true},
		{"no port", "127.0.0.1", false},
		{"a port that is no number", "127.0.0.1:kafka", false},
		{"a port out of range", "127.0.0.1:65536", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := sandbox.Start(t.Context(), sandbox.Config{Addr: tt.addr})
			if err == nil {
				s.Close()
				t.Fatal("it started")
			}
			if got := errors.Is(err, sandbox.ErrNotLoopback); got != tt.loopback {
				t.Errorf("errors.Is(%q, ErrNotLoopback) = %v, want %v", err, got, tt.loopback)
			}
			wantRefusal(t, err, tt.addr)
		})
	}
}

// wantRefusal checks that an error says on what and what to do.
func wantRefusal(t *testing.T, err error, on string) {
	t.Helper()
	var hinted interface{ Hint() string }
	if !errors.As(err, &hinted) || hinted.Hint() == "" {
		t.Errorf("%q has no hint", err)
	}
	if !strings.Contains(err.Error(), on) {
		t.Errorf("%q doesn't name %q", err, on)
	}
}

func TestSandboxRefusesAPortThatIsTaken(t *testing.T) {
	first := start(t, sandbox.Config{})
	dir := filepath.Join(t.TempDir(), "data")
	_, err := sandbox.Start(t.Context(), sandbox.Config{Addr: first.Brokers()[0], DataDir: dir})
	if !errors.Is(err, sandbox.ErrInUse) {
		t.Fatalf("got %v, want ErrInUse", err)
	}
	wantRefusal(t, err, first.Brokers()[0])
	start(t, sandbox.Config{DataDir: dir}) // the folder was given back
}

func TestSandboxStartEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sandbox.Start(ctx, sandbox.Config{Addr: "127.0.0.1:0"}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestSandboxCreatesTopics(t *testing.T) {
	t.Run("not by being mentioned", func(t *testing.T) {
		s := start(t, sandbox.Config{})
		cl := client(t, s.Brokers(), kgo.AllowAutoTopicCreation(), kgo.UnknownTopicRetries(0))
		err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: "oders", Value: []byte("x")}).FirstErr()
		if !errors.Is(err, kerr.UnknownTopicOrPartition) {
			t.Errorf("got %v, want UNKNOWN_TOPIC_OR_PARTITION", err)
		}
		if topics := metadata(t, cl).Topics.Names(); len(topics) > 0 {
			t.Errorf("there are topics %v, want none", topics)
		}
	})
	t.Run("by being mentioned, when asked for", func(t *testing.T) {
		s := start(t, sandbox.Config{AutoCreateTopics: true})
		cl := client(t, s.Brokers(), kgo.AllowAutoTopicCreation())
		if err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: "orders", Value: []byte("x")}).FirstErr(); err != nil {
			t.Error(err)
		}
	})
	t.Run("with 6 partitions when no count is given", func(t *testing.T) {
		s := start(t, sandbox.Config{})
		if got := createTopic(t, client(t, s.Brokers()), "orders", -1).NumPartitions; got != 6 {
			t.Errorf("got %d partitions, want 6", got)
		}
	})
}

func TestSandboxKeepsEverythingOverARestart(t *testing.T) {
	config := sandbox.Config{DataDir: filepath.Join(t.TempDir(), "new", "data")}
	first := start(t, config)
	cl := client(t, first.Brokers(), manual())
	createTopic(t, cl, "orders", 3)
	produce(t, cl, "orders", 5)
	var committed kadm.Offsets
	committed.AddOffset("orders", 0, 3, -1)
	if err := kadm.NewClient(cl).CommitAllOffsets(t.Context(), "billing", committed); err != nil {
		t.Fatal(err)
	}
	before := metadata(t, cl)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}

	second := start(t, config)
	after := metadata(t, client(t, second.Brokers()))
	if before.Cluster != after.Cluster {
		t.Errorf("cluster id was %s, is %s", before.Cluster, after.Cluster)
	}
	if b, a := before.Topics["orders"], after.Topics["orders"]; b.ID != a.ID || len(a.Partitions) != 3 {
		t.Errorf("topic was %v, is %v with %d partitions, want 3", b.ID, a.ID, len(a.Partitions))
	}
	if got := fmt.Sprint(values(t, second.Brokers(), "orders")); got != "[0 1 2 3 4]" {
		t.Errorf("records are %s, want 0 to 4", got)
	}
	offsets, err := kadm.NewClient(client(t, second.Brokers())).FetchOffsets(t.Context(), "billing")
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := offsets.Lookup("orders", 0); !ok || got.At != 3 {
		t.Errorf("group is at %+v, want 3", got)
	}
}

func TestSandboxInMemoryIsANewClusterEachTime(t *testing.T) {
	a, b := start(t, sandbox.Config{}), start(t, sandbox.Config{})
	idA, idB := metadata(t, client(t, a.Brokers())).Cluster, metadata(t, client(t, b.Brokers())).Cluster
	if idA == idB || len(idA) != 22 {
		t.Errorf("cluster ids are %q and %q, want two different ones of 22 letters", idA, idB)
	}
}

func TestSandboxDataDirIsPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	start(t, sandbox.Config{DataDir: dir})
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o700 {
		t.Errorf("the data folder has mode %o, want 700", got)
	}
}

func TestSandboxRefusesDataDirs(t *testing.T) {
	root := t.TempDir()
	write := func(path ...string) string {
		name := filepath.Join(append([]string{root}, path...)...)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte("{"), 0o600)); err != nil {
			t.Fatal(err)
		}
		return name
	}
	file := write("file")
	write("thesis", "chapter-1.txt")
	write("damaged", "sandbox.lock")
	write("damaged", "kafka", "meta.json")
	taken := filepath.Join(root, "taken")
	start(t, sandbox.Config{DataDir: taken})

	for _, tt := range []struct {
		name, dir string
		want      error  // what it wraps, where that is promised
		says      string // what it says
	}{
		{"a file", file, nil, "is a file"},
		{"a folder in a file", filepath.Join(file, "data"), nil, "is a file"},
		{"a folder with other things in it", filepath.Join(root, "thesis"), sandbox.ErrForeignDir, "no sandbox wrote"},
		{"one that another sandbox has", taken, sandbox.ErrInUse, fmt.Sprintf("process %d", os.Getpid())},
		{"one whose contents make no sense", filepath.Join(root, "damaged"), nil, "meta.json"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := sandbox.Start(t.Context(), sandbox.Config{Addr: "127.0.0.1:0", DataDir: tt.dir})
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
				t.Fatalf("got %v, want %v, saying %q", err, tt.want, tt.says)
			}
			wantRefusal(t, err, tt.dir)
		})
	}
}

func TestSandboxRefusesADataDirItMayNotWrite(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	_, err := sandbox.Start(t.Context(), sandbox.Config{Addr: "127.0.0.1:0", DataDir: dir})
	if !errors.Is(err, fs.ErrPermission) {
		t.Fatalf("got %v, want fs.ErrPermission", err)
	}
	wantRefusal(t, err, dir)
}

func TestSandboxCloseSaysWhenTheDataDirCouldNotBeWritten(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s, err := sandbox.Start(t.Context(), sandbox.Config{Addr: "127.0.0.1:0", DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	// A file where the folder was: nothing can be saved under it any more.
	if err := errors.Join(os.RemoveAll(dir), os.WriteFile(dir, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	err = s.Close()
	if err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("Close returned %v, want an error naming %s", err, dir)
	}
	if again := s.Close(); again != err {
		t.Errorf("closed again it returned %v, want the same as before", again)
	}
}

func TestOnlyASandboxHasASandboxesClusterID(t *testing.T) {
	s := start(t, sandbox.Config{Addr: "127.0.0.1:0"})
	id := metadata(t, client(t, s.Brokers())).Cluster
	if !sandbox.IsClusterID(id) || len(id) != 22 {
		t.Errorf("IsClusterID(%q) = false, or not the length of Kafka's", id)
	}
	for _, foreign := range []string{"", "sandbox-", "MkU3OEVBNTcwNTJENDM2Qk", "4L6g3nShT-eMCtK--X86sw"} {
		if sandbox.IsClusterID(foreign) {
			t.Errorf("IsClusterID(%q) = true", foreign)
		}
	}
}
