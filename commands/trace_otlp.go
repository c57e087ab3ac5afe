package commands

import (
	"context"
	"errors"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/evtctl/evtctl/internal/doctor/timeline"
)

// otlpTarget is where a trace is exported to.
type otlpTarget struct {
	url  string
	file *os.File // nil: a URL, or nowhere
	kept bool     // the file is whole
}

// openOTLP makes the file before anything is read, so that a name that can't be written
// to is told at once.
func openOTLP(to string) (*otlpTarget, error) {
	if to == "" {
		return &otlpTarget{}, nil
	}
	if strings.Contains(to, "://") {
		if !strings.HasPrefix(to, "http://") && !strings.HasPrefix(to, "https://") {
			return nil, usagef("such as --otlp http://localhost:4318, or a file", "--otlp %s: traces are sent over http or https", to)
		}
		if u, err := url.Parse(to); err != nil || u.Hostname() == "" {
			return nil, usagef("such as --otlp http://localhost:4318", "--otlp %s names no receiver", to)
		}
		return &otlpTarget{url: to}, nil
	}
	file, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		return nil, usagef("choose another name", "%s exists already, and is not written over", to)
	}
	return &otlpTarget{file: file}, err
}

func (t *otlpTarget) write(ctx context.Context, report *timeline.Report, timeout time.Duration) error {
	switch {
	case t.url != "":
		return timeline.SendOTLP(ctx, t.url, report.OTLP(), timeout)
	case t.file == nil:
		return nil
	}
	text, err := timeline.MarshalOTLP(report.OTLP())
	if err != nil {
		return err
	}
	_, err = t.file.Write(append(text, '\n'))
	t.kept = err == nil
	return err
}

// close takes a file away that nothing was written to.
func (t *otlpTarget) close() {
	if t.file == nil {
		return
	}
	_ = t.file.Close()
	if !t.kept {
		_ = os.Remove(t.file.Name())
	}
}
