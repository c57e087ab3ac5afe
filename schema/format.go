package schema

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Format is a schema language.
type Format string

const (
	Avro     Format = "avro"
	JSON     Format = "json" // JSON Schema
	Protobuf Format = "protobuf"
)

// ParseFormat reads a format's name, in any case and as registries write it too.
func ParseFormat(name string) (Format, error) {
	for _, f := range []Format{Avro, JSON, Protobuf} {
		if strings.EqualFold(name, string(f)) {
			return f, nil
		}
	}
	return "", asked(fmt.Errorf("format %q is none of avro, json and protobuf", name), "such as avro")
}

// extensions are the endings of the names of schema files.
var extensions = map[string]Format{".avsc": Avro, ".json": JSON, ".proto": Protobuf}

// formatOf tells a file's format from its name; empty when it isn't a schema's.
func formatOf(path string) Format { return extensions[strings.ToLower(filepath.Ext(path))] }

// words is the format as it is written in a sentence.
func (f Format) words() string {
	return map[Format]string{Avro: "Avro", JSON: "JSON Schema", Protobuf: "Protobuf"}[f]
}

// Source is the text of a schema that others may refer to.
type Source struct {
	// Name is what it is referred to by, as registries have it: for Protobuf the path
	// of an import, for JSON Schema a URL, for Avro a type's full name. It may be
	// empty for a file: what it defines is then told from its path and text.
	Name string
	// Path is what people are told: a file's path, or a subject and version.
	Path string
	Text []byte
}

// Reference is a schema's mention of a registered one.
type Reference struct {
	Name    string `json:"name"`
	Subject string `json:"subject"`
	Version int    `json:"version"` // from 1
}
