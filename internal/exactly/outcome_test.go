package exactly_test

import (
	"context"
	"encoding/binary"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/exactly"
	"github.com/evtctl/evtctl/internal/kafkatest"
)

const endTxn = 26 // the request's number in the protocol

// cutting is a network that loses connections when a transaction is being ended.
type cutting struct {
	delivered bool         // the request arrives, only its answer is lost
	left      atomic.Int64 // how many it still cuts
}

func (c *cutting) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	return &cutConn{conn, c}, err
}

type cutConn struct {
	net.Conn
	c *cutting
}

func (c *cutConn) Write(b []byte) (int, error) {
	if len(b) < 6 || binary.BigEndian.Uint16(b[4:]) != endTxn || c.c.left.Add(-1) < 0 {
		return c.Conn.Write(b)
	}
	if c.c.delivered {
		if _, err := c.Conn.Write(b); err != nil {
			return 0, err
		}
		time.Sleep(20 * time.Millisecond) // closing at once could overtake it
	}
	c.Close()
	return 0, net.ErrClosed
}

func TestACommitWhoseOutcomeIsUnknownIsDecidedByTheLedger(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		for name, network := range map[string]*cutting{
			"it was committed":     {delivered: true},
			"it was not committed": {delivered: false},
		} {
			t.Run(name, func(t *testing.T) {
				j := newJob(t, c, 3)
				cfg := j.config()
				cfg.MaxRecords, cfg.Stall = 10, 2*time.Second
				cfg.Client = append(cfg.Client, kgo.Dialer(network.dial))
				results, places := 0, 0
				cfg.Report = func(r exactly.Result) {
					if results++; results == 10 {
						network.left.Store(1000) // the second transaction meets it
					}
					places += len(r.Placed)
				}
				cfg.Notice = func(n exactly.Notice) {
					t.Log(n.Text)
					network.left.Store(0)
				}
				receipt, err := exactly.Run(t.Context(), cfg, exactly.Items(j.letters(0, 50)...))
				if err != nil || receipt.Written != 50 || receipt.Recoveries == 0 || results != 50 || places != 50 {
					t.Errorf("%+v, %v; %d results with %d places", receipt, err, results, places)
				}
				j.verify(t, 50)
			})
		}
	})
}
