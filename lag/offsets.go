package lag

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sync/errgroup"
)

// readGroups reads members and commits of all groups at once.
func (c *collector) readGroups(ctx context.Context, states []*groupState) {
	committed, shared := map[string]*committed{}, map[string]*committed{}
	for _, s := range states {
		switch {
		case s.Error != "":
		case s.Type == Share:
			shared[s.Name] = newCommitted()
		default:
			committed[s.Name] = newCommitted()
		}
	}
	var eg errgroup.Group
	eg.Go(func() error { c.describe(ctx, states); return nil })
	eg.Go(func() error { c.commits(ctx, committed); return nil })
	eg.Go(func() error { c.shareStarts(ctx, shared); return nil })
	_ = eg.Wait()
	for _, s := range states {
		got := committed[s.Name]
		if got == nil {
			got = shared[s.Name]
		}
		if got == nil {
			continue
		}
		s.commits = got.topics
		if got.err != nil && s.Error == "" {
			s.fail(fmt.Errorf("reading its commits: %w", got.err))
		}
	}
}

// committed is what one group has committed.
type committed struct {
	topics   map[string]map[int32]commit
	err      error
	answered bool
}

func newCommitted() *committed { return &committed{topics: map[string]map[int32]commit{}} }

// commits reads the commits of all groups in one OffsetFetch per coordinator.
func (c *collector) commits(ctx context.Context, groups map[string]*committed) {
	req := kmsg.NewPtrOffsetFetchRequest()
	for n := range groups {
		g := kmsg.NewOffsetFetchRequestGroup()
		g.Group = n
		req.Groups = append(req.Groups, g)
	}
	c.ask(ctx, groups, req, func(resp kmsg.Response) {
		answers := resp.(*kmsg.OffsetFetchResponse).Groups
		for i := range answers {
			if got := groups[answers[i].Group]; got != nil {
				got.take(&answers[i], c.wanted)
			}
		}
	})
}

func (got *committed) take(g *kmsg.OffsetFetchResponseGroup, wanted func(string) bool) {
	got.answered, got.err = true, kerr.ErrorForCode(g.ErrorCode)
	for _, t := range g.Topics {
		if !wanted(t.Topic) {
			continue
		}
		partitions := make(map[int32]commit, len(t.Partitions))
		for _, p := range t.Partitions {
			// The broker answers -1 for "no commit".
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil || p.Offset != -1 {
				partitions[p.Partition] = commit{p.Offset, Unknown, err}
			}
		}
		got.topics[t.Topic] = partitions
	}
}

// shareStarts reads the share-partition start offsets of all share groups.
func (c *collector) shareStarts(ctx context.Context, groups map[string]*committed) {
	req := kmsg.NewPtrDescribeShareGroupOffsetsRequest()
	for n := range groups {
		g := kmsg.NewDescribeShareGroupOffsetsRequestGroup()
		g.GroupID = n
		req.Groups = append(req.Groups, g)
	}
	c.ask(ctx, groups, req, func(resp kmsg.Response) {
		answers := resp.(*kmsg.DescribeShareGroupOffsetsResponse).Groups
		for i := range answers {
			if got := groups[answers[i].GroupID]; got != nil {
				got.takeShare(&answers[i], c.wanted)
			}
		}
	})
}

func (got *committed) takeShare(g *kmsg.DescribeShareGroupOffsetsResponseGroup, wanted func(string) bool) {
	got.answered, got.err = true, kerr.ErrorForCode(g.ErrorCode)
	for _, t := range g.Topics {
		if !wanted(t.Topic) {
			continue
		}
		partitions := make(map[int32]commit, len(t.Partitions))
		for _, p := range t.Partitions {
			err := kerr.ErrorForCode(p.ErrorCode)
			if err == nil && p.StartOffset == -1 {
				continue // not initialised: nobody has read this partition yet
			}
			lag := Unknown
			if p.Lag >= 0 {
				lag = Int(p.Lag) // leaves out what is acknowledged beyond the start (KIP-1226)
			}
			partitions[p.Partition] = commit{p.StartOffset, lag, err}
		}
		got.topics[t.Topic] = partitions
	}
}

// ask sends a request about groups to their coordinators and hands each answer to
// take. A group that no broker answered for is given the reason.
func (c *collector) ask(ctx context.Context, groups map[string]*committed, req kmsg.Request, take func(kmsg.Response)) {
	if len(groups) == 0 {
		return // an empty request asks for nothing, or for everything
	}
	var failed error = kerr.CoordinatorNotAvailable
	for _, shard := range c.cl.RequestSharded(ctx, req) {
		if shard.Err != nil {
			failed = shard.Err
			continue
		}
		take(shard.Resp)
	}
	for _, got := range groups {
		if !got.answered {
			got.err = failed
		}
	}
}
