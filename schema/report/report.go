package report

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/evtctl/evtctl/schema"
)

// Options are common to all forms.
type Options struct {
	// Root is the folder of the repository; empty: the working folder. Files outside
	// of it keep their absolute paths.
	Root string
	// Version is the program's, as SARIF wants it.
	Version string
}

// file is a path as the repository has it, with slashes.
func (o Options) file(path string) string {
	root, err := filepath.Abs(o.Root)
	if err != nil {
		return filepath.ToSlash(path)
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return filepath.ToSlash(path)
	}
	if within, err := filepath.Rel(root, absolute); err == nil && filepath.IsLocal(within) {
		return filepath.ToSlash(within)
	}
	return filepath.ToSlash(absolute)
}

// text is a problem in full.
func text(p schema.Problem) string {
	list := []string{p.Message}
	if p.Fix != "" {
		list = append(list, "Way out: "+p.Fix+".")
	}
	if p.Allowed {
		list = append(list, "Allowed: "+p.AllowedFor+".")
	}
	if p.Overruled {
		list = append(list, "The registry takes it, and its verdict counts.")
	}
	return strings.Join(list, "\n")
}

// sampled words what came of a trial; empty when nothing was wrong.
func sampled(s *schema.SampleResult) string {
	if s == nil || len(s.Failed) == 0 {
		return ""
	}
	first := s.Failed[0]
	return fmt.Sprintf("%d of the last %d records of topic %s can't be read with the new schema; the first is %s:%d:%d: %s",
		len(s.Failed), s.Read, s.Topic, s.Topic, first.Partition, first.Offset, first.Reason)
}

// failure words why a candidate couldn't be checked.
func failure(e *schema.ResultError) string {
	if e.Hint == "" {
		return e.Message
	}
	return e.Message + "\nHint: " + e.Hint + "."
}
