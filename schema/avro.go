package schema

import (
	"errors"
	"fmt"
	"strings"

	"github.com/evtctl/evtctl/schema/avro"
)

// avroLanguage is schema/avro for the front door.
type avroLanguage struct{}

// avroSchema is an Avro schema that was read.
type avroSchema struct{ *avro.Schema }

func (s avroSchema) RecordName() string { return s.Name() }

func (s avroSchema) Remarks() []string {
	var list []string
	for _, w := range s.Warnings() {
		at := fmt.Sprintf("line %d, column %d", w.Line, w.Column)
		if w.File != "" {
			at = w.File + ", " + at
		}
		list = append(list, fmt.Sprintf("%s: %s; registries take it, Java's default parser doesn't", at, w.Reason))
	}
	return list
}

func (avroLanguage) Format() Format      { return Avro }
func (avroLanguage) Rules() string       { return "Apache Avro for Java 1.12.1" }
func (avroLanguage) Authoritative() bool { return true }

func (avroLanguage) Parse(text []byte, refs []Source) (Parsed, error) {
	list := make([]avro.Reference, len(refs))
	for i, ref := range refs {
		list[i] = avro.Reference{Name: ref.Path, Source: ref.Text}
	}
	s, err := avro.Parse(text, list...)
	if err != nil {
		return nil, avroError(err)
	}
	return avroSchema{s}, nil
}

func (avroLanguage) Names(src Source) (defines, needs []string, err error) {
	defines, needs, err = avro.Names(src.Text)
	if src.Name != "" {
		defines = append(defines, src.Name)
	}
	return defines, needs, avroError(err)
}

func avroError(err error) error {
	var syntax *avro.SyntaxError
	if errors.As(err, &syntax) {
		return &SyntaxError{syntax.File, syntax.Line, syntax.Column, err}
	}
	return err
}

func (avroLanguage) Check(reader, writer Parsed) ([]Finding, error) {
	problems, err := avro.Check(reader.(avroSchema).Schema, writer.(avroSchema).Schema)
	if err != nil {
		return nil, err
	}
	findings := make([]Finding, len(problems))
	for i, p := range problems {
		findings[i] = Finding{
			Rule: string(p.Rule), Path: p.Path, Field: p.Field, Detail: p.Detail(),
			Reader: avroPart(p.Reader), Writer: avroPart(p.Writer),
			MendReader: mendAvroReader(p), MendWriter: mendAvroWriter(p),
		}
		findings[i].Reader.Text, findings[i].Writer.Text = avroParts(p)
	}
	return findings, nil
}

func (avroLanguage) Diff(from, to Parsed) ([]Change, error) {
	changes, err := avro.Diff(from.(avroSchema).Schema, to.(avroSchema).Schema)
	if err != nil {
		return nil, err
	}
	list := make([]Change, len(changes))
	for i, c := range changes {
		list[i] = Change{
			Kind: string(c.Kind), Field: c.Field, Text: c.Text(), From: c.From, To: c.To,
			Line: c.New.Line, Column: c.New.Column,
		}
	}
	return list, nil
}

func avroPart(p avro.Place) Part {
	return Part{Text: p.Text, File: p.File, Line: p.Line, Column: p.Column}
}

// avroParts describes the two sides so that they can be told apart.
func avroParts(p avro.Problem) (reader, writer string) {
	reader, writer = p.Reader.Text, p.Writer.Text
	switch p.Rule {
	case avro.ReaderFieldMissingDefaultValue:
		writer = "no such field"
	case avro.MissingEnumSymbols:
		symbols := strings.Join(p.Symbols, ", ")
		reader, writer = reader+" without "+symbols, writer+" with "+symbols
	}
	return reader, writer
}

// mendAvroReader is the way out where the reader has the new schema.
func mendAvroReader(p avro.Problem) string {
	field := fieldName(p.Field)
	switch p.Rule {
	case avro.ReaderFieldMissingDefaultValue:
		text := fmt.Sprintf("give %s a default", field)
		if len(p.Aliases) > 0 {
			text += fmt.Sprintf(", or, if it is a renamed field, the old name as an alias: \"aliases\": [%s]", quotedList(p.Aliases[:1]))
		}
		return text
	case avro.NameMismatch:
		if len(p.Aliases) > 0 {
			return fmt.Sprintf("keep the name %s, or give the type the old name as an alias: \"aliases\": [%s]", p.Writer.Name, quotedList(p.Aliases))
		}
		return fmt.Sprintf("keep the name %s", p.Writer.Name)
	case avro.MissingEnumSymbols:
		text := fmt.Sprintf("keep %s in the enum", strings.Join(p.Symbols, ", "))
		if p.DefaultMends {
			text += ", or give the enum a default for symbols it doesn't know"
		}
		return text
	case avro.FixedSizeMismatch:
		return fmt.Sprintf("keep the size of %d bytes, or put the new size under a new name", p.Writer.Size)
	case avro.AmbiguousAlias:
		return "leave the alias out, or give it to one field only"
	case avro.MissingUnionBranch:
		return fmt.Sprintf("keep %s among the types of %s", p.Writer.Text, field)
	}
	if wider := promotions[p.Writer.Kind]; wider != "" {
		return fmt.Sprintf("keep %s as the type of %s, or widen it to %s", p.Writer.Text, field, wider)
	}
	return fmt.Sprintf("keep %s as the type of %s, or make it a union that has it", p.Writer.Text, field)
}

// mendAvroWriter is the way out where the writer has the new schema: readers are
// out there already and can't be changed.
func mendAvroWriter(p avro.Problem) string {
	field := fieldName(p.Field)
	switch p.Rule {
	case avro.ReaderFieldMissingDefaultValue:
		return fmt.Sprintf("keep %s; to remove it, first release a version in which it has a default", field)
	case avro.NameMismatch:
		return fmt.Sprintf("keep the name %s: an alias would be needed in the readers' schema", p.Reader.Name)
	case avro.MissingEnumSymbols:
		return fmt.Sprintf("don't write %s yet: first release a version whose enum has a default", strings.Join(p.Symbols, ", "))
	case avro.FixedSizeMismatch:
		return fmt.Sprintf("keep the size of %d bytes, or put the new size into a new field", p.Reader.Size)
	case avro.AmbiguousAlias:
		return "don't write fields under both names"
	case avro.MissingUnionBranch:
		return fmt.Sprintf("write only what is among the readers' types of %s: %s; or put the new type into a new field", field, p.Reader.Text)
	}
	return fmt.Sprintf("keep %s as the type of %s, or put the new type into a new field", p.Reader.Text, field)
}

// promotions are the types that can read another one.
var promotions = map[string]string{
	"int": "long, float or double", "long": "float or double", "float": "double", "string": "bytes", "bytes": "string",
}

func fieldName(field string) string {
	if field == "" {
		return "the schema"
	}
	return fmt.Sprintf("field %q", field)
}

func quotedList(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = fmt.Sprintf("%q", word)
	}
	return strings.Join(quoted, ", ")
}
