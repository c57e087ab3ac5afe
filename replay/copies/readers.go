package copies

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Audience tells who reads a topic of the cluster that is copied to.
type Audience interface {
	Readers(ctx context.Context, topic string) (*Readers, error)
}

// Readers are the groups that have committed offsets in a topic, or have members that
// hold partitions of it. They get what is copied there.
type Readers struct {
	// Known says that every group of the cluster could be looked at; without, there may be
	// more.
	Known  bool    `json:"known"`
	Reason string  `json:"reason"` // why it isn't known
	Groups []Group `json:"groups"`
}

// Group is one that reads the target.
type Group struct {
	Group     string `json:"group"`
	Type      string `json:"type"` // classic, consumer, share or streams
	State     string `json:"state"`
	Members   int    `json:"members"`              // that hold partitions of the topic
	Committed int    `json:"committed_partitions"` // of the topic
}

// namedReaders is how many a warning names.
const namedReaders = 5

// warnReaders says who gets the copies as well. That it can't be known is no reason not
// to copy.
func (p *Plan) warnReaders(ctx context.Context) error {
	if p.req.Audience == nil {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, patience(ctx))
	defer cancel()
	readers, err := p.req.Audience.Readers(limited, p.To.Topic)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, context.DeadlineExceeded):
		readers = &Readers{Reason: "the cluster took too long to tell its groups"}
	case err != nil:
		readers = &Readers{Reason: err.Error()}
	}
	if readers.Groups == nil {
		readers.Groups = []Group{}
	}
	if p.Readers = readers; p.Left() == 0 {
		return nil
	}
	if n := len(readers.Groups); n > 0 {
		var named []string
		for _, g := range readers.Groups[:min(n, namedReaders)] {
			named = append(named, g.String())
		}
		text := strings.Join(named, ", ")
		if n > namedReaders {
			text += fmt.Sprintf(", and %d more, which -o json names", n-namedReaders)
		}
		p.warn("topic %s has readers, which get what is copied, too: %s", p.To.Topic, text)
	}
	if !readers.Known {
		more := "who reads topic"
		if len(readers.Groups) > 0 {
			more = "who else reads topic"
		}
		p.warn("%s %s can't be known: %s", more, p.To.Topic, readers.Reason)
	}
	return nil
}

// String is what a warning says of a group.
func (g Group) String() string {
	return fmt.Sprintf("%s group %q (%s, offsets in %s)", g.Type, g.Group, counted(g.Members, "member"), counted(g.Committed, "partition"))
}

func counted(n int, what string) string {
	switch n {
	case 0:
		return "no " + what
	case 1:
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
