package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/evtctl/evtctl/internal/doctor/shell"
	"github.com/evtctl/evtctl/lag"
)

// promised are the orders that were in the books before the window. Their events have had
// the window's time to arrive.
type promised struct {
	ids map[string]bool
	err error
	cut bool // there are more than are remembered
}

// open reads the books.
func (e *examination) open(ctx context.Context, p *promised) {
	if e.Books == nil || e.req.Topic == "" {
		return
	}
	p.err = e.Books.Orders(ctx, func(id string) error {
		if len(p.ids) >= remember {
			p.cut = true
			return nil
		}
		p.ids[id] = true
		return nil
	})
	if p.err != nil {
		e.unknown("orders in the database", p.err)
	}
}

// balance compares the books with the events: orders without events were promised and
// nobody was told; events without orders are ghosts.
func (e *examination) balance(ctx context.Context, p *promised, r *reading, whole bool) {
	if e.Books == nil || p.err != nil {
		return
	}
	if p.cut {
		e.d.Unknown = append(e.d.Unknown, fmt.Sprintf("orders in the database: there are more than %d", remember))
		return
	}
	now := map[string]bool{} // an order that was placed meanwhile is no ghost
	err := e.Books.Orders(ctx, func(id string) error {
		if len(now) >= 2*remember {
			return errEnough
		}
		now[id] = true
		return nil
	})
	if errors.Is(err, errEnough) {
		e.unseen(fmt.Sprintf("orders in the database: there are more than %d", 2*remember))
		return
	}
	if err != nil {
		e.unknown("orders in the database", err)
		return
	}
	var untold, ghosts []string
	for id := range p.ids {
		if r.entities[id] == nil {
			untold = append(untold, id)
		}
	}
	byKey := e.req.EntityField == "" && e.req.EntityHeader == ""
	for id, known := range r.entities {
		// Who is named by a key only, as its value can't be decoded, may be something else.
		if !now[id] && (known.named || byKey) {
			ghosts = append(ghosts, fmt.Sprintf("%s (%s:%d:%d)", id, e.req.Topic, known.first.partition, known.first.offset))
		}
	}
	slices.Sort(untold)
	slices.Sort(ghosts)
	if !whole && len(untold) > 0 {
		e.d.Unknown = append(e.d.Unknown, fmt.Sprintf("orders without events: the topic wasn't read from its first record, and %d of the database's orders aren't among what was read", len(untold)))
		untold = nil
	}
	e.tellBalance(untold, ghosts)
}

func (e *examination) tellBalance(untold, ghosts []string) {
	if len(untold)+len(ghosts) == 0 {
		return
	}
	f := Finding{Cause: DualWrite, Verdict: lag.Critical, Summary: "database and topic say different things:"}
	if n := len(untold); n > 0 {
		f.Summary += fmt.Sprintf(" %s no event in %s", count(int64(n), "order has", "orders have"), e.req.Topic)
		f.Evidence = append(f.Evidence, "orders that nobody was told of: "+list(untold))
		f.Commands = append(f.Commands, shell.Command{"trace", untold[0]})
	}
	if n := len(ghosts); n > 0 {
		if len(untold) > 0 {
			f.Summary += ", and"
		}
		f.Summary += fmt.Sprintf(" %s no order", count(int64(n), "event's entity has", "events' entities have"))
		f.Evidence = append(f.Evidence, "events of orders that aren't in the database: "+list(ghosts))
	}
	f.Evidence = append(f.Evidence, "who writes to a database and to Kafka, each by itself, loses one of both in a crash; an outbox in the transaction of the order doesn't")
	e.d.find(f)
}

// list words the first few of a list in one line.
func list(all []string) string {
	text := ""
	for i, s := range some(all, 3) {
		if i > 0 {
			text += ", "
		}
		text += s
	}
	return text
}
