package sandbox

import (
	"encoding/json"
	"slices"
	"strings"
)

// rawText is a schema sent as it is: as JSON when it is some, else as a string.
type rawText string

func (t rawText) MarshalJSON() ([]byte, error) {
	if json.Valid([]byte(t)) {
		return []byte(t), nil
	}
	return json.Marshal(string(t))
}

// candidate reads the schema in a request's body.
func (a asked) candidate() (storedSchema, error) {
	var sent struct {
		Schema     string      `json:"schema"`
		Type       string      `json:"schemaType"`
		References []reference `json:"references"`
	}
	if err := a.body(&sent); err != nil {
		return storedSchema{}, err
	}
	if sent.Type == "" {
		sent.Type = "AVRO"
	}
	switch {
	case strings.TrimSpace(sent.Schema) == "":
		return storedSchema{}, refuse(42201, "Empty schema")
	case !slices.Contains(schemaTypes, sent.Type):
		return storedSchema{}, refuse(42201, "Invalid schema type %s", sent.Type)
	}
	return storedSchema{Type: sent.Type, Text: sent.Schema, References: sent.References}, nil
}

// judge asks the Checker about a candidate and versions of a subject. It is the
// subject's mode that says in which direction.
func (r *registry) judge(a asked, s *registryState, schema storedSchema, against []storedVersion) (mode string, reasons []string, err error) {
	mode = setting(s.Compatibility, a.subject)
	candidate, err := s.schema(schema, 0)
	if err != nil {
		return mode, nil, refuse(42201, "Invalid schema: %v", err)
	}
	var versions []Schema
	for _, v := range against {
		version, err := s.schema(s.Schemas[v.ID], v.Number)
		if err != nil {
			return mode, nil, err
		}
		versions = append(versions, version)
	}
	direction := strings.TrimSuffix(mode, "_TRANSITIVE")
	if direction == "NONE" {
		versions = nil
	}
	reasons, err = r.checker.CheckSchema(a.Context(), direction, candidate, versions)
	if err != nil {
		return mode, nil, refuse(42201, "Invalid schema: %v", err)
	}
	return mode, reasons, nil
}

// concerned are the versions that a new one must get on with: with a transitive
// mode all that aren't deleted, else the latest.
func (s *registryState) concerned(subject string) []storedVersion {
	versions := s.Subjects[subject].live()
	if len(versions) > 1 && !strings.HasSuffix(setting(s.Compatibility, subject), "_TRANSITIVE") {
		return versions[len(versions)-1:]
	}
	return versions
}

func (r *registry) register(a asked) (any, error) {
	schema, err := a.candidate()
	if err != nil {
		return nil, err
	}
	var done struct {
		ID      int `json:"id"`
		Version int `json:"version"`
	}
	return &done, r.change(func(s *registryState) error {
		if v, known := s.find(a.subject, schema, false); known {
			done.ID, done.Version = v.ID, v.Number
			return nil
		}
		if mode := setting(s.Mode, a.subject); mode != "READWRITE" {
			return refuse(42205, "Subject %s is in %s mode", a.subject, mode)
		}
		mode, reasons, err := r.judge(a, s, schema, s.concerned(a.subject))
		if err != nil {
			return err
		}
		if len(reasons) > 0 {
			return refuse(409, "Schema being registered is incompatible with an earlier schema for subject \"%s\", details: [%s], compatibility: '%s'",
				a.subject, strings.Join(reasons, ", "), mode)
		}
		subject := s.Subjects[a.subject]
		if subject == nil {
			subject = &storedSubject{}
			s.Subjects[a.subject] = subject
		}
		subject.Last++
		done.ID, done.Version = s.idOf(schema), subject.Last
		subject.Versions = append(subject.Versions, storedVersion{Number: done.Version, ID: done.ID})
		return nil
	})
}

// lookUp tells under which version a subject has a schema.
func (r *registry) lookUp(a asked) (any, error) {
	schema, err := a.candidate()
	if err != nil {
		return nil, err
	}
	var shown shownSchema
	return &shown, r.look(func(s *registryState) error {
		if subject := s.Subjects[a.subject]; subject == nil || !slices.ContainsFunc(subject.Versions, a.counts) {
			return noSubject(a.subject)
		}
		v, known := s.find(a.subject, schema, a.deleted)
		if !known {
			return refuse(40403, "Schema not found")
		}
		shown = s.showVersion(a.subject, v)
		return nil
	})
}

// checkOne answers for one version, checkAll for those that the mode concerns.
func (r *registry) checkOne(a asked) (any, error) {
	return r.check(a, func(s *registryState) ([]storedVersion, error) {
		v, err := s.pick(a)
		return []storedVersion{v}, err
	})
}

func (r *registry) checkAll(a asked) (any, error) {
	return r.check(a, func(s *registryState) ([]storedVersion, error) { return s.concerned(a.subject), nil })
}

func (r *registry) check(a asked, against func(*registryState) ([]storedVersion, error)) (any, error) {
	schema, err := a.candidate()
	if err != nil {
		return nil, err
	}
	answer := map[string]any{}
	return answer, r.look(func(s *registryState) error {
		versions, err := against(s)
		if err != nil {
			return err
		}
		_, reasons, err := r.judge(a, s, schema, versions)
		answer["is_compatible"] = len(reasons) == 0
		if a.URL.Query().Get("verbose") == "true" {
			answer["messages"] = append([]string{}, reasons...)
		}
		return err
	})
}
