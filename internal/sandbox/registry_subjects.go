package sandbox

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// subjects lists those that have a version that counts.
func (r *registry) subjects(a asked) (any, error) {
	prefix := a.URL.Query().Get("subjectPrefix")
	names := []string{}
	return &names, r.look(func(s *registryState) error {
		for name, subject := range s.Subjects {
			if strings.HasPrefix(name, a.subject+prefix) && slices.ContainsFunc(subject.Versions, a.counts) {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		return nil
	})
}

func (r *registry) versions(a asked) (any, error) {
	numbers := []int{}
	return &numbers, r.look(func(s *registryState) error {
		if subject := s.Subjects[a.subject]; subject != nil {
			for _, v := range subject.Versions {
				if a.counts(v) {
					numbers = append(numbers, v.Number)
				}
			}
		}
		if len(numbers) == 0 {
			return noSubject(a.subject)
		}
		return nil
	})
}

// pick finds the version that a path names, by number or as "latest".
func (s *registryState) pick(a asked) (storedVersion, error) {
	named := a.PathValue("version")
	subject := s.Subjects[a.subject]
	var counting []storedVersion
	if subject != nil {
		counting = slices.DeleteFunc(slices.Clone(subject.Versions), func(v storedVersion) bool { return !a.counts(v) })
	}
	if len(counting) == 0 {
		return storedVersion{}, noSubject(a.subject)
	}
	if named == "latest" || named == "-1" {
		return counting[len(counting)-1], nil
	}
	number, err := strconv.Atoi(named)
	if err != nil || number < 1 {
		return storedVersion{}, refuse(42202, "The specified version '%s' is not a valid version id. Allowed values are numbers from 1 and the string \"latest\"", named)
	}
	for _, v := range counting {
		if v.Number == number {
			return v, nil
		}
	}
	return storedVersion{}, noVersion(named)
}

// shownSchema is the form in which a registry shows a schema.
type shownSchema struct {
	Subject    string      `json:"subject,omitempty"`
	Version    int         `json:"version,omitempty"`
	ID         int         `json:"id,omitempty"`
	Type       string      `json:"schemaType,omitempty"` // left out for Avro
	References []reference `json:"references,omitempty"`
	Schema     string      `json:"schema"`
}

func show(s storedSchema) shownSchema {
	shown := shownSchema{Type: s.Type, References: s.References, Schema: s.Text}
	if s.Type == "AVRO" {
		shown.Type = ""
	}
	return shown
}

func (s *registryState) showVersion(subject string, v storedVersion) shownSchema {
	shown := show(s.Schemas[v.ID])
	shown.Subject, shown.Version, shown.ID = subject, v.Number, v.ID
	return shown
}

func (r *registry) version(a asked) (any, error) {
	var shown shownSchema
	return &shown, r.look(func(s *registryState) error {
		v, err := s.pick(a)
		shown = s.showVersion(a.subject, v)
		return err
	})
}

func (r *registry) versionText(a asked) (any, error) {
	var text rawText
	return &text, r.look(func(s *registryState) error {
		v, err := s.pick(a)
		text = rawText(s.Schemas[v.ID].Text)
		return err
	})
}

func (r *registry) referencedBy(a asked) (any, error) {
	ids := []int{}
	return &ids, r.look(func(s *registryState) error {
		target, err := s.pick(a)
		if err != nil {
			return err
		}
		ids = append(ids, s.referrers(a.subject, target.Number)...)
		return nil
	})
}

// deleteSubject deletes softly, or for good what was softly deleted before.
func (r *registry) deleteSubject(a asked) (any, error) {
	numbers := []int{}
	return &numbers, r.change(func(s *registryState) error {
		subject := s.Subjects[a.subject]
		if subject == nil {
			return noSubject(a.subject)
		}
		permanent := a.URL.Query().Get("permanent") == "true"
		switch live := subject.live(); {
		case permanent && len(live) > 0:
			return refuse(40405, "Subject '%s' was not deleted first before being permanently deleted", a.subject)
		case !permanent && len(live) == 0:
			return refuse(40404, "Subject '%s' was soft deleted. Set permanent=true to delete permanently", a.subject)
		}
		for i, v := range subject.Versions {
			if ids := s.referrers(a.subject, v.Number); len(ids) > 0 {
				return inUse(a.subject, v.Number, ids)
			}
			if permanent || !v.Deleted {
				numbers = append(numbers, v.Number)
			}
			subject.Versions[i].Deleted = true
		}
		if permanent {
			delete(s.Subjects, a.subject)
		}
		delete(s.Compatibility, a.subject)
		delete(s.Mode, a.subject)
		return nil
	})
}

// deleteVersion likewise.
func (r *registry) deleteVersion(a asked) (any, error) {
	var number int
	return &number, r.change(func(s *registryState) error {
		permanent := a.URL.Query().Get("permanent") == "true"
		a.deleted = true
		if a.PathValue("version") == "latest" {
			a.deleted = false
		}
		v, err := s.pick(a)
		switch {
		case err != nil:
			return err
		case permanent && !v.Deleted:
			return refuse(40407, "Subject '%s' Version %d was not deleted first before being permanently deleted", a.subject, v.Number)
		case !permanent && v.Deleted:
			return refuse(40406, "Subject '%s' Version %d was soft deleted. Set permanent=true to delete permanently", a.subject, v.Number)
		}
		if ids := s.referrers(a.subject, v.Number); len(ids) > 0 {
			return inUse(a.subject, v.Number, ids)
		}
		number = v.Number
		subject := s.Subjects[a.subject]
		at := subject.index(v.Number)
		subject.Versions[at].Deleted = true
		if permanent {
			subject.Versions = slices.Delete(subject.Versions, at, at+1)
		}
		return nil
	})
}

// schemaByID finds the schema that a path names.
func (s *registryState) schemaByID(a asked) (int, storedSchema, error) {
	id, err := strconv.Atoi(a.PathValue("id"))
	schema, known := s.Schemas[id]
	if err != nil || !known {
		return 0, storedSchema{}, refuse(40403, "Schema %s not found", a.PathValue("id"))
	}
	return id, schema, nil
}

func (r *registry) byID(a asked) (any, error) {
	var shown shownSchema
	return &shown, r.look(func(s *registryState) error {
		_, schema, err := s.schemaByID(a)
		shown = show(schema)
		return err
	})
}

func (r *registry) textByID(a asked) (any, error) {
	var text rawText
	return &text, r.look(func(s *registryState) error {
		_, schema, err := s.schemaByID(a)
		text = rawText(schema.Text)
		return err
	})
}

// use is a place where a schema is registered.
type use struct {
	Subject string `json:"subject"`
	Version int    `json:"version"`
}

func (r *registry) usesOfID(a asked) (any, error) {
	uses := []use{}
	return &uses, r.look(func(s *registryState) error {
		id, _, err := s.schemaByID(a)
		for _, name := range slices.Sorted(maps.Keys(s.Subjects)) {
			for _, v := range s.Subjects[name].Versions {
				if v.ID == id && a.counts(v) {
					uses = append(uses, use{name, v.Number})
				}
			}
		}
		return err
	})
}

func (r *registry) contexts(asked) (any, error) {
	names := []string{"."}
	return &names, r.look(func(s *registryState) error {
		for subject := range s.Subjects {
			if name := strings.Trim(contextPrefix(subject), ":"); name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		return nil
	})
}
