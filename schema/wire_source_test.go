package schema_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evtctl/evtctl/schema"
	"github.com/evtctl/evtctl/schema/registry"
	"github.com/evtctl/evtctl/schema/wire"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// answering is a registry whose answers are written down by path and query; what
// isn't is 404 as Confluent's has it for a missing schema.
type answering struct {
	*registry.Client
	server *httptest.Server
	mu     sync.Mutex
	asked  []string
}

func (a *answering) questions() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]string(nil), a.asked...)
}

func registryOf(t *testing.T, answers map[string]string) *answering {
	t.Helper()
	a := &answering{}
	a.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		a.asked = append(a.asked, r.RequestURI)
		a.mu.Unlock()
		body, known := answers[r.RequestURI]
		if !known || body == "" {
			w.WriteHeader(http.StatusNotFound)
		}
		if !known {
			body = `{"error_code":40403,"message":"Schema not found"}`
		}
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(a.server.Close)
	client, err := registry.New(a.server.URL, &http.Client{Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	a.Client = client
	return a
}

var guid = uuid.MustParse("0c5a7f7e-2c0c-4a0d-8e6f-5f4b6a1d9b1e")

func TestSchemasAreFoundWithAllThatTheyReferTo(t *testing.T) {
	const refs = `"references":[{"name":"shop.Customer","subject":"customer","version":3}]`
	answers := map[string]string{
		"/schemas/ids/7": `{"schema":"\"string\""}`,
		"/schemas/ids/8": `{"schemaType":"JSON","schema":"true"}`,
		"/schemas/ids/9": `{"schema":"[\"shop.Customer\"]",` + refs + `}`,
		"/schemas/ids/9?subject=%3A.staging%3Aorders":              `{"schemaType":"PROTOBUF","schema":"staging",` + refs + `}`,
		"/schemas/guids/" + guid.String():                          `{"schema":"\"int\"","subject":":.staging:orders","version":1,` + refs + `}`,
		"/subjects/customer/versions/3?deleted=true":               `{"subject":"customer","version":3,"schema":"{}","references":[{"name":"shop.City","subject":"city","version":1}]}`,
		"/subjects/city/versions/1?deleted=true":                   `{"subject":"city","version":1,"schema":"[]"}`,
		"/subjects/%3A.staging%3Acustomer/versions/3?deleted=true": `{"subject":":.staging:customer","version":3,"schema":"\"staged\""}`,
	}
	staged := []wire.Reference{{Name: "shop.Customer", Text: `"staged"`}}
	for name, c := range map[string]struct {
		subject string
		id      wire.ID
		want    wire.Schema
	}{
		"by number":          {"", wire.ID{Number: 7}, wire.Schema{Format: wire.Avro, Text: `"string"`}},
		"of another format":  {"", wire.ID{Number: 8}, wire.Schema{Format: wire.JSON, Text: `true`}},
		"with references":    {"", wire.ID{Number: 9}, wire.Schema{Format: wire.Avro, Text: `["shop.Customer"]`, References: []wire.Reference{{Name: "shop.City", Text: "[]"}, {Name: "shop.Customer", Text: "{}"}}}},
		"in another context": {":.staging:orders", wire.ID{Number: 9}, wire.Schema{Format: wire.Protobuf, Text: "staging", References: staged}},
		"by GUID":            {"", wire.ID{GUID: guid}, wire.Schema{Format: wire.Avro, Text: `"int"`, References: staged}},
	} {
		got, err := schema.WireSource(registryOf(t, answers), c.subject).Schema(t.Context(), c.id)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(c.want, *got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestASchemaThatIsNotThereIsToldFromARegistryThatIsNot(t *testing.T) {
	config := `{"compatibilityLevel":"BACKWARD"}`
	missing := registryOf(t, map[string]string{"/config": config})
	for name, c := range map[string]struct {
		r    schema.ByID
		id   wire.ID
		want error
	}{
		"an unknown number":               {missing, wire.ID{Number: 7}, registry.ErrSchemaNotFound},
		"an unknown GUID":                 {missing, wire.ID{GUID: guid}, registry.ErrSchemaNotFound},
		"a GUID where there are none":     {registryOf(t, map[string]string{"/schemas/guids/" + guid.String(): "", "/config": config}), wire.ID{GUID: guid}, registry.ErrSchemaNotFound},
		"a GUID where there is something": {registryOf(t, map[string]string{"/schemas/guids/" + guid.String(): "", "/config": ""}), wire.ID{GUID: guid}, registry.ErrNoRegistry},
	} {
		if _, err := schema.WireSource(c.r, "").Schema(t.Context(), c.id); !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", name, err, c.want)
		}
	}
}

func TestARegistryThatIsDownIsNotAskedForEachRecord(t *testing.T) {
	r := registryOf(t, nil)
	now := time.Unix(0, 0)
	codec := wire.NewCodec(schema.WireSource(r, ""), wire.Options{Now: func() time.Time { return now }})
	ask := func() error {
		_, err := codec.Decode(t.Context(), wire.Value, nil, []byte{0, 0, 0, 0, 7, 0})
		return err
	}
	for range 3 {
		if err := ask(); !errors.Is(err, registry.ErrSchemaNotFound) {
			t.Fatal(err)
		}
	}
	r.server.Close()
	if err := ask(); !errors.Is(err, registry.ErrSchemaNotFound) {
		t.Errorf("it was asked again: %v", err)
	}
	now = now.Add(time.Minute)
	var e *registry.Error
	if err := ask(); !errors.As(err, &e) || errors.Is(err, registry.ErrSchemaNotFound) || e.Hint() == "" {
		t.Errorf("error %v, want that there is no answer", err)
	}
	if n := len(r.questions()); n != 1 {
		t.Errorf("it was asked %d times: %q", n, r.questions())
	}
}

// tried is what comes of trying v1's data with a candidate of a subject.
func tried(t *testing.T, r schema.ByID, subject, text string, data []byte) error {
	t.Helper()
	c := schema.Candidate{Subject: subject, Format: schema.Avro, Text: []byte(text)}
	decode, err := schema.WireDecoder(r).Reader(c, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	return decode(t.Context(), data, nil)
}

func TestRecordsAreTriedWithTheSchemaThatTheyWereWrittenWith(t *testing.T) {
	r := registryOf(t, map[string]string{"/schemas/ids/7": `{"schema":"\"int\""}`, "/schemas/ids/7?subject=%3A.eu%3Aorders": `{"schema":"\"string\""}`})
	data := []byte{0, 0, 0, 0, 7, 2}
	if err := tried(t, r, "orders", `"long"`, data); err != nil {
		t.Errorf("a promotion: %v", err)
	}
	err := tried(t, r, "orders", `"string"`, data)
	if want := "written with schema 7: an int is here, which can't be read as a string"; err == nil || err.Error() != want || errors.Is(err, schema.ErrUnreadable) {
		t.Errorf("error %v, want %s", err, want)
	}
	if err := tried(t, r, ":.eu:orders", `"string"`, append(data, 'a')); err != nil {
		t.Errorf("an id of another context: %v", err)
	}
	for name, data := range map[string][]byte{"without a frame": []byte("text"), "an unknown id": {0, 0, 0, 0, 9, 2}, "cut off": {0, 0, 0, 0, 7}} {
		if err := tried(t, r, "orders", `"long"`, data); !errors.Is(err, schema.ErrUnreadable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r.server.Close()
	if err := tried(t, r, "orders", `"long"`, data); !errors.Is(err, schema.ErrUntried) || errors.Is(err, schema.ErrUnreadable) {
		t.Errorf("without an answer: %v", err)
	}
}

func TestASampleThatTheRegistryDoesNotAnswerIsNoYes(t *testing.T) {
	r := registryOf(t, nil)
	r.server.Close()
	trial := &schema.Trial{Records: &topicRecords{records: []schema.Record{{Value: []byte{0, 0, 0, 0, 7, 2}}}}, Decoder: schema.WireDecoder(r), N: 1}
	result := one(t, v2, versions{schema.Backward, []string{v1}}, func(r *schema.Request) { r.Trial = trial })
	if result.Compatible || result.Error == nil || !strings.Contains(result.Error.Message, "could not be tried") || result.Error.Hint == "" {
		t.Errorf("%+v", result)
	}
}
