package commands_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/evtctl/evtctl/commands"
	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/internal/kafkatest"
)

func archivedIn(t *testing.T, path string) (offsets []int64, end *dlq.ArchiveEnd) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	_, end, err = dlq.ReadArchive(file, func(a *dlq.Archived) error { offsets = append(offsets, a.Offset); return nil })
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return offsets, end
}

func TestAnExportGoesOnFromWhereAnotherEnded(t *testing.T) {
	c := kafkatest.Fake(t)
	topic := c.Topic(t, 1)
	for range 5 {
		c.Produce(t, spring(topic, 0, "k", "v", "card expired"))
	}
	first, rest := filepath.Join(t.TempDir(), "first.jsonl"), filepath.Join(t.TempDir(), "rest.jsonl")
	holds(t, run(t, brokers(c), "dlq", "export", topic, "--file", first), 0, "", "5 letters written; --from 0=5 goes on from here")
	if offsets, end := archivedIn(t, first); len(offsets) != 5 || end.Next[0] != 5 {
		t.Errorf("offsets %v, end %+v", offsets, end)
	}
	c.Produce(t, spring(topic, 0, "k", "v", "card expired"))
	holds(t, run(t, brokers(c), "dlq", "export", topic, "--from", "0=5", "-f", rest), 0, "", "1 letter written; --from 0=6 goes on from here")
	if offsets, _ := archivedIn(t, rest); len(offsets) != 1 || offsets[0] != 5 {
		t.Errorf("offsets %v, want the sixth letter", offsets)
	}
	holds(t, run(t, brokers(c), "dlq", "export", topic, "--file", first), 2, "", "exists already")
}

// fails is a stdout that takes so many bytes.
type fails struct {
	bytes.Buffer
	room int
	err  error
}

func (w *fails) Write(p []byte) (int, error) {
	if n := w.room - w.Len(); n < len(p) {
		w.Buffer.Write(p[:n])
		return n, w.err
	}
	return w.Buffer.Write(p)
}

func TestAnExportThatCannotBeWrittenFailsAndSaysHowToGoOn(t *testing.T) {
	c := kafkatest.Fake(t)
	topic := c.Topic(t, 1)
	c.Produce(t, spring(topic, 0, "k", strings.Repeat("v", 300<<10), "card expired"), spring(topic, 0, "k", "v", "card expired"))
	for name, reason := range map[string]error{"a full disk": syscall.ENOSPC, "a closed pipe": syscall.EPIPE} {
		t.Run(name, func(t *testing.T) {
			out, errs := &fails{room: 300<<10 + 900, err: &os.PathError{Op: "write", Path: "/dev/stdout", Err: reason}}, &bytes.Buffer{}
			e := &commands.Env{
				Streams: &render.Streams{In: strings.NewReader(""), Out: out, Err: errs},
				Getenv:  func(key string) string { return brokers(c)[key] }, Now: time.Now,
			}
			code := commands.Run(t.Context(), e, []string{"dlq", "export", topic})
			want := "error: writing the export: write /dev/stdout: " + reason.Error() + "\nhint: 1 letter written; \"--from 0=1\" goes on from there\n"
			if code != 1 || errs.String() != want {
				t.Errorf("exit code %d, %q; want 1, %q", code, errs, want)
			}
		})
	}
}
