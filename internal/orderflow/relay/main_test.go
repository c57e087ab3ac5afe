package relay_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/orderflow/event"
	"github.com/evtctl/evtctl/internal/orderflow/relay"
	"github.com/evtctl/evtctl/internal/orderflow/store"
)

// relayEnv makes this test binary a relay that runs until it is killed: the brokers,
// the topic and the database's URL, with spaces between.
const relayEnv = "RELAY_TEST_RUN"

func TestMain(m *testing.M) {
	where := strings.Fields(os.Getenv(relayEnv))
	if len(where) == 0 {
		os.Exit(m.Run())
	}
	err := runAlone(strings.Split(where[0], ","), where[1], where[2])
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// runAlone is a relay's process.
func runAlone(brokers []string, topic, url string) error {
	ctx := context.Background()
	var db *store.DB
	err := store.Retry(ctx, func(error) {}, func() (err error) {
		db, err = store.Open(ctx, url)
		return err
	})
	if err != nil {
		return err
	}
	return relay.New(config(db, topic, brokers)).RunWAL(ctx)
}

// config is that of a relay which writes everything to one topic.
func config(db *store.DB, topic string, brokers []string) relay.Config {
	return relay.Config{
		DB: db, Codec: event.JSON{}, Clock: time.Now, Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
		Topic: func(string) string { return topic },
		Open: func(_ context.Context, opts ...kgo.Opt) (*kgo.Client, error) {
			return kgo.NewClient(append(opts, kgo.SeedBrokers(brokers...))...)
		},
	}
}
