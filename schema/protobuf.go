package schema

import (
	"errors"
	"regexp"

	"github.com/evtctl/evtctl/schema/protobuf"
)

// protobufLanguage is schema/protobuf for the front door.
type protobufLanguage struct{}

// protobufSchema is a Protobuf schema that was read.
type protobufSchema struct {
	*protobuf.Schema
	files map[string]string // from an import's path to the file's
}

// RecordName is the first message's, as for Confluent's strategies.
func (s protobufSchema) RecordName() string {
	if messages := s.File().Messages(); messages.Len() > 0 {
		return string(messages.Get(0).FullName())
	}
	return ""
}

func (s protobufSchema) Remarks() []string { return nil }

func (protobufLanguage) Format() Format      { return Protobuf }
func (protobufLanguage) Rules() string       { return protobuf.RuleSource }
func (protobufLanguage) Authoritative() bool { return false }

func (protobufLanguage) Parse(text []byte, refs []Source) (Parsed, error) {
	list := make([]protobuf.Reference, len(refs))
	for i, ref := range refs {
		list[i] = protobuf.Reference{Name: ref.Name, Source: ref.Text}
	}
	files := pathsOf(refs)
	s, err := protobuf.Parse(text, list...)
	var syntax *protobuf.SyntaxError
	if errors.As(err, &syntax) {
		return nil, &SyntaxError{files[syntax.File], syntax.Line, syntax.Column, err}
	}
	if err != nil {
		return nil, err
	}
	return protobufSchema{s, files}, nil
}

// importStatement finds imports. One in a comment only makes a file be offered that
// nothing needs.
var importStatement = regexp.MustCompile(`(?m)\bimport\s+(?:public\s+|weak\s+)?["']([^"'\n]+)["']\s*;`)

// Names takes each end of a file's path for its names.
func (protobufLanguage) Names(src Source) (defines, needs []string, err error) {
	defines = pathNames(src.Path)
	if src.Name != "" {
		defines = append(defines, src.Name)
	}
	if len(src.Text) > protobuf.MaxSize {
		return defines, nil, nil // Parse refuses it
	}
	for _, found := range importStatement.FindAllSubmatch(src.Text, -1) {
		needs = append(needs, string(found[1]))
	}
	return defines, needs, nil
}

func (protobufLanguage) Check(reader, writer Parsed) ([]Finding, error) {
	r, w := reader.(protobufSchema), writer.(protobufSchema)
	problems := protobuf.Check(r.Schema, w.Schema)
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
