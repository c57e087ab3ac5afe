package sandbox

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/twmb/franz-go/pkg/kfake"
)

// brokerLog hands what kfake logs to a slog.Logger. kfake's Close returns no
// error and only logs what it could not save, so the log is also where those
// errors are picked up.
type brokerLog struct {
	to *slog.Logger

	mu         sync.Mutex
	collecting bool
	errs       []error
}

func newBrokerLog(to *slog.Logger) *brokerLog {
	if to == nil {
		to = slog.New(slog.DiscardHandler)
	}
	return &brokerLog{to: to}
}

// collectErrors keeps what is logged as an error from now on.
func (l *brokerLog) collectErrors() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.collecting = true
}

func (l *brokerLog) collected() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return errors.Join(l.errs...)
}

// Logf is kfake's Logger. What kfake calls info is said about single requests,
// which is detail to everybody else, and its own debugging is left out.
func (l *brokerLog) Logf(level kfake.LogLevel, format string, args ...any) {
	switch level {
	case kfake.LogLevelError:
		err := fmt.Errorf(format, args...)
		l.keep(err)
		l.to.Error(err.Error())
	case kfake.LogLevelWarn:
		l.to.Warn(fmt.Sprintf(format, args...))
	case kfake.LogLevelInfo:
		l.to.Debug(fmt.Sprintf(format, args...))
	}
}

func (l *brokerLog) keep(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.collecting {
		l.errs = append(l.errs, err)
	}
}
