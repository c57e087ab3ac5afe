package registry_test

import (
	"slices"
	"testing"

	"github.com/evtctl/evtctl/schema/registry"
)

func TestCompatibilityOfASubject(t *testing.T) {
	level := func(mode string) answer { return ok(`{"compatibilityLevel":"` + mode + `"}`) }
	missing := func(code string) answer {
		return answer{status: 404, body: `{"error_code":` + code + `,"message":"m"}`}
	}
	const own, effective, global = "GET /config/orders", "GET /config/orders?defaultToGlobal=true", "GET /config"
	for _, test := range []struct {
		name    string
		answers map[string]answer
		want    registry.Compatibility
	}{
		{"its own", map[string]answer{own: level("FULL"), global: level("BACKWARD")}, registry.Compatibility{Mode: "FULL", From: registry.OfSubject}},
		{"none of its own, said with 40401", map[string]answer{own: missing("40401"), global: level("FORWARD")}, registry.Compatibility{Mode: "FORWARD", From: registry.OfAll}},
		{"none of its own, said with 40408", map[string]answer{own: missing("40408"), global: level("FORWARD")}, registry.Compatibility{Mode: "FORWARD", From: registry.OfAll}},
		{"none of its own, said without a code", map[string]answer{own: {status: 404}, global: level("FORWARD")}, registry.Compatibility{Mode: "FORWARD", From: registry.OfAll}},
		{"none of its own, said with NONE", map[string]answer{own: level("NONE"), effective: level("FULL"), global: level("FULL")}, registry.Compatibility{Mode: "FULL", From: registry.OfAll}},
		{"NONE of its own", map[string]answer{own: level("NONE"), effective: level("NONE"), global: level("FULL")}, registry.Compatibility{Mode: "NONE", From: registry.OfSubject}},
		{"NONE, and the second question isn't known", map[string]answer{own: level("NONE"), effective: missing("40401"), global: level("FULL")}, registry.Compatibility{Mode: "NONE", From: registry.OfSubject}},
		{"other settings of its own", map[string]answer{own: ok(`{"normalize":true}`), global: level("BACKWARD_TRANSITIVE")}, registry.Compatibility{Mode: "BACKWARD_TRANSITIVE", From: registry.OfAll}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := serve(t, test.answers).client(t).Compatibility(t.Context(), "orders")
			if err != nil || got != test.want {
				t.Errorf("it is %v, error %v; want %v", got, err, test.want)
			}
		})
	}
	t.Run("its context's", func(t *testing.T) {
		s := serve(t, map[string]answer{"GET /config/%3A.ctx%3A": level("FULL_TRANSITIVE"), global: level("NONE")})
		got, err := s.client(t).Compatibility(t.Context(), ":.ctx:orders")
		if err != nil || got != (registry.Compatibility{Mode: "FULL_TRANSITIVE", From: registry.OfContext}) {
			t.Errorf("it is %v, error %v", got, err)
		}
	})
}

func TestOddSettings(t *testing.T) {
	const own, global = "GET /config/orders", "GET /config"
	backward := ok(`{"compatibilityLevel":"BACKWARD"}`)
	for _, test := range []struct {
		name    string
		answers map[string]answer
		reason  error
	}{
		{"an unknown mode", map[string]answer{own: ok(`{"compatibilityLevel":"SIDEWAYS"}`), global: backward}, registry.ErrOdd},
		{"a mode in small letters", map[string]answer{own: ok(`{"compatibilityLevel":"full"}`), global: backward}, registry.ErrOdd},
		{"no mode", map[string]answer{own: ok(`{}`), global: backward}, registry.ErrOdd},
		{"an empty body", map[string]answer{own: ok(""), global: backward}, registry.ErrOdd},
		{"a page", map[string]answer{own: ok("<html>"), global: backward}, registry.ErrNoRegistry},
		{"a page that is 404", map[string]answer{own: {status: 404, body: "<html>"}, global: backward}, registry.ErrNoRegistry},
		{"no access to the subject's", map[string]answer{own: {status: 403}, global: backward}, registry.ErrForbidden},
		{"no access to the global one", map[string]answer{own: {status: 404}, global: {status: 401}}, registry.ErrUnauthorized},
		{"no global one", map[string]answer{own: {status: 404}, global: {status: 404}}, registry.ErrNoRegistry},
		{"a global one that isn't said", map[string]answer{global: ok(`{"normalize":false}`)}, registry.ErrOdd},
		{"trouble with the second question", map[string]answer{own: ok(`{"compatibilityLevel":"NONE"}`), own + "?defaultToGlobal=true": {status: 422}, global: backward}, registry.ErrInvalid},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := serve(t, test.answers).client(t).Compatibility(t.Context(), "orders")
			if wantError(t, err, test.reason); got.Mode != "" && got.Mode != "BACKWARD" {
				t.Errorf("it is %v", got)
			}
		})
	}
}

