package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// registryState is all that a registry knows, and the form of its file.
type registryState struct {
	Format        int                       `json:"format"` // of the file
	NextID        int                       `json:"next_id"`
	Schemas       map[int]storedSchema      `json:"schemas"` // by id
	Subjects      map[string]*storedSubject `json:"subjects"`
	Compatibility map[string]string         `json:"compatibility"` // by subject; "" is the global one
	Mode          map[string]string         `json:"mode"`          // likewise
}

type storedSchema struct {
	Type       string      `json:"type"`
	Text       string      `json:"text"`
	References []reference `json:"references,omitempty"`
}

type reference struct {
	Name    string `json:"name"`
	Subject string `json:"subject"`
	Version int    `json:"version"`
}

// storedSubject keeps its versions in ascending order. A number is never given
// twice.
type storedSubject struct {
	Last     int             `json:"last"` // the highest number given so far
	Versions []storedVersion `json:"versions"`
}

type storedVersion struct {
	Number  int  `json:"number"`
	ID      int  `json:"id"`
	Deleted bool `json:"deleted,omitempty"`
}

const registryFormat = 1

func newRegistryState() *registryState {
	return &registryState{
		Format: registryFormat, NextID: 1,
		Schemas: map[int]storedSchema{}, Subjects: map[string]*storedSubject{},
		Compatibility: map[string]string{"": "BACKWARD"}, Mode: map[string]string{"": "READWRITE"},
	}
}

// loadRegistry reads a file that may not exist yet.
func loadRegistry(file string) (*registryState, error) {
	content, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return newRegistryState(), nil
	}
	if err != nil {
		return nil, err
	}
	state := newRegistryState()
	if err := json.Unmarshal(content, state); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(file), err)
	}
	if state.Format != registryFormat {
		return nil, fmt.Errorf("%s: format %d, and this evtctl knows %d", filepath.Base(file), state.Format, registryFormat)
	}
	return state, nil
}

// save replaces the file as a whole, so that it is never half written. It is on
// the disk by then, asked for or not: what replaces everything mustn't be empty
// after a loss of power, and nobody registers schemas by the thousand.
func (s *registryState) save(file string) error {
	content, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	partial, err := os.OpenFile(file+".partial", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = partial.Write(content)
	if err == nil {
		err = partial.Sync()
	}
	if err := errors.Join(err, partial.Close()); err != nil {
		return err
	}
	return os.Rename(file+".partial", file)
}

// clone copies what change may change.
func (s *registryState) clone() *registryState {
	c := *s
	c.Schemas, c.Compatibility, c.Mode = maps.Clone(s.Schemas), maps.Clone(s.Compatibility), maps.Clone(s.Mode)
	c.Subjects = make(map[string]*storedSubject, len(s.Subjects))
	for name, subject := range s.Subjects {
		c.Subjects[name] = &storedSubject{Last: subject.Last, Versions: slices.Clone(subject.Versions)}
	}
	return &c
}

// live are the versions that aren't deleted.
func (s *storedSubject) live() []storedVersion {
	if s == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(s.Versions), func(v storedVersion) bool { return v.Deleted })
}

// index finds a version by its number; -1 when there is none.
func (s *storedSubject) index(number int) int {
	if s == nil {
		return -1
	}
	return slices.IndexFunc(s.Versions, func(v storedVersion) bool { return v.Number == number })
}

// find returns the version under which a subject has a schema.
func (s *registryState) find(subject string, schema storedSchema, deleted bool) (storedVersion, bool) {
	if stored := s.Subjects[subject]; stored != nil {
		for _, v := range slices.Backward(stored.Versions) {
			if (deleted || !v.Deleted) && same(s.Schemas[v.ID], schema) {
				return v, true
			}
		}
	}
	return storedVersion{}, false
}

// idOf is the id of a schema, a new one if no subject has had it.
func (s *registryState) idOf(schema storedSchema) int {
	for id, stored := range s.Schemas {
		if same(stored, schema) {
			return id
		}
	}
	id := s.NextID
	s.NextID++
	s.Schemas[id] = schema
	return id
}

// same tells equal schemas, regardless of blanks in those that are JSON.
func same(a, b storedSchema) bool {
	return a.Type == b.Type && slices.Equal(a.References, b.References) && (a.Text == b.Text || compact(a) == compact(b))
}

func compact(s storedSchema) string {
	var out bytes.Buffer
	if s.Type == "PROTOBUF" || json.Compact(&out, []byte(s.Text)) != nil {
		return s.Text
	}
	return out.String()
}

// setting is what counts for a subject: its own, its context's or the global one.
func setting(settings map[string]string, subject string) string {
	for _, name := range []string{subject, contextPrefix(subject)} {
		if value, ok := settings[name]; ok && name != "" {
			return value
		}
	}
	return settings[""]
}

// contextPrefix is the part of a subject's name that names its context, as in
// ":.staging:" for ":.staging:orders"; empty for the default one.
func contextPrefix(subject string) string {
	if !strings.HasPrefix(subject, ":.") {
		return ""
	}
	end := strings.Index(subject[1:], ":")
	if end < 0 {
		return ""
	}
	return subject[:end+2]
}

// schema makes of a stored schema what a Checker gets.
func (s *registryState) schema(stored storedSchema, version int) (Schema, error) {
	full := Schema{Type: stored.Type, Text: stored.Text, Version: version}
	seen := map[reference]bool{}
	var follow func([]reference) error
	follow = func(refs []reference) error {
		for _, ref := range refs {
			if seen[ref] {
				continue
			}
			seen[ref] = true
			subject := s.Subjects[ref.Subject]
			at := subject.index(ref.Version)
			if at < 0 {
				return fmt.Errorf("no schema for the reference %q to version %d of subject %q", ref.Name, ref.Version, ref.Subject)
			}
			target := s.Schemas[subject.Versions[at].ID]
			if err := follow(target.References); err != nil {
				return err
			}
			full.References = append(full.References, ReferencedSchema{ref.Name, target.Text})
		}
		return nil
	}
	return full, follow(stored.References)
}

// referrers are the ids of the schemas that refer to a version, sorted, deleted
// ones left out.
func (s *registryState) referrers(subject string, version int) (ids []int) {
	refers := func(r reference) bool { return r.Subject == subject && r.Version == version }
	for _, stored := range s.Subjects {
		for _, v := range stored.live() {
			if slices.ContainsFunc(s.Schemas[v.ID].References, refers) && !slices.Contains(ids, v.ID) {
				ids = append(ids, v.ID)
			}
		}
	}
	slices.Sort(ids)
	return ids
}
