package schema

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/evtctl/evtctl/schema/jsonschema"
)

// jsonLanguage is schema/jsonschema for the front door.
type jsonLanguage struct{}

// jsonSchema is a JSON Schema that was read.
type jsonSchema struct {
	*jsonschema.Schema
	title string
	text  []byte
	files map[string]string // from a reference's name to its path
}

// RecordName is the title, as for Confluent's strategies.
func (s jsonSchema) RecordName() string { return s.title }
func (s jsonSchema) Remarks() []string  { return nil }

func (jsonLanguage) Format() Format      { return JSON }
func (jsonLanguage) Rules() string       { return jsonschema.RuleSource }
func (jsonLanguage) Authoritative() bool { return false }

func (jsonLanguage) Parse(text []byte, refs []Source) (Parsed, error) {
	list := make([]jsonschema.Reference, len(refs))
	for i, ref := range refs {
		list[i] = jsonschema.Reference{Name: ref.Name, Source: ref.Text}
	}
	files := pathsOf(refs)
	s, err := jsonschema.Parse(text, list...)
	var syntax *jsonschema.SyntaxError
	if errors.As(err, &syntax) {
		return nil, &SyntaxError{files[syntax.File], syntax.Line, syntax.Column, err}
	}
	if err != nil {
		return nil, err
	}
	var head struct {
		Title string `json:"title"`
	}
	_ = json.Unmarshal(text, &head) // true and false are schemas, too, and have no title
	return jsonSchema{s, head.Title, text, files}, nil
}

// Names takes a file's $id and each end of its path for its names. What can't be
// read has none: Parse says why, and where.
func (jsonLanguage) Names(src Source) (defines, needs []string, err error) {
	defines = pathNames(src.Path)
	if src.Name != "" {
		defines = append(defines, src.Name)
	}
	var document any
	if len(src.Text) > jsonschema.MaxSize || json.Unmarshal(src.Text, &document) != nil {
		return defines, nil, nil
	}
	own := ""
	if object, ok := document.(map[string]any); ok {
		if id, ok := object["$id"].(string); ok {
			own, _, _ = strings.Cut(id, "#")
			defines = append(defines, own)
		}
	}
	seen := map[string]bool{"": true, own: true}
	eachRef(document, func(ref string) {
		name, _, _ := strings.Cut(ref, "#")
		if !seen[name] {
			seen[name] = true
			needs = append(needs, name)
		}
	})
	return defines, needs, nil
}

// eachRef visits every $ref, in no certain order.
func eachRef(v any, visit func(string)) {
	switch v := v.(type) {
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok {
			visit(ref)
		}
		for _, inner := range v {
			eachRef(inner, visit)
		}
	case []any:
		for _, inner := range v {
			eachRef(inner, visit)
		}
	}
}

func (jsonLanguage) Check(reader, writer Parsed) ([]Finding, error) {
	r, w := reader.(jsonSchema), writer.(jsonSchema)
	problems, err := jsonschema.Check(r.Schema, w.Schema)
	if err != nil {
		return nil, err
	}
	findings := make([]Finding, len(problems))
	for i, p := range problems {
		findings[i] = Finding{
			Rule: string(p.Rule), Path: p.Path, Field: p.Field, Detail: p.Detail(),
			Reader:     Part{p.Reader.Text, r.files[p.Reader.File], p.Reader.Line, p.Reader.Column},
			Writer:     Part{p.Writer.Text, w.files[p.Writer.File], p.Writer.Line, p.Writer.Column},
			MendReader: p.Fix(), MendWriter: keepForReaders(p.Field),
		}
	}
	return findings, nil
}

// pathsOf maps references' names to their paths.
func pathsOf(refs []Source) map[string]string {
	files := map[string]string{}
	for _, ref := range refs {
		files[ref.Name] = ref.Path
	}
	return files
}

// keepForReaders is the way out where readers are out there already.
func keepForReaders(field string) string {
	if field == "" {
		return "keep what consumers rely on as it was, or put what is new into a new field"
	}
	return "keep " + fieldName(field) + " as consumers know it, or put what is new into a new field"
}