func TestWriteMode(t *testing.T) {
	const own, global = "GET /mode/orders?defaultToGlobal=true", "GET /mode"
	for name, answers := range map[string]map[string]answer{
		"its own":              {own: ok(`{"mode":"READONLY"}`)},
		"the global one":       {own: {status: 404, body: `{"error_code":40409}`}, global: ok(`{"mode":"READONLY"}`)},
		"of a missing subject": {global: ok(`{"mode":"READONLY"}`)},
	} {
		if got, err := serve(t, answers).client(t).WriteMode(t.Context(), "orders"); err != nil || got != "READONLY" {
			t.Errorf("%s: it is %q, error %v", name, got, err)
		}
	}
	for _, body := range []string{``, `{}`, `{"mode":""}`, `{"mode":1}`} {
		_, err := serve(t, map[string]answer{own: ok(body)}).client(t).WriteMode(t.Context(), "orders")
		wantError(t, err, registry.ErrOdd)
	}
}

func TestRegister(t *testing.T) {
	const path = "POST /subjects/orders/versions"
	for body, want := range map[string]registry.Registration{
		`{"id":7}`:                        {ID: 7},
		`{"id":7,"version":2,"guid":"g"}`: {ID: 7, Version: 2},
	} {
		w := registry.NewWriter(serve(t, map[string]answer{path: ok(body)}).client(t))
		if got, err := w.Register(t.Context(), "orders", candidate); err != nil || got != want {
			t.Errorf("%s: registered as %v, error %v", body, got, err)
		}
	}
	for name, test := range map[string]struct {
		answer answer
		reason error
	}{
		"refused as incompatible": {answer{status: 409, body: `{"error_code":409,"message":"Schema being registered is incompatible"}`}, registry.ErrIncompatible},
		"refused as invalid":      {answer{status: 422, body: `{"error_code":42201,"message":"Invalid"}`}, registry.ErrInvalid},
		"an empty body":           {ok(""), registry.ErrOdd},
		"no id":                   {ok(`{}`), registry.ErrOdd},
		"the id -1":               {ok(`{"id":-1}`), registry.ErrOdd},
		"a text for an id":        {ok(`{"id":"7"}`), registry.ErrOdd},
		"a page":                  {ok(`<html>`), registry.ErrNoRegistry},
	} {
		_, err := registry.NewWriter(serve(t, map[string]answer{path: test.answer}).client(t)).Register(t.Context(), "orders", candidate)
		if wantError(t, err, test.reason, `register a schema in subject "orders"`); t.Failed() {
			t.Log(name)
		}
	}
}

func TestFind(t *testing.T) {
	s := serve(t, map[string]answer{"POST /subjects/orders": ok(`{"subject":"orders","version":2,"id":7,"schema":"\"string\""}`)})
	if got, err := s.client(t).Find(t.Context(), "orders", candidate); err != nil || got.Version != 2 || got.ID != 7 {
		t.Errorf("found %+v, error %v", got, err)
	}
	_, err := s.client(t).Find(t.Context(), "other", candidate)
	wantError(t, err, registry.ErrSubjectNotFound)
	s = serve(t, map[string]answer{"POST /subjects/orders": ok(`{"schema":"\"string\""}`)})
	_, err = s.client(t).Find(t.Context(), "orders", candidate)
	wantError(t, err, registry.ErrOdd)
}

func TestSetCompatibility(t *testing.T) {
	s := serve(t, map[string]answer{
		"PUT /config/orders":    ok(`{"compatibility":"FULL"}`),
		"PUT /config":           ok(`{"compatibility":"FULL"}`),
		"PUT /config/other":     ok(`{"compatibility":"NONE"}`),
		"PUT /config/odd":       ok(``),
		"DELETE /config/orders": ok(`{"compatibilityLevel":"FULL"}`),
		"DELETE /config/secret": {status: 403},
	})
	w := registry.NewWriter(s.client(t))
	for _, subject := range []string{"orders", ""} {
		if err := w.SetCompatibility(t.Context(), subject, "FULL"); err != nil {
			t.Error(err)
		}
	}
	wantError(t, w.SetCompatibility(t.Context(), "other", "FULL"), registry.ErrOdd, `the mode is "NONE"`)
	wantError(t, w.SetCompatibility(t.Context(), "odd", "FULL"), registry.ErrOdd, "empty body")
	before := len(s.questions())
	wantError(t, w.SetCompatibility(t.Context(), "orders", "sideways"), nil, `"sideways" is none of [NONE`)
	if got := s.questions()[before:]; len(got) > 0 {
		t.Errorf("a mode that there isn't was sent: %v", got)
	}
	for _, subject := range []string{"orders", "none of its own"} {
		if err := w.UnsetCompatibility(t.Context(), subject); err != nil {
			t.Error(err)
		}
	}
	wantError(t, w.UnsetCompatibility(t.Context(), "secret"), registry.ErrForbidden)
	if !slices.Contains(s.questions(), "DELETE /config/orders") {
		t.Errorf("it was asked %v", s.questions())
	}
}
