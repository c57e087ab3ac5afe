package schema_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema"
	"github.com/evtctl/evtctl/schema/registry"
)

func TestAnAddressIsReadFromItsEnd(t *testing.T) {
	dir := write(t, "order.avsc", v1, "orders:7", v1, "both", v1)
	t.Chdir(dir)
	for text, want := range map[string]schema.Address{
		"order.avsc":                   {File: "order.avsc"},
		"orders:7":                     {File: "orders:7"}, // a file that exists wins
		"subject:orders:7":             {Subject: "orders", Version: 7},
		"both":                         {File: "both"},
		"file:both":                    {File: "both"},
		"subject:both":                 {Subject: "both"},
		"orders":                       {Subject: "orders"},
		"orders@latest":                {Subject: "orders"},
		"orders:12":                    {Subject: "orders", Version: 12},
		"orders@12":                    {Subject: "orders", Version: 12},
		":.staging:orders":             {Subject: ":.staging:orders"},
		":.staging:orders:3":           {Subject: ":.staging:orders", Version: 3},
		":.staging:7":                  {Subject: ":.staging:7"}, // a subject of that name, not a version
		"a:b":                          {Subject: "a:b"},
		"a:1@latest":                   {Subject: "a:1"},
		"topic-com.example.Order":      {Subject: "topic-com.example.Order"},
		"nowhere/order.avsc":           {Subject: "nowhere/order.avsc"},
		"git:main:schemas/order.avsc":  {File: "schemas/order.avsc", Revision: "main"},
		"git:HEAD~2:a:b.avsc":          {File: "a:b.avsc", Revision: "HEAD~2"},
		"git:origin/main:./order.avsc": {File: "./order.avsc", Revision: "origin/main"},
	} {
		if got, err := schema.ParseAddress(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", text, got, err, want)
		}
	}
	for text, words := range map[string]string{
		"missing.avsc": "no such file", "file:missing": "no such file", "": "empty name", "subject:": "empty name",
		"orders:0": "there can't be one", "orders@-1": "there can't be one", "git:main": "git:REVISION:PATH", "git::x": "git:REVISION:PATH",
	} {
		_, err := schema.ParseAddress(text)
		wantAsked(t, err, words)
	}
}

