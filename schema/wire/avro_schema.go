package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// avroType is what of an Avro schema matters for data. Of what only readers with
// other schemas need there is whether a default is there, not what it is, so that
// no fault in it keeps data from being decoded.
type avroType struct {
	kind string // "record", "union", "int" and so on
	// name is the full name of a record, enum or fixed; alias stands for it in the
	// schema that the library gets, where every name is plain and there are no
	// namespaces.
	name, alias string
	former      []string // full names that a reader's type also stands for
	fallback    *string  // what a reader makes of symbols that its enum lacks

	fields   []avroField
	symbols  []string
	size     int       // of a fixed
	items    *avroType // of an array or map
	branches []*avroType
	tagged   bool // values of this union name their branch

	logical   string // a logical type that fits the type, else empty
	precision int
	scale     int
}

type avroField struct {
	name       string
	is         *avroType
	former     []string // names that a reader's field also stands for
	hasDefault bool
}

// maxAvroSchemaDepth is how deep types nest in a schema.
const maxAvroSchemaDepth = 500

// avroReader makes types out of schemas. It is as lenient as Java and more: what
// a registry has accepted is to be decoded.
type avroReader struct {
	named   map[string]*avroType
	aliases map[string]bool
	pending []pendingType
	unions  []*avroType
	depth   int
}

// pendingType is a name that was used before its type was defined.
type pendingType struct {
	at          *avroType // to be filled in
	name, space string
}

// readAvro reads a schema and those it refers to.
func readAvro(s *Schema) (*avroType, error) {
	r := &avroReader{named: map[string]*avroType{}, aliases: map[string]bool{}}
	for _, ref := range s.References {
		if _, err := r.readText(ref.Text); err != nil {
			return nil, fmt.Errorf("reference %s: %w", ref.Name, err)
		}
	}
	root, err := r.readText(s.Text)
	if err != nil {
		return nil, err
	}
	for _, p := range r.pending {
		found := r.find(p.name, p.space)
		if found == nil {
			return nil, fmt.Errorf("parsing Avro schema: the type %q is nowhere defined", p.name)
		}
		*p.at = *found
	}
	for _, union := range r.unions {
		union.tagged = ambiguous(union.branches)
	}
	return root, nil
}

func (r *avroReader) readText(text string) (*avroType, error) {
	dec := json.NewDecoder(bytes.NewReader(withoutComments([]byte(text))))
	dec.UseNumber()
	var schema any
	if err := dec.Decode(&schema); err != nil {
		return nil, fmt.Errorf("parsing Avro schema: %w", err)
	}
	t, err := r.read(schema, "")
	if err != nil {
		return nil, fmt.Errorf("parsing Avro schema: %w", err)
	}
	return t, nil
}

func (r *avroReader) read(schema any, space string) (*avroType, error) {
	if r.depth++; r.depth > maxAvroSchemaDepth {
		return nil, fmt.Errorf("nested deeper than %d levels", maxAvroSchemaDepth)
	}
	defer func() { r.depth-- }()
	switch schema := schema.(type) {
	case string:
		return r.readName(schema, space), nil
	case []any:
		return r.readUnion(schema, space)
	case map[string]any:
		return r.readObject(schema, space)
	}
	return nil, fmt.Errorf("a type is a name, an object or an array, and not %v", schema)
}

func isPrimitive(name string) bool {
	switch name {
	case "null", "boolean", "int", "long", "float", "double", "bytes", "string":
		return true
	}
	return false
}

// readName reads the name of a type. What isn't known yet may be defined further on.
func (r *avroReader) readName(name, space string) *avroType {
	if isPrimitive(name) {
		return &avroType{kind: name}
	}
	if found := r.find(name, space); found != nil {
		return found
	}
	t := &avroType{}
	r.pending = append(r.pending, pendingType{t, name, space})
	return t
}

// find looks a name up in a namespace first, then as it is written.
func (r *avroReader) find(name, space string) *avroType {
	if space != "" && !strings.Contains(name, ".") {
		if found := r.named[space+"."+name]; found != nil {
			return found
		}
	}
	return r.named[strings.TrimPrefix(name, ".")]
}

func (r *avroReader) readUnion(branches []any, space string) (*avroType, error) {
	union := &avroType{kind: "union"}
	for _, branch := range branches {
		t, err := r.read(branch, space)
		if err != nil {
			return nil, err
		}
		if t.kind == "union" {
			return nil, fmt.Errorf("a union in a union")
		}
		union.branches = append(union.branches, t)
	}
	r.unions = append(r.unions, union)
	return union, nil
}

