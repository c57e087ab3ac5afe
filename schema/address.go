package schema

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Address says where one schema is: in a file, in a file at a git revision, or in a
// registry.
type Address struct {
	File     string // empty: in a registry
	Revision string // of git; empty: the file as it is now
	Subject  string
	Version  int // from 1; 0: the latest
}

// ParseAddress reads an address as it is typed:
//
//   - FILE, when there is such a file, or file:FILE;
//   - git:REVISION:FILE;
//   - SUBJECT, SUBJECT:VERSION or SUBJECT@VERSION, with or without subject: before
//     it. A version is a number or "latest"; it is looked for at the end, as
//     subjects may have colons of their own.
//
// A name that ends like a schema file's, or has a folder that exists, is taken for
// a file that is missing, which is a *[RequestError].
func ParseAddress(text string) (Address, error) {
	if file, ok := strings.CutPrefix(text, "file:"); ok {
		return Address{File: file}, fileThere(file)
	}
	if rest, ok := strings.CutPrefix(text, "git:"); ok {
		revision, file, _ := strings.Cut(rest, ":")
		if revision == "" || file == "" {
			return Address{}, askedf("such as git:main:schemas/order.avsc", "schema %q: not of the form git:REVISION:PATH", text)
		}
		return Address{File: file, Revision: revision}, nil
	}
	if subject, ok := strings.CutPrefix(text, "subject:"); ok {
		return ParseVersioned(subject)
	}
	if info, err := os.Stat(text); err == nil && !info.IsDir() {
		return Address{File: text}, nil
	}
	if formatOf(text) != "" && fileThere(filepath.Dir(text)) == nil {
		return Address{}, askedf("check the path; subject:"+text+" means a subject of that name", "reading schema %s: no such file", text)
	}
	return ParseVersioned(text)
}

func fileThere(path string) error {
	if _, err := os.Stat(path); err != nil {
		return asked(fmt.Errorf("reading schema %s: %w", path, reason(err)), "check the path")
	}
	return nil
}

// ParseVersioned reads SUBJECT, SUBJECT:VERSION or SUBJECT@VERSION.
func ParseVersioned(text string) (Address, error) {
	a := Address{Subject: text}
	if at := strings.LastIndexAny(text, ":@"); at > 0 && !endsContext(text, at) {
		if version, err := parseVersion(text[at+1:]); err == nil {
			a.Subject, a.Version = text[:at], version
		} else if errors.Is(err, errNoSuchNumber) {
			return Address{}, askedf("versions count from 1; \"latest\" is the newest", "version %q of subject %q: there can't be one", text[at+1:], text[:at])
		}
	}
	if a.Subject == "" {
		return Address{}, askedf("\"evtctl schema list\" shows those there are", "subject %q: an empty name", text)
	}
	return a, nil
}

// endsContext tells the colon that ends a context's name, as in ":.staging:7".
func endsContext(text string, at int) bool {
	return strings.HasPrefix(text, ":.") && text[at] == ':' && strings.Count(text[:at], ":") == 1
}

var errNoSuchNumber = errors.New("no version has that number")

// parseVersion reads a version's number; "latest" is 0.
func parseVersion(text string) (int, error) {
	if text == "latest" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err == nil && n < 1 {
		return 0, errNoSuchNumber
	}
	return int(n), err
}

// ParseReference reads a registered schema that others refer to:
// NAME=SUBJECT:VERSION. The version can't be "latest": what a schema refers to
// doesn't change.
func ParseReference(text string) (Reference, error) {
	name, target, ok := strings.Cut(text, "=")
	if i := strings.LastIndex(text, "="); strings.Contains(name, "://") { // a URL may have = in its query
		name, target = text[:i], text[i+1:]
	}
	a, err := ParseVersioned(target)
	if !ok || name == "" || err != nil || a.Version == 0 {
		return Reference{}, askedf("such as com.example.Money=money-value:1", "reference %q: not of the form NAME=SUBJECT:VERSION", text)
	}
	return Reference{Name: name, Subject: a.Subject, Version: a.Version}, nil
}

// String is the address as people write it.
func (a Address) String() string {
	switch {
	case a.Revision != "":
		return a.File + " at " + a.Revision
	case a.File != "":
		return a.File
	case a.Version == 0:
		return a.Subject
	}
	return fmt.Sprintf("%s version %d", a.Subject, a.Version)
}
