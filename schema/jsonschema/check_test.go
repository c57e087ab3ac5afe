package jsonschema_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema/jsonschema"
)

func parse(t testing.TB, text string, refs ...jsonschema.Reference) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.Parse([]byte(text), refs...)
	if err != nil {
		t.Fatalf("parsing %.1000s: %v", text, err)
	}
	return s
}

func check(t testing.TB, reader, writer *jsonschema.Schema) []jsonschema.Problem {
	t.Helper()
	problems, err := jsonschema.Check(reader, writer)
	if err != nil {
		t.Fatal(err)
	}
	return problems
}

func object(properties, more string) string {
	return `{"type":"object","properties":{` + properties + `}` + more + `}`
}

const closed = `,"additionalProperties":false`

func TestWhatIsIncompatible(t *testing.T) {
	for name, c := range map[string]struct{ writer, reader, want string }{
		"another type":                      {`{"type":"string"}`, `{"type":"number"}`, "type-changed /"},
		"an integer for a number":           {`{"type":"number"}`, `{"type":"integer"}`, "type-narrowed /"},
		"a maximum":                         {`{"type":"number"}`, `{"type":"number","maximum":1}`, "maximum-added /maximum"},
		"a lower maximum":                   {`{"maximum":1.10}`, `{"maximum":1.1e0}`, ""},
		"a maximum lower by little":         {`{"maximum":9007199254740993}`, `{"maximum":9007199254740992}`, "maximum-decreased /maximum"},
		"a higher minimum":                  {`{"minimum":1}`, `{"minimum":2}`, "minimum-increased /minimum"},
		"draft 4's exclusive limits":        {`{"$schema":"http://json-schema.org/draft-04/schema#","maximum":5,"exclusiveMaximum":true}`, `{"$schema":"http://json-schema.org/draft-04/schema#","maximum":4,"exclusiveMaximum":true}`, "exclusive-maximum-decreased /exclusiveMaximum"},
		"a longer minLength":                {`{"minLength":1}`, `{"minLength":2}`, "min-length-increased /minLength"},
		"a pattern":                         {`{"type":"string"}`, `{"type":"string","pattern":"x"}`, "pattern-added /pattern"},
		"another pattern":                   {`{"pattern":"y"}`, `{"pattern":"x"}`, "pattern-changed /pattern"},
		"a multiple of a fraction":          {`{"multipleOf":0.3}`, `{"multipleOf":0.1}`, ""},
		"a multiple of more":                {`{"multipleOf":2}`, `{"multipleOf":4}`, "multiple-of-expanded /multipleOf"},
		"a multiple of something else":      {`{"multipleOf":2}`, `{"multipleOf":3}`, "multiple-of-changed /multipleOf"},
		"a multiple":                        {`{"type":"number"}`, `{"type":"number","multipleOf":3}`, "multiple-of-added /multipleOf"},
		"fewer values":                      {`{"enum":["a","b",1]}`, `{"enum":["b",1.0]}`, "enum-array-narrowed /enum"},
		"other values":                      {`{"enum":["a"]}`, `{"enum":[{"b":[null]}]}`, "enum-array-changed /enum"},
		"another const":                     {`{"const":{"a":1,"b":2}}`, `{"const":{"b":2,"a":3}}`, "enum-array-changed /const"},
		"a const in another order":          {`{"const":{"a":1,"b":2}}`, `{"const":{"b":2,"a":1}}`, ""},
		"excluding more":                    {`{"not":{"type":"integer"}}`, `{"not":{"type":"number"}}`, "not-type-extended /not"},
		"excluding less":                    {`{"not":{"type":"number"}}`, `{"not":{"type":"integer"}}`, ""},
		"a required property":               {object(`"a":{}`, closed), object(`"a":{"type":"string"},"b":{"type":"string"}`, closed+`,"required":["b"]`), "type-changed /properties/a, required-property-added-to-unopen-content-model /properties/b"},
		"a required one with a default":     {object(`"a":{}`, closed), object(`"a":{},"b":{"default":1}`, closed+`,"required":["b"]`), ""},
		"a property of an open model":       {object(`"a":{}`, ""), object(`"a":{},"b":{"type":"string"}`, ""), "optional-property-added-to-open-content-model /properties/b"},
		"a required one of an open model":   {object(``, ""), object(`"b":{"type":"string"}`, `,"required":["b"]`), "required-property-added-to-open-content-model /properties/b"},
		"one with a default of an open one": {object(``, ""), object(`"b":{"type":"string","default":""}`, `,"required":["b"]`), "required-property-with-default-added-to-open-content-model /properties/b"},
		"a property that others may have":   {object(``, `,"additionalProperties":{"type":"string"}`), object(`"b":{"type":"integer"}`, `,"additionalProperties":{"type":"string"}`), "type-changed /properties/b, property-added-not-covered-by-partially-open-content-model /properties/b"},
		"a property under a pattern":        {object(``, `,"patternProperties":{"^b":{"type":"string"}}`+closed), object(`"b":{"type":"string"}`, `,"patternProperties":{"^b":{"type":"string"}}`+closed), ""},
		"a property gone":                   {object(`"a":{}`, closed), object(``, closed), "property-removed-from-closed-content-model /properties/a"},
		"a property gone to others":         {object(`"a":{"type":"string"}`, closed), object(``, `,"additionalProperties":{"type":"integer"}`), "type-changed /properties/a, property-removed-not-covered-by-partially-open-content-model /properties/a"},
		"a property now required":           {object(`"a":{}`, ""), object(`"a":{}`, `,"required":["a"]`), "required-attribute-added /required/a"},
		"no additional properties":          {object(``, ""), object(``, closed), "additional-properties-removed /additionalProperties"},
		"narrower additional properties":    {object(``, ""), object(``, `,"additionalProperties":{"type":"string"}`), "additional-properties-narrowed /additionalProperties"},
		"other additional properties":       {object(``, `,"additionalProperties":{"type":"integer"}`), object(``, `,"additionalProperties":{"type":"string"}`), "type-changed /additionalProperties"},
		"a dependency":                      {object(``, ""), object(``, `,"dependencies":{"a":["b"]}`), "dependency-array-added /dependencies/a"},
		"more of a dependency":              {object(``, `,"dependencies":{"a":["b"]}`), object(``, `,"dependencies":{"a":["b","c"]}`), "dependency-array-extended /dependencies/a"},
		"another dependency":                {object(``, `,"dependencies":{"a":["b"]}`), object(``, `,"dependencies":{"a":["c"]}`), "dependency-array-changed /dependencies/a"},
		"a dependency on a schema":          {object(``, ""), object(``, `,"dependencies":{"a":{}}`), "dependency-schema-added /dependencies/a"},
		"items":                             {`{"type":"array"}`, `{"type":"array","items":{"type":"string"}}`, "schema-added /items"},
		"other items":                       {`{"type":"array","items":{"type":"string"}}`, `{"type":"array","items":{"type":"integer"}}`, "type-changed /items"},
		"unique items":                      {`{"type":"array"}`, `{"type":"array","uniqueItems":true}`, "unique-items-added /uniqueItems"},
		"an item of an open model":          {`{"items":[{}]}`, `{"items":[{},{"type":"string"}]}`, "item-added-to-open-content-model /items/1"},
		"an item that others may be":        {`{"items":[{}],"additionalItems":{"type":"string"}}`, `{"items":[{},{"type":"integer"}],"additionalItems":{"type":"string"}}`, "type-changed /items/1, item-added-not-covered-by-partially-open-content-model /items/1"},
		"an item gone":                      {`{"items":[{},{}],"additionalItems":false}`, `{"items":[{}],"additionalItems":false}`, "item-removed-from-closed-content-model /items/1"},
		"an item gone to others":            {`{"items":[{},{"type":"integer"}],"additionalItems":false}`, `{"items":[{}],"additionalItems":{"type":"string"}}`, "type-changed /items/1, item-removed-not-covered-by-partially-open-content-model /items/1"},
		"no additional items":               {`{"items":[{}]}`, `{"items":[{}],"additionalItems":false}`, "additional-items-removed /additionalItems"},
		"draft 2020's items":                {`{"$schema":"https://json-schema.org/draft/2020-12/schema","prefixItems":[{}]}`, `{"$schema":"https://json-schema.org/draft/2020-12/schema","prefixItems":[{}],"items":false}`, "additional-items-removed /items"},
		"fewer kinds":                       {`{"oneOf":[{"type":"string"},{"type":"integer"}]}`, `{"oneOf":[{"type":"string"}]}`, "sum-type-narrowed /"},
		"fewer types":                       {`{"type":["string","null"]}`, `{"type":["string","integer"]}`, "combined-type-subschemas-changed /"},
		"more at once":                      {`{"allOf":[{"type":"object"}]}`, `{"allOf":[{"type":"object"},{"minProperties":1}]}`, "product-type-extended /"},
		"another combination":               {`{"anyOf":[{"type":"string"},{"type":"integer"}]}`, `{"oneOf":[{"type":"string"},{"type":"integer"}]}`, "combined-type-changed /"},
		"a wider combination":               {`{"oneOf":[{"type":"string"},{"type":"integer"}]}`, `{"anyOf":[{"type":"integer"},{"type":"number"},{"type":"string"}]}`, ""},
		"parts that must be matched apart":  {`{"anyOf":[{"type":"integer"},{"type":"number"}]}`, `{"anyOf":[{"type":"number"},{"type":"integer"}]}`, ""},
		"a string that must be in an enum":  {`{"type":"string"}`, `{"type":"string","enum":["a"]}`, "type-changed /"},
		"accepts anything":                  {`{"type":"string"}`, `{"title":"whatever"}`, ""},
		"accepted anything":                 {`true`, `{"type":"string"}`, "type-changed /"},
		"accepted nothing":                  {`false`, `{"type":"string"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, p := range check(t, parse(t, c.reader), parse(t, c.writer)) {
				got = append(got, fmt.Sprintf("%s %s", p.Rule, p.Path))
				if p.Detail() == "" || p.Reader.Line < 1 || p.Writer.Line < 1 {
					t.Errorf("%+v says too little", p)
				}
			}
			if got := strings.Join(got, ", "); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestAProblemSaysWhereAndWhat(t *testing.T) {
	writer := parse(t, object(`"customer":{"$ref":"#/definitions/Person"}`, `,"definitions":{"Person":`+object(`"homes":{"type":"array","items":{"maxLength":9}}`, "")+`}`))
	reader := parse(t, "{\"type\":\"object\",\n\"properties\":{\"customer\":{\"$ref\":\"person.json#/x\"}}}",
		jsonschema.Reference{Name: "person.json", Source: []byte("{\"x\":\n" + object(`"homes":{"type":"array","items":{"maxLength":5}}`, "") + "}")})
	problems := check(t, reader, writer)
	if len(problems) != 1 {
		t.Fatalf("got %+v", problems)
	}
	p := problems[0]
	if p.Path != "/properties/customer/properties/homes/items/maxLength" || p.Field != "customer.homes[]" || p.Rule != "max-length-decreased" {
		t.Errorf("got %+v", p)
	}
	if want := `property "customer.homes[]": maxLength is 5 for the reader and 9 for the writer`; p.Detail() != want || p.Fix() != "leave maxLength at 9" {
		t.Errorf("got %q and %q", p.Detail(), p.Fix())
	}
	wantReader := jsonschema.Place{File: "person.json", Pointer: "/x/properties/homes/items/maxLength", Line: 2, Column: 77, Text: "5"}
	if p.Reader != wantReader {
		t.Errorf("got %+v, want %+v", p.Reader, wantReader)
	}
	if p.Writer.Pointer != "/definitions/Person/properties/homes/items/maxLength" || p.Writer.File != "" {
		t.Errorf("got %+v", p.Writer)
	}
	if line, column := writer.Position(p.Path); line != p.Writer.Line || column != p.Writer.Column {
		t.Errorf("Position leads to %d:%d, and the place is %d:%d", line, column, p.Writer.Line, p.Writer.Column)
	}
	if line, _ := reader.Position(p.Path); line != 2 {
		t.Errorf("Position leads to line %d, and not to where the other file is referred to", line)
	}
}

func TestRecursiveSchemasAreCompared(t *testing.T) {
	tree := func(kind string) *jsonschema.Schema {
		return parse(t, object(`"v":{"type":"`+kind+`"},"next":{"$ref":"#"}`, ""))
	}
	if problems := check(t, tree("integer"), tree("integer")); len(problems) != 0 {
		t.Errorf("got %+v", problems)
	}
	if problems := check(t, tree("integer"), tree("string")); len(problems) != 1 || problems[0].Path != "/properties/v" {
		t.Errorf("got %+v", problems)
	}
	circle := parse(t, `{"$ref":"#/definitions/a","definitions":{"a":{"$ref":"#/definitions/b"},"b":{"$ref":"#/definitions/a"}}}`)
	if problems := check(t, circle, circle); len(problems) != 0 {
		t.Errorf("got %+v", problems)
	}
}

func TestComparisonsThatWouldTakeForeverEnd(t *testing.T) {
	// Each part is in the next one twice, so that there are 2^30 ways down.
	nested := func(kind string) *jsonschema.Schema {
		parts := []string{`"d0":{"type":"` + kind + `"}`}
		for i := range 30 {
			parts = append(parts, fmt.Sprintf(`"d%d":{"anyOf":[{"allOf":[{"$ref":"#/definitions/d%d"},{"minLength":1}]},{"oneOf":[{"$ref":"#/definitions/d%d"},{"maxLength":7}]}]}`, i+1, i, i))
		}
		return parse(t, `{"$ref":"#/definitions/d30","definitions":{`+strings.Join(parts, ",")+`}}`)
	}
	_, err := jsonschema.Check(nested("string"), nested("integer"))
	if !errors.Is(err, jsonschema.ErrTooComplex) {
		t.Errorf("got %v, want ErrTooComplex", err)
	}
}

func TestEverySchemaIsCompatibleWithItself(t *testing.T) {
	for _, c := range corpus(t) {
		if notParsed[c.Case] {
			continue
		}
		s := parse(t, c.Candidate)
		if problems := check(t, s, s); len(problems) != 0 {
			t.Errorf("%s: %+v", c.Candidate, problems)
		}
	}
}
