package kafkatest

import (
	"context"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// joinTime is how long a node that listens may take to be one of the cluster's brokers.
// It takes a second or two. Rarely, where three nodes start at once on a busy machine, the
// controller never registers one, which says nothing of it; started again, it is.
const joinTime = 45 * time.Second

// awaitNode waits until a started node is reachable and is one of the cluster's
// brokers.
func (c *Cluster) awaitNode(n *node) error {
	if err := c.awaitListening(n); err != nil {
		return err
	}
	if c.awaitJoined(n, joinTime) == nil {
		return nil
	}
	if err := n.failure(); err != nil {
		return err
	}
	if err := n.proc.Kill(); err != nil {
		return err
	}
	if err := n.start(); err != nil {
		return err
	}
	if err := c.awaitListening(n); err != nil {
		return err
	}
	return c.awaitJoined(n, bootTime)
}

// awaitListening knocks without a client: one that finds the door closed waits longer
// and longer before it tries again.
func (c *Cluster) awaitListening(n *node) error {
	return c.await(fmt.Sprintf("node %d to listen", n.id), bootTime, []*node{n}, func(context.Context, *kgo.Client) error {
		conn, err := net.DialTimeout("tcp", n.address, time.Second)
		if err != nil {
			return err
		}
		return conn.Close()
	})
}

func (c *Cluster) awaitJoined(n *node, limit time.Duration) error {
	return c.await(fmt.Sprintf("node %d to join the cluster", n.id), limit, []*node{n}, func(ctx context.Context, cl *kgo.Client) error {
		seen, err := kadm.NewClient(cl).BrokerMetadata(ctx)
		if err != nil {
			return err
		}
		// On a port that was taken after all, somebody else's broker may answer.
		if seen.Cluster != c.id {
			return fmt.Errorf("cluster %q answers, not %q", seen.Cluster, c.id)
		}
		if !slices.Contains(seen.Brokers.NodeIDs(), int32(n.id)) {
			return fmt.Errorf("its brokers are %v", seen.Brokers.NodeIDs())
		}
		return nil
	})
}

// awaitCoordinators asks for a group's and a transaction's coordinator until
// both answer. The first question makes Kafka create the topics they need, and
// until those are loaded every group call is refused.
func (c *Cluster) awaitCoordinators() error {
	const nobody = "kafkatest-start"
	return c.await("the coordinators", bootTime, c.nodes, func(ctx context.Context, cl *kgo.Client) error {
		adm := kadm.NewClient(cl)
		if err := adm.FindGroupCoordinators(ctx, nobody).Error(); err != nil {
			return fmt.Errorf("group coordinator: %w", err)
		}
		if err := adm.FindTxnCoordinators(ctx, nobody).Error(); err != nil {
			return fmt.Errorf("transaction coordinator: %w", err)
		}
		// Listing fails as long as any partition of the offsets is being loaded.
		if _, err := adm.ListGroups(ctx); err != nil {
			return fmt.Errorf("listing groups: %w", err)
		}
		return nil
	})
}

// await asks until the answer is good, or one of the starting nodes fails.
func (c *Cluster) await(what string, limit time.Duration, starting []*node, ask func(context.Context, *kgo.Client) error) error {
	cl, err := c.open(
		kgo.RetryBackoffFn(func(int) time.Duration { return pollEvery }),
		kgo.MetadataMinAge(pollEvery),
	)
	if err != nil {
		return fmt.Errorf("waiting for %s: %w", what, err)
	}
	defer cl.Close()
	for deadline := time.Now().Add(limit); ; time.Sleep(pollEvery) {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		err := ask(ctx, cl)
		cancel()
		if err == nil {
			return nil
		}
		tails := ""
		for _, n := range starting {
			if err := n.failure(); err != nil {
				return err
			}
			tails += n.proc.tails()
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("waited %s for %s: %w\n%s", limit, what, err, tails)
		}
	}
}
