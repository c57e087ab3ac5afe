package consume_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/orderflow/consume"
)

// victimEnv makes this test binary a consumer that is there to be killed: it prints
// the key of each record that it has worked on.
const victimEnv = "CONSUME_VICTIM"

func TestMain(m *testing.M) {
	what := strings.Fields(os.Getenv(victimEnv))
	if len(what) == 0 {
		os.Exit(m.Run())
	}
	c, err := consume.New(consume.Config{
		Open: opener(strings.Split(what[0], ",")...), Group: what[1], Topics: []string{what[2]},
		InstanceID: "victim", // its next life gets the partitions at once
		Handle: func(_ context.Context, m consume.Message) error {
			time.Sleep(time.Millisecond) // work
			fmt.Println(string(m.Record.Key))
			return nil
		},
	})
	if err == nil {
		err = c.Run(context.Background())
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func opener(brokers ...string) func(context.Context, ...kgo.Opt) (*kgo.Client, error) {
	return func(_ context.Context, opts ...kgo.Opt) (*kgo.Client, error) {
		return kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(brokers...)}, opts...)...)
	}
}
