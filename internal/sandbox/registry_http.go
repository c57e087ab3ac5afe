package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// registryError is a refusal in the form of Confluent's registry. The first three
// digits of a code are the status.
type registryError struct {
	code    int
	message string
}

func (e *registryError) Error() string { return e.message }

func refuse(code int, format string, args ...any) error {
	return &registryError{code, fmt.Sprintf(format, args...)}
}

func noSubject(subject string) error { return refuse(40401, "Subject '%s' not found.", subject) }
func noVersion(version string) error { return refuse(40402, "Version %s not found.", version) }

func inUse(subject string, version int, by []int) error {
	return refuse(42206, "One or more references exist to version %d of subject '%s', in the schemas %v", version, subject, by)
}

// asked is a request with what most handlers look at.
type asked struct {
	*http.Request
	subject     string // qualified with the context of the path, if there is one
	deleted     bool
	deletedOnly bool
}

// handler serves the part of the interface that clients, and people, use.
func (r *registry) handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, answer := range map[string]func(asked) (any, error){
		"GET /{$}":                                                  func(asked) (any, error) { return map[string]any{}, nil },
		"GET /subjects":                                             r.subjects,
		"POST /subjects/{subject}":                                  r.lookUp,
		"DELETE /subjects/{subject}":                                r.deleteSubject,
		"GET /subjects/{subject}/versions":                          r.versions,
		"POST /subjects/{subject}/versions":                         r.register,
		"GET /subjects/{subject}/versions/{version}":                r.version,
		"DELETE /subjects/{subject}/versions/{version}":             r.deleteVersion,
		"GET /subjects/{subject}/versions/{version}/schema":         r.versionText,
		"GET /subjects/{subject}/versions/{version}/referencedby":   r.referencedBy,
		"GET /schemas/types":                                        func(asked) (any, error) { return schemaTypes, nil },
		"GET /schemas/ids/{id}":                                     r.byID,
		"GET /schemas/ids/{id}/schema":                              r.textByID,
		"GET /schemas/ids/{id}/versions":                            r.usesOfID,
		"GET /contexts":                                             r.contexts,
		"POST /compatibility/subjects/{subject}/versions":           r.checkAll,
		"POST /compatibility/subjects/{subject}/versions/{version}": r.checkOne,
		"GET /config":                                               r.showConfig,
		"PUT /config":                                               r.setConfig,
		"GET /config/{subject}":                                     r.showConfig,
		"PUT /config/{subject}":                                     r.setConfig,
		"DELETE /config/{subject}":                                  r.unsetConfig,
		"GET /mode":                                                 r.showMode,
		"PUT /mode":                                                 r.setMode,
		"GET /mode/{subject}":                                       r.showMode,
		"PUT /mode/{subject}":                                       r.setMode,
		"DELETE /mode/{subject}":                                    r.unsetMode,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, q *http.Request) {
			q.Body = http.MaxBytesReader(w, q.Body, maxRegistryRequest)
			value, err := answer(ask(q))
			reply(w, value, err)
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, nil, refuse(404, "HTTP 404 Not Found"))
	})
	return inContext(mux)
}

func ask(q *http.Request) asked {
	query := q.URL.Query()
	a := asked{
		Request: q, subject: q.PathValue("subject"),
		deleted: query.Get("deleted") == "true", deletedOnly: query.Get("deletedOnly") == "true",
	}
	if prefix, ok := q.Context().Value(contextKey{}).(string); ok && !strings.HasPrefix(a.subject, ":.") {
		a.subject = prefix + a.subject
	}
	return a
}

// counts tells whether a version that is deleted or not is asked for.
func (a asked) counts(v storedVersion) bool {
	if a.deletedOnly {
		return v.Deleted
	}
	return a.deleted || !v.Deleted
}

type contextKey struct{}

// inContext takes a path's "/contexts/.name" off, and lets the subjects in the
// rest of it be those of that context.
func inContext(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		rest, found := strings.CutPrefix(q.URL.EscapedPath(), "/contexts/")
		name, rest, deeper := strings.Cut(rest, "/")
		if !found || !deeper || !strings.HasPrefix(name, ".") {
			next.ServeHTTP(w, q)
			return
		}
		inner := q.WithContext(context.WithValue(q.Context(), contextKey{}, ":"+name+":"))
		url, err := q.URL.Parse("/" + rest)
		if err != nil {
			reply(w, nil, refuse(404, "HTTP 404 Not Found"))
			return
		}
		url.RawQuery = q.URL.RawQuery
		inner.URL = url
		next.ServeHTTP(w, inner)
	})
}

// reply sends an answer or an error.
func reply(w http.ResponseWriter, value any, err error) {
	status := http.StatusOK
	if err != nil {
		var refused *registryError
		if !errors.As(err, &refused) {
			refused = &registryError{50001, err.Error()}
		}
		status = refused.code
		for status > 999 {
			status /= 10
		}
		value = map[string]any{"error_code": refused.code, "message": refused.message}
	}
	w.Header().Set("Content-Type", "application/vnd.schemaregistry.v1+json")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false) // schemas are shown as they were sent
	_ = encoder.Encode(value)    // who asked may be gone already
}

// body decodes a request's body.
func (a asked) body(target any) error {
	err := json.NewDecoder(a.Body).Decode(target)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return refuse(413, "more than %d MB", maxRegistryRequest>>20)
	case err != nil:
		return refuse(42201, "The request is not in the form of JSON: %v", err)
	}
	return nil
}

var schemaTypes = []string{"JSON", "PROTOBUF", "AVRO"}
