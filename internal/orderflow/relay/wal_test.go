package relay_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/internal/orderflow/relay"
	"github.com/evtctl/evtctl/internal/orderflow/store"
)

// follow runs a relay until stop is called, which says what came of it.
func follow(t *testing.T, db *store.DB, topic string, brokers []string) (r *relay.Relay, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	r = relay.New(config(db, topic, brokers))
	go func() {
		err := r.RunWAL(ctx)
		if err != nil {
			t.Errorf("the relay ended: %v", err)
		}
		ended <- err
	}()
	stop = func() error { cancel(); return <-ended }
	t.Cleanup(cancel)
	return r, stop
}

// slots counts the replication slots of a database.
func slots(t *testing.T, url string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_replication_slots WHERE database = current_database()").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTheLogIsPublishedOnceInItsOrderAndGoneOnWithAfterAStop(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		url, topic := kafkatest.Postgres(t).URL(t), c.Topic(t, 6)
		s := newShop(open(t, url))
		s.fill(t, 30) // before there is a slot
		for round := range 2 {
			_, stop := follow(t, s.db, topic, c.Brokers())
			s.awaitEmpty(t)
			s.fill(t, 60)
			s.awaitEmpty(t)
			if err := stop(); err != nil {
				t.Errorf("round %d ended with %v", round, err)
			}
			if n := slots(t, url); n != 1 {
				t.Errorf("after round %d there are %d slots, want 1", round, n)
			}
			s.fill(t, 30) // nobody reads the log now
		}
		_, stop := follow(t, s.db, topic, c.Brokers())
		s.awaitEmpty(t)
		if err := stop(); err != nil {
			t.Error(err)
		}
		if n := s.compare(t, c, topic); n != 0 {
			t.Errorf("%d events are there twice though nothing failed", n)
		}
		for range 2 { // the second finds nothing
			if err := relay.DropSlot(t.Context(), s.db); err != nil || slots(t, url) != 0 {
				t.Errorf("%d slots are left, %v", slots(t, url), err)
			}
		}
	})
}

func TestOneOfTwoRelaysReadsAndTheOtherTakesOver(t *testing.T) {
	c, url := kafkatest.Fake(t), kafkatest.Postgres(t).URL(t)
	topic := c.Topic(t, 6)
	s := newShop(open(t, url))
	one, stopOne := follow(t, s.db, topic, c.Brokers())
	other, stopOther := follow(t, s.db, topic, c.Brokers())
	s.fill(t, 60)
	s.awaitEmpty(t)
	if one.Published() != 0 && other.Published() != 0 {
		t.Errorf("both published: %d and %d", one.Published(), other.Published())
	}
	first, second := stopOne, stopOther
	if other.Published() != 0 {
		first, second = stopOther, stopOne
	}
	if err := first(); err != nil {
		t.Error(err)
	}
	s.fill(t, 60)
	s.awaitEmpty(t)
	if err := second(); err != nil {
		t.Error(err)
	}
	if n := s.compare(t, c, topic); n != 0 {
		t.Errorf("%d events are there twice", n)
	}
}

func TestWhatHasNoLogToReadSaysSo(t *testing.T) {
	var log *relay.WALError
	err := relay.New(config(open(t, ""), "", nil)).RunWAL(t.Context())
	if !errors.As(err, &log) || !strings.Contains(log.Hint(), "polls") {
		t.Errorf("on SQLite: %v", err)
	}
}

// startAlone starts a relay in a process of its own. It is killed with the test.
func startAlone(t *testing.T, c *kafkatest.Cluster, topic, url string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), relayEnv+"="+strings.Join([]string{strings.Join(c.Brokers(), ","), topic, url}, " "))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd
}

// somewhere waits for a moment that nobody chose.
func somewhere() { <-time.After(time.Duration(rand.IntN(400)) * time.Millisecond) }

func TestKillsLoseNoEventAndKeepEachOrdersOrder(t *testing.T) {
	c := kafkatest.RealNodes(t, 1)
	server := kafkatest.OwnPostgres(t)
	url, topic := server.URL(t), c.Topic(t, 6)
	s := newShop(open(t, url))
	ctx, cancel := context.WithCancel(t.Context())
	wrote := make(chan error, 1)
	go func() {
		for i := 0; ctx.Err() == nil; i++ {
			if err := s.write(t.Context(), fmt.Sprintf("o-%d", i%7)); err != nil {
				wrote <- err
				return
			}
		}
		wrote <- nil
	}()
	process := startAlone(t, c, topic, url)
	for range 3 {
		before := ends(t, c, topic)
		kafkatest.Eventually(t, soon, "events to come", func() (bool, string) { return ends(t, c, topic) > before, "none" })
		somewhere()
		_ = process.Process.Kill()
		_ = process.Wait()
		process = startAlone(t, c, topic, url)
		somewhere()
		server.Kill(t)
		server.Start(t)
	}
	somewhere()
	c.KillNode(t, 0)
	somewhere()
	c.StartNode(t, 0)
	before := ends(t, c, topic)
	kafkatest.Eventually(t, soon, "events to come", func() (bool, string) { return ends(t, c, topic) > before, "none" })
	cancel()
	if err := <-wrote; err != nil {
		t.Fatal(err)
	}
	s.awaitEmpty(t)
	duplicates := s.compare(t, c, topic)
	t.Logf("%d events, %d sent twice", s.events, duplicates)
	if err := process.Process.Signal(os.Kill); err != nil {
		t.Errorf("the last relay ended by itself: %v", err)
	}
	_ = process.Wait()
	if err := relay.DropSlot(t.Context(), s.db); err != nil || slots(t, url) != 0 {
		t.Errorf("a killed relay's slot stays: %v", err)
	}
}
