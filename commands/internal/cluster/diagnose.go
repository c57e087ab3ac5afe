package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// diagnosisGrace is what finding the cause may take beyond the time limit, when
// that is used up.
const diagnosisGrace = 300 * time.Millisecond

// brokerFailure is one broker that couldn't be reached.
type brokerFailure struct {
	addr string
	err  error
	finding
}

// diagnose finds out why no broker was reached, before deadline. Of several
// failures it tells the one that got furthest: a refused password says more than
// a closed port of another broker.
func (s *Settings) diagnose(ctx context.Context, deadline time.Time, u *unreached) error {
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	failures := s.failures(u)
	worst := slices.MaxFunc(failures, func(a, b brokerFailure) int { return cmp.Compare(telling(a.finding), telling(b.finding)) })
	if worst.vague {
		worst.finding = s.ask(ctx, worst)
	}
	if u.bootstrap != "" {
		worst.finding = advertisedFinding(u.bootstrap, worst)
	} else if others := otherBrokers(failures, worst); others != "" {
		worst.problem += "; " + others
	}
	return &ConnectError{Broker: worst.addr, Problem: worst.problem, Cause: worst.cause, hint: worst.hint, err: worst.err}
}

// failures pairs each broker with what became of it. The Kafka client's errors
// don't name advertised brokers, but the watch saw them.
func (s *Settings) failures(u *unreached) []brokerFailure {
	var list []brokerFailure
	if u.bootstrap != "" {
		for _, a := range s.watch.latest() {
			if !slices.Contains(s.Brokers, a.addr) {
				list = append(list, brokerFailure{addr: a.addr, err: s.attemptError(a)})
			}
		}
		if len(list) == 0 { // connected, and failed afterwards
			list = append(list, brokerFailure{addr: u.bootstrap, err: errors.Join(u.errs...)})
		}
	}
	for i, addr := range u.brokers {
		err := u.errs[min(i, len(u.errs)-1)]
		if a, ok := s.watch.attempt(addr); ok && givenUp(err) {
			err = s.attemptError(a)
		}
		list = append(list, brokerFailure{addr: addr, err: err})
	}
	for i := range list {
		list[i].finding = s.classify(list[i].addr, list[i].err)
	}
	return list
}

// givenUp reports whether err says only that time was up.
func givenUp(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) ||
		errors.Is(err, kgo.ErrClientClosed) || errors.Is(err, errNotTried)
}

// attemptError gives an attempt's error, and one for an attempt that hasn't ended.
func (s *Settings) attemptError(a attempt) error {
	if a.err != nil {
		return a.err
	}
	return &dialError{addr: a.addr, stage: a.stage, err: context.DeadlineExceeded}
}

// telling orders findings by how far the connection got.
func telling(f finding) int {
	switch f.cause {
	case CauseUnresolved:
		return 0
	case CauseRefused, CauseUnreachable:
		return 1
	case CauseSilent:
		return 2
	case CauseClosed, CauseUnknown:
		return 3
	default:
		return 4
	}
}

// otherBrokers says that the remaining brokers failed too.
func otherBrokers(failures []brokerFailure, told brokerFailure) string {
	same := true
	var names []string
	for _, f := range failures {
		if f.addr != told.addr {
			names = append(names, f.addr)
			same = same && f.cause == told.cause
		}
	}
	switch {
	case len(names) == 0:
		return ""
	case same:
		return "the same with " + strings.Join(names, ", ")
	default:
		return "no connection to " + strings.Join(names, ", ") + " either"
	}
}

// advertisedFinding words that a broker answers, but at an address of its
// choosing it can't be reached. What got further than that, such as a wrong
// certificate there, keeps its own cause.
func advertisedFinding(bootstrap string, f brokerFailure) finding {
	if f.addr == bootstrap {
		return f.finding
	}
	f.problem = fmt.Sprintf("%s answers, but advertises this address: %s", bootstrap, f.problem)
	if telling(f.finding) <= telling(finding{cause: CauseClosed}) {
		f.cause = CauseAdvertised
		f.hint = "this listener's address in the broker's advertised.listeners has to be one that this machine can reach; or use the broker's listener that is meant for it"
	}
	return f.finding
}
