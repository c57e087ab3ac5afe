package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Candidate is a schema that is to be a subject's next version.
type Candidate struct {
	Path    string // its file, for people
	Place   string // from the folder that it was found in, or the file's name
	Subject string
	Format  Format
	Text    []byte
	Mode    Mode // from a mapping; empty: the request's, or else the baseline's
}

// LoadRequest says where candidates are and how their subjects are found.
type LoadRequest struct {
	// Paths are files and folders. Folders are searched to the bottom for .avsc and
	// .proto files, and .json files that are schemas; hidden ones are left out.
	Paths []string
	// Subject is the one candidate's; empty: as Mapping says, or else Names.
	Subject string
	Mapping *Mapping // nil: none
	Names   SubjectNames
	Format  Format // of files whose names don't say; empty: that is an error
	// Refs are files and folders that candidates may refer to and that aren't
	// candidates. Candidates may refer to each other without that.
	Refs []string
}

// Loaded is what was found.
type Loaded struct {
	Candidates []Candidate // sorted by path and subject
	Available  *Pool       // what they may refer to
	// Notes say which files of the folders aren't candidates, and why.
	Notes []string
}

// Load reads candidates. That there are none, that two are for one subject, or that
// a mapping doesn't know a file, is a *[RequestError]. With a mapping, files in
// folders that it doesn't name are taken for what others refer to.
func Load(req LoadRequest) (*Loaded, error) {
	if req.Mapping != nil {
		if err := req.Mapping.there(); err != nil {
			return nil, err
		}
		if len(req.Paths) == 0 {
			req.Paths = req.Mapping.paths()
		}
	}
	files, unmarked, err := findFiles(req.Paths, req.Format)
	if err != nil {
		return nil, err
	}
	refs, more, err := findFiles(req.Refs, req.Format)
	if err != nil {
		return nil, err
	}
	// What isn't marked as a schema may be referred to all the same.
	loaded := &Loaded{Available: poolOf(slices.Concat(files, refs, unmarked, more))}
	if loaded.Candidates, err = req.candidates(files, loaded.Available); err != nil {
		return nil, err
	}
	loaded.note("left out, as JSON without a \"$schema\"", unmarked)
	if req.Mapping != nil {
		loaded.note("in no mapping, and taken for what others refer to", slices.DeleteFunc(slices.Clone(files), loaded.has))
	}
	return loaded, nil
}

// has tells whether a file is a candidate.
func (l *Loaded) has(f schemaFile) bool {
	return slices.ContainsFunc(l.Candidates, func(c Candidate) bool { return c.Path == f.path })
}

// note names a few of the files that something is true of.
func (l *Loaded) note(what string, files []schemaFile) {
	const few = 3
	if len(files) == 0 {
		return
	}
	var names []string
	for _, f := range files[:min(few, len(files))] {
		names = append(names, f.path)
	}
	list := strings.Join(names, ", ")
	if len(files) > few {
		list += fmt.Sprintf(" and %d more", len(files)-few)
	}
	l.Notes = append(l.Notes, fmt.Sprintf("%s: %s", what, list))
}

// poolOf makes a pool of files, each once.
func poolOf(files []schemaFile) *Pool {
	var sources []Source
	seen := map[string]bool{}
	for _, f := range files {
		if !seen[f.absolute] {
			seen[f.absolute] = true
			sources = append(sources, Source{Path: f.path, Text: f.text})
		}
	}
	return NewPool(sources)
}

// schemaFile is a file that was found.
type schemaFile struct {
	path, place string
	absolute    string
	format      Format // empty: unknown
	text        []byte
	named       bool // by the user, not found in a folder
}

