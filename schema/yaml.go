package schema

import (
	"errors"
	"fmt"
	"os"

	"github.com/goccy/go-yaml"
)

// readYAML reads a file of the user's into a struct, strictly: unknown keys and keys
// that occur twice are errors, with line and column.
func readYAML(what, path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return asked(fmt.Errorf("%s %s: %w", what, path, reason(err)), "")
	}
	if err := yaml.UnmarshalWithOptions(text, into, yaml.Strict()); err != nil {
		return asked(fmt.Errorf("%s %s%w", what, path, inLine(err)), "")
	}
	return nil
}

// inLine puts an error of the YAML library, which draws a picture of the place,
// into one line.
func inLine(err error) error {
	var syntax yaml.Error
	if !errors.As(err, &syntax) {
		return fmt.Errorf(": %w", err)
	}
	if token := syntax.GetToken(); token != nil && token.Position != nil {
		return fmt.Errorf(":%d:%d: %s", token.Position.Line, token.Position.Column, syntax.GetMessage())
	}
	return fmt.Errorf(": %s", syntax.GetMessage())
}