func TestAReferenceNamesAVersion(t *testing.T) {
	for text, want := range map[string]schema.Reference{
		"com.example.Money=money-value:1":   {Name: "com.example.Money", Subject: "money-value", Version: 1},
		"money.proto=:.eu:money@12":         {Name: "money.proto", Subject: ":.eu:money", Version: 12},
		"https://example.com/m?v=1=money:2": {Name: "https://example.com/m?v=1", Subject: "money", Version: 2},
		"a=b=c:3":                           {Name: "a", Subject: "b=c", Version: 3},
	} {
		if got, err := schema.ParseReference(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "money:1", "=money:1", "Money=", "Money=money", "Money=money:latest", "Money=:1", "Money=money:0"} {
		_, err := schema.ParseReference(text)
		wantAsked(t, err, "NAME=SUBJECT:VERSION")
	}
}

func (f *fakeRegistry) Version(ctx context.Context, subject string, version int, which registry.Which) (*registry.Schema, error) {
	list, err := f.History(ctx, subject, which)
	if err != nil {
		return nil, err
	}
	for _, s := range list {
		if s.Version == version {
			s.Deleted = false // a registry doesn't say
			return &s, nil
		}
	}
	return nil, fmt.Errorf("version %d: %w", version, registry.ErrVersionNotFound)
}

func TestSidesOfAComparisonComeFromAnywhere(t *testing.T) {
	const (
		money    = `{"type": "record", "name": "Money", "fields": [{"name": "cents", "type": "long"}]}`
		invoice  = `{"type": "record", "name": "Invoice", "fields": [{"name": "sum", "type": "Money"}]}`
		invoice2 = `{"type": "record", "name": "Invoice", "fields": [{"name": "sum", "type": "Money"}, {"name": "note", "type": "string", "default": ""}]}`
	)
	r := &fakeRegistry{subjects: map[string][]registry.Schema{
		"money": {{Subject: "money", Version: 1, Type: "AVRO", Schema: money}},
		"invoices": {
			{Subject: "invoices", Version: 1, Type: "AVRO", Schema: invoice, References: []registry.Reference{{Name: "Money", Subject: "money", Version: 1}}, Deleted: true},
			{Subject: "invoices", Version: 2, Type: "AVRO", Schema: invoice2, References: []registry.Reference{{Name: "Money", Subject: "money", Version: 1}}},
		},
	}}
	dir := write(t, "parts/money.avsc", money, "invoice.avsc", invoice)
	git(t, dir, "init", "-q", "-b", "main")
	git(t, dir, "add", ".")
	git(t, dir, "commit", "-qm", "first")
	add(t, dir, "invoice.avsc", invoice2, "plain", invoice)
	t.Chdir(dir)
	for name, test := range map[string]struct {
		from, to string
		refs     []string
		names    [2]string
		changes  int
	}{
		"two versions, one deleted":       {"invoices:1", "invoices", nil, [2]string{"invoices version 1 (deleted)", "invoices version 2"}, 1},
		"a file with the registry's refs": {"invoices:1", "invoice.avsc", nil, [2]string{"invoices version 1 (deleted)", "invoice.avsc"}, 1},
		"a file with files":               {"git:main:invoice.avsc", "invoice.avsc", []string{"parts"}, [2]string{"invoice.avsc at main", "invoice.avsc"}, 1},
		"git with the registry's refs":    {"git:main:invoice.avsc", "invoices", nil, [2]string{"invoice.avsc at main", "invoices version 2"}, 1},
		"a name that tells no format":     {"plain", "invoices:1", nil, [2]string{"plain", "invoices version 1 (deleted)"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			c := diff(t, r, test.from, test.to, test.refs)
			if [2]string{c.From, c.To} != test.names || len(c.Changes) != test.changes {
				t.Errorf("%+v", c)
			}
		})
	}
}

func diff(t *testing.T, r schema.Shelf, from, to string, refs []string) *schema.Comparison {
	t.Helper()
	a, errA := schema.ParseAddress(from)
	b, errB := schema.ParseAddress(to)
	if err := errors.Join(errA, errB); err != nil {
		t.Fatal(err)
	}
	old, now, err := schema.ReadPair(t.Context(), r, a, b, refs)
	if err != nil {
		t.Fatal(err)
	}
	c, err := schema.Diff(old, now)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAFileThatGitDoesNotHaveIsAskedWrongly(t *testing.T) {
	dir := repository(t)
	add(t, dir, "new.avsc", v1)
	t.Chdir(dir)
	_, _, err := schema.ReadPair(t.Context(), &fakeRegistry{}, schema.Address{File: "new.avsc", Revision: "HEAD"}, schema.Address{File: "new.avsc"}, nil)
	wantAsked(t, err, "new.avsc", "HEAD doesn't have it")
	_, _, err = schema.ReadPair(t.Context(), &fakeRegistry{}, schema.Address{File: "new.avsc", Revision: "nowhere"}, schema.Address{File: "new.avsc"}, nil)
	wantAsked(t, err, "nowhere")
}

func TestNamesThatMayHaveBeenMeant(t *testing.T) {
	all := []string{"order-events-value", "order-events-key", "orders", "payments-value", "inventory-events-value"}
	for name, want := range map[string][]string{
		"order-event-value":    {"order-events-value"},
		"Order-Events-Value":   {"order-events-value", "order-events-key"},
		"order":                {"orders", "order-events-key", "order-events-value"},
		"payments":             {"payments-value"},
		"orders-of-all-states": {"orders"},
		"zebra":                nil,
	} {
		if got := schema.Near(name, all); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// catalogue is a registry's list.
type catalogue []int

func (c catalogue) Subjects(context.Context, registry.Which) ([]string, error) {
	return []string{"orders"}, nil
}
func (c catalogue) Versions(context.Context, string, registry.Which) ([]int, error) { return c, nil }

func TestAVersionThatIsNotThereBringsThoseThatAre(t *testing.T) {
	err := schema.Missing(t.Context(), catalogue{1, 2, 3, 7, 9, 10}, "orders", registry.ErrVersionNotFound)
	wantAsked(t, err)
	if hint := err.(*schema.RequestError).Hint(); hint != "its versions are 1–3, 7, 9, 10" {
		t.Errorf("hint %q", hint)
	}
	other := errors.New("something else")
	if err := schema.Missing(t.Context(), catalogue{}, "orders", other); err != other {
		t.Errorf("%v, want it left alone", err)
	}
	if err := schema.Missing(t.Context(), catalogue{}, "order", fmt.Errorf("x: %w", registry.ErrSubjectNotFound)); !strings.Contains(err.(*schema.RequestError).Hint(), "orders") {
		t.Errorf("%v", err)
	}
}
