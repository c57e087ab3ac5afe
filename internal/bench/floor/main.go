// Command floor asks the least that tells the lag of groups, by the protocol's own
// requests: what no program that answers the same can do without. It prints the
// number of groups and of partitions, and the sum of their lags.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: floor BROKER[,BROKER]… [GROUP]…")
		os.Exit(2)
	}
	if err := run(strings.Split(os.Args[1], ","), os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(brokers, groups []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cl, err := kgo.NewClient(kgo.SeedBrokers(brokers...))
	if err != nil {
		return err
	}
	defer cl.Close()
	if len(groups) == 0 {
		if groups, err = list(ctx, cl); err != nil {
			return fmt.Errorf("listing groups: %w", err)
		}
	}
	committed, err := fetch(ctx, cl, groups)
	if err != nil {
		return fmt.Errorf("fetching commits: %w", err)
	}
	ends, err := listEnds(ctx, cl, committed)
	if err != nil {
		return fmt.Errorf("listing ends: %w", err)
	}
	partitions, lag := 0, int64(0)
	for _, g := range committed.Groups {
		for _, t := range g.Topics {
			for _, p := range t.Partitions {
				partitions++
				lag += ends[partition{t.Topic, p.Partition}] - p.Offset
			}
		}
	}
	fmt.Println(len(committed.Groups), partitions, lag)
	return nil
}

func list(ctx context.Context, cl *kgo.Client) ([]string, error) {
	resp, err := kmsg.NewPtrListGroupsRequest().RequestWith(ctx, cl)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(resp.Groups))
	for i, g := range resp.Groups {
		names[i] = g.Group
	}
	return names, kerr.ErrorForCode(resp.ErrorCode)
}

func fetch(ctx context.Context, cl *kgo.Client, groups []string) (*kmsg.OffsetFetchResponse, error) {
	req := kmsg.NewPtrOffsetFetchRequest()
	for _, name := range groups {
		g := kmsg.NewOffsetFetchRequestGroup()
		g.Group = name
		req.Groups = append(req.Groups, g)
	}
	return req.RequestWith(ctx, cl)
}

type partition struct {
	topic  string
	number int32
}

// listEnds asks for the end of every partition that a group has committed in.
func listEnds(ctx context.Context, cl *kgo.Client, committed *kmsg.OffsetFetchResponse) (map[partition]int64, error) {
	ends := map[partition]int64{}
	topics := map[string]*kmsg.ListOffsetsRequestTopic{}
	for _, g := range committed.Groups {
		for _, t := range g.Topics {
			topic := topics[t.Topic]
			if topic == nil {
				rt := kmsg.NewListOffsetsRequestTopic()
				rt.Topic, topic, topics[t.Topic] = t.Topic, &rt, &rt
			}
			for _, p := range t.Partitions {
				at := partition{t.Topic, p.Partition}
				if _, asked := ends[at]; !asked {
					ends[at] = 0
					rp := kmsg.NewListOffsetsRequestTopicPartition()
					rp.Partition, rp.Timestamp = p.Partition, -1 // the end
					topic.Partitions = append(topic.Partitions, rp)
				}
			}
		}
	}
	req := kmsg.NewPtrListOffsetsRequest()
	for _, t := range topics {
		req.Topics = append(req.Topics, *t)
	}
	resp, err := req.RequestWith(ctx, cl)
	if err != nil {
		return nil, err
	}
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", t.Topic, p.Partition, err)
			}
			ends[partition{t.Topic, p.Partition}] = p.Offset
		}
	}
	return ends, nil
}
