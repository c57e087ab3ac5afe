package orderflow

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/evtctl/evtctl/internal/orderflow/consume"
	"github.com/evtctl/evtctl/internal/orderflow/event"
	"github.com/evtctl/evtctl/internal/orderflow/trace"
)

// An alert is raised when so many dead letters come within the time.
const (
	AlertLetters = 10
	AlertWithin  = 5 * time.Minute
)

// monitor counts dead letters and raises the alert.
//
// The pattern is the sliding window: what counts is how many die in a time, not how
// many there are.
type monitor struct {
	shop *shop

	mu      sync.Mutex
	recent  []time.Time // deaths within the window, oldest first
	letters int
	alerts  []Alert
	raised  bool // the window is over the limit: one alert for each time it becomes so
}

// Alert says that dead letters came too fast.
type Alert struct {
	At      time.Time `json:"at"`
	Letters int       `json:"letters"` // within AlertWithin
	Topic   string    `json:"topic"`   // of the newest
}

func (s *shop) openMonitor(_ context.Context, t *trace.Tracer) error {
	s.monitor = &monitor{shop: s}
	topics := []string{event.DeadLetters(event.OrderTopic), event.DeadLetters(event.InventoryTopic), event.DeadLetters(event.PaymentTopic)}
	if err := s.join(Monitor, t, consume.Config{Group: event.MonitorGroup, Topics: topics, Handle: s.monitor.handle}); err != nil {
		return err
	}
	s.consumers[Monitor].Codec = nil // letters may be anything
	s.consumers[Monitor].NoDeadLetters = true
	return nil
}

func (m *monitor) handle(_ context.Context, letter consume.Message) error {
	died := letter.Record.Timestamp
	m.mu.Lock()
	defer m.mu.Unlock()
	m.letters++
	m.recent = append(m.recent, died)
	for len(m.recent) > 0 && m.recent[0].Before(died.Add(-AlertWithin)) {
		m.recent = m.recent[1:]
	}
	over := len(m.recent) >= AlertLetters
	if over && !m.raised {
		alert := Alert{At: died.UTC(), Letters: len(m.recent), Topic: letter.Record.Topic}
		m.alerts = append(m.alerts, alert)
		m.shop.Logger.Error("too many dead letters", "topic", alert.Topic, "letters", alert.Letters, "within", fmt.Sprint(AlertWithin))
	}
	m.raised = over
	return nil
}

// seen returns how many letters there were and the alerts raised.
func (m *monitor) seen() (letters int, alerts []Alert) {
	if m == nil {
		return 0, []Alert{}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.letters, append([]Alert{}, m.alerts...)
}