func (r *avroReader) readObject(schema map[string]any, space string) (*avroType, error) {
	kind, ok := schema["type"].(string)
	if !ok { // {"type": {"type": …}}
		inner, ok := schema["type"]
		if !ok {
			return nil, fmt.Errorf("an object without a type")
		}
		return r.read(inner, space)
	}
	switch kind {
	case "record", "error", "enum", "fixed":
		return r.readNamed(schema, kind, space)
	case "array", "map":
		items, err := r.read(schema[map[string]string{"array": "items", "map": "values"}[kind]], space)
		return &avroType{kind: kind, items: items}, err
	}
	t := r.readName(kind, space)
	if isPrimitive(kind) {
		t.readLogical(schema)
	}
	return t, nil
}

func (r *avroReader) readNamed(schema map[string]any, kind, space string) (*avroType, error) {
	name, _ := schema["name"].(string)
	if name == "" {
		return nil, fmt.Errorf("this %s has no name", kind)
	}
	if own, ok := schema["namespace"].(string); ok {
		space = own
	}
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		space, name = name[:i], name[i+1:]
	}
	full := name
	if space != "" {
		full = space + "." + name
	}
	t := &avroType{kind: kind, name: full, alias: r.alias(full), former: texts(schema["aliases"])}
	for i, other := range t.former {
		if space != "" && !strings.Contains(other, ".") {
			other = space + "." + other
		}
		t.former[i] = strings.TrimPrefix(other, ".") // ".A" is A in no namespace
	}
	if r.named[full] == nil { // a definition that is repeated is the same
		r.named[full] = t
	}
	return t, r.readDefinition(t, schema, space)
}

func (r *avroReader) readDefinition(t *avroType, schema map[string]any, space string) error {
	switch t.kind {
	case "enum":
		symbols, _ := schema["symbols"].([]any)
		t.symbols = []string{} // an enum may have none
		for _, symbol := range symbols {
			t.symbols = append(t.symbols, fmt.Sprint(symbol))
		}
		if fallback, ok := schema["default"].(string); ok {
			t.fallback = &fallback
		}
	case "fixed":
		size, err := strconv.Atoi(fmt.Sprint(schema["size"]))
		if err != nil || size < 0 {
			return fmt.Errorf("the fixed %s has no size", t.name)
		}
		t.size = size
		t.readLogical(schema)
	default:
		t.kind = "record"
		return r.readFields(t, schema, space)
	}
	return nil
}

func (r *avroReader) readFields(t *avroType, schema map[string]any, space string) error {
	fields, _ := schema["fields"].([]any)
	seen := map[string]bool{}
	for _, f := range fields {
		field, _ := f.(map[string]any)
		name, _ := field["name"].(string)
		if name == "" || seen[name] {
			return fmt.Errorf("record %s: a field without a name, or a name twice", t.name)
		}
		seen[name] = true
		is, err := r.read(field["type"], space)
		if err != nil {
			return fmt.Errorf("%s.%s: %w", t.name, name, err)
		}
		_, hasDefault := field["default"]
		t.fields = append(t.fields, avroField{name, is, texts(field["aliases"]), hasDefault})
	}
	return nil
}

// texts are the strings of an array; what is something else is left out.
func texts(v any) []string {
	list, _ := v.([]any)
	var out []string
	for _, v := range list {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// alias is a name that any parser accepts and that no other type has.
func (r *avroReader) alias(full string) string {
	plain := strings.Map(func(c rune) rune {
		if c < unicode.MaxASCII && (unicode.IsLetter(c) || unicode.IsDigit(c)) {
			return c
		}
		return '_'
	}, full)
	alias := "T_" + plain
	for n := 2; r.aliases[alias]; n++ {
		alias = fmt.Sprintf("T_%s_%d", plain, n)
	}
	r.aliases[alias] = true
	return alias
}

// withoutComments puts blanks in place of comments, which Java's parser allows.
func withoutComments(text []byte) []byte {
	out := bytes.Clone(text)
	for i := 0; i < len(out); i++ {
		end := i
		switch {
		case out[i] == '"':
			for i++; i < len(out) && out[i] != '"'; i++ {
				if out[i] == '\\' {
					i++
				}
			}
			continue
		case bytes.HasPrefix(out[i:], []byte("//")):
			end = i + max(bytes.IndexByte(append(out[i:len(out):len(out)], '\n'), '\n'), 0)
		case bytes.HasPrefix(out[i:], []byte("/*")):
			end = len(out)
			if n := bytes.Index(out[i+2:], []byte("*/")); n >= 0 {
				end = i + 2 + n + 2
			}
		}
		for ; i < end; i++ {
			out[i] = ' '
		}
	}
	return out
}