// findFiles reads files, and those in folders, each once. JSON in folders that isn't
// marked as a schema comes apart from the others.
func findFiles(paths []string, format Format) (list, unmarked []schemaFile, err error) {
	seen := map[string]bool{}
	add := func(f schemaFile) (err error) {
		if f.absolute, err = filepath.Abs(f.path); err != nil || seen[f.absolute] {
			return err
		}
		seen[f.absolute] = true
		if f.text, err = readFile(f.path); err != nil {
			return err
		}
		if f.format = formatOf(f.path); f.format == "" || f.named && format != "" {
			f.format = format
		}
		if f.named || f.format != JSON || isJSONSchema(f.path, f.text) {
			list = append(list, f)
		} else {
			unmarked = append(unmarked, f)
		}
		return nil
	}
	for _, path := range paths {
		folder, err := isDir(path)
		if err != nil {
			return nil, nil, err
		}
		if !folder {
			if err := add(schemaFile{path: path, place: filepath.Base(path), named: true}); err != nil {
				return nil, nil, err
			}
			continue
		}
		within, err := schemaFiles(path)
		if err != nil {
			return nil, nil, err
		}
		for _, file := range within {
			place, err := filepath.Rel(path, file)
			if err == nil {
				err = add(schemaFile{path: file, place: place})
			}
			if err != nil {
				return nil, nil, err
			}
		}
	}
	slices.SortFunc(list, func(a, b schemaFile) int { return strings.Compare(a.path, b.path) })
	return list, unmarked, nil
}

// isJSONSchema tells a schema in a folder from other JSON files. One that is broken and
// speaks of a schema is taken for one: what can't be read isn't fine.
func isJSONSchema(path string, text []byte) bool {
	if strings.HasSuffix(strings.ToLower(path), ".schema.json") {
		return true
	}
	var head struct {
		Schema string `json:"$schema"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return bytes.Contains(text, []byte(`"$schema"`))
	}
	return strings.Contains(head.Schema, "json-schema.org")
}

// candidates names the subjects of files.
func (r LoadRequest) candidates(files []schemaFile, available *Pool) ([]Candidate, error) {
	var list []Candidate
	of := map[string]string{}
	for _, f := range files {
		named, err := r.subjects(f, len(files), available)
		if err != nil {
			return nil, err
		}
		for _, c := range named {
			if other, twice := of[c.Subject]; twice {
				return nil, askedf("give each its own subject with --subject-from FILE, or another --naming",
					"subject %q: both %s and %s are for it", c.Subject, other, c.Path)
			}
			of[c.Subject] = c.Path
			list = append(list, c)
		}
	}
	if len(list) == 0 {
		return nil, askedf("schema files end in .avsc, .proto or .json, those of JSON Schema with a \"$schema\" in them",
			"schemas in %s: there are none", strings.Join(r.Paths, ", "))
	}
	return list, nil
}

// subjects makes a file the candidate of each of its subjects.
func (r LoadRequest) subjects(f schemaFile, of int, available *Pool) ([]Candidate, error) {
	c := Candidate{Path: f.path, Place: f.place, Format: f.format, Text: f.text}
	if c.Format == "" {
		return nil, askedf("say it with --format avro, json or protobuf", "format of %s: its name doesn't tell", f.path)
	}
	switch {
	case r.Subject != "" && of > 1:
		return nil, askedf("check one file, or name their subjects with --subject-from FILE", "subject %q for %d files", r.Subject, of)
	case r.Subject != "":
		c.Subject = r.Subject
		return []Candidate{c}, nil
	case r.Mapping != nil:
		return r.mapped(c, f)
	}
	subject, err := r.Names.Subject(f.path, func() (string, error) { return recordName(c, available) })
	c.Subject = subject
	return []Candidate{c}, err
}

func (r LoadRequest) mapped(c Candidate, f schemaFile) ([]Candidate, error) {
	var list []Candidate
	for _, subject := range r.Mapping.subjectsOf(f.absolute) {
		c.Subject, c.Mode = subject, r.Mapping.Subjects[subject].Mode
		list = append(list, c)
	}
	if len(list) == 0 && f.named {
		return nil, askedf("add it there, or give its folder to --refs if others only refer to it",
			"subject of %s: the mapping file %s doesn't have it", f.path, r.Mapping.Path)
	}
	return list, nil
}

// recordName reads the name of a schema's type.
func recordName(c Candidate, available *Pool) (string, error) {
	language, err := LanguageOf(c.Format)
	if err != nil {
		return "", err
	}
	parsed, err := parsePicking(language, c.Path, c.Text, available)
	if err != nil {
		return "", err
	}
	return parsed.RecordName(), nil
}
