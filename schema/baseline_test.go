package schema_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema"
	"github.com/google/go-cmp/cmp"
)

// found lists a subject's versions in a baseline as "number text".
func found(t *testing.T, b schema.Baseline, of schema.Lookup) []string {
	t.Helper()
	h, err := b.History(t.Context(), of)
	if err != nil {
		t.Fatal(err)
	}
	if h.New != (len(h.Versions) == 0) {
		t.Errorf("new is %t with %d versions", h.New, len(h.Versions))
	}
	list := []string{}
	for _, v := range h.Versions {
		number, err := v.Number.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, string(number)+" "+string(v.Text))
	}
	return list
}

func TestFoldersOfVersions(t *testing.T) {
	for name, test := range map[string]struct {
		files []string
		of    schema.Lookup
		want  []string
	}{
		"a folder of the subject": {
			[]string{"orders-value/v2.avsc", "b", "orders-value/v10.avsc", "c", "orders-value/1.avsc", "a", "other/v1.avsc", "x"},
			schema.Lookup{Subject: "orders-value"}, []string{"1 a", "2 b", "10 c"},
		},
		"numbers within names": {
			[]string{"orders/order_v2.avsc", "b", "orders/V1__first.avsc", "a"}, schema.Lookup{Subject: "orders"}, []string{"1 a", "2 b"},
		},
		"numbers after the subject": {
			[]string{"orders.v1.avsc", "a", "orders-v2.avsc", "b", "orders_3.avsc", "c", "orders-eu-1.avsc", "x", "orders2.avsc", "x"},
			schema.Lookup{Subject: "orders"}, []string{"1 a", "2 b", "3 c"},
		},
		"one file":                    {[]string{"orders.avsc", "a"}, schema.Lookup{Subject: "orders"}, []string{"1 a"}},
		"the candidate's own place":   {[]string{"x/order.avsc", "a", "y/order.avsc", "b"}, schema.Lookup{Subject: "orders", Place: filepath.Join("y", "order.avsc")}, []string{"1 b"}},
		"numbers alone":               {[]string{"1.avsc", "a", "v2.avsc", "b"}, schema.Lookup{Subject: "orders"}, []string{"1 a", "2 b"}},
		"names that files can't have": {[]string{"a%2Fb/v1.avsc", "a"}, schema.Lookup{Subject: "a/b"}, []string{"1 a"}},
		"a subject that leads out":    {[]string{"x.avsc", "a"}, schema.Lookup{Subject: "../.."}, []string{}},
		"a subject that isn't there":  {[]string{"orders.avsc", "a"}, schema.Lookup{Subject: "returns"}, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, found(t, schema.InDir(write(t, test.files...)), test.of)); diff != "" {
				t.Errorf("versions (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBadFoldersOfVersions(t *testing.T) {
	for name, test := range map[string]struct {
		files []string
		words string
	}{
		"a number twice":     {[]string{"orders/v1.avsc", "a", "orders/1.avsc", "b"}, "both version 1"},
		"a file without one": {[]string{"orders/order.avsc", "a"}, "no version's number"},
		"no schemas":         {[]string{"README.md", "a"}, "no schema file"},
	} {
		_, err := schema.InDir(write(t, test.files...)).History(t.Context(), schema.Lookup{Subject: "orders"})
		if err == nil || !strings.Contains(err.Error(), test.words) {
			t.Errorf("%s: error %v, want %q", name, err, test.words)
		}
	}
}

func TestVersionsOfOneSubjectAreNotAnothers(t *testing.T) {
	dir := write(t, "1.avsc", v1)
	for _, b := range []schema.Baseline{schema.InFiles(filepath.Join(dir, "1.avsc")), schema.InDir(dir)} {
		if got := found(t, b, schema.Lookup{Subject: "a"}); len(got) != 1 {
			t.Fatalf("%s: %d versions", b, len(got))
		}
		found(t, b, schema.Lookup{Subject: "a"}) // again is fine
		_, err := b.History(t.Context(), schema.Lookup{Subject: "b"})
		wantAsked(t, err, "several subjects", b.String())
	}
}

func TestFilesAreVersionsInTheirOrder(t *testing.T) {
	dir := write(t, "new.avsc", "b", "old.avsc", "a", "notes.txt", "x")
	got := found(t, schema.InFiles(filepath.Join(dir, "old.avsc"), filepath.Join(dir, "new.avsc")), schema.Lookup{Subject: "s"})
	if diff := cmp.Diff([]string{"1 a", "2 b"}, got); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
	for file, words := range map[string]string{"gone.avsc": "no such file", "notes.txt": "not the name of a schema"} {
		_, err := schema.InFiles(filepath.Join(dir, file)).History(t.Context(), schema.Lookup{Subject: "s"})
		if err == nil || !strings.Contains(err.Error(), words) || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// repository is a git repository with v1 of two files on main, and work on them in
// the work tree.
func repository(t *testing.T) string {
	t.Helper()
	dir := write(t, "schemas/order.avsc", v1, "schemas/gone.avsc", v2, "other.txt", "x")
	git(t, dir, "init", "-q", "-b", "main")
	git(t, dir, "add", ".")
	git(t, dir, "commit", "-q", "-m", "first")
	return dir
}

func TestGitRevisions(t *testing.T) {
	dir := repository(t)
	add(t, dir, "schemas/order.avsc", v2, "schemas/new.avsc", v1)
	git(t, dir, "mv", "schemas/gone.avsc", "schemas/moved.avsc")
	loaded := load(t, schema.LoadRequest{Paths: []string{filepath.Join(dir, "schemas")}})
	b := schema.InGit("main")
	for path, want := range map[string][]string{
		"schemas/order.avsc": {"null " + v1},
		"schemas/moved.avsc": {"null " + v2},
		"schemas/new.avsc":   {},
	} {
		of := schema.Lookup{Subject: "s", Path: filepath.Join(dir, path), Available: loaded.Available}
		if diff := cmp.Diff(want, found(t, b, of)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
	h, err := b.History(t.Context(), schema.Lookup{Path: filepath.Join(dir, "schemas/moved.avsc")})
	if err != nil {
		t.Fatal(err)
	}
	wantNote(t, h.Notes, "schemas/gone.avsc", "main")
}

func TestGitRevisionsAreReachedThroughLinks(t *testing.T) {
	dir := repository(t)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Skip(err)
	}
	if got := found(t, schema.InGit("HEAD"), schema.Lookup{Path: filepath.Join(link, "schemas/order.avsc")}); len(got) != 1 {
		t.Errorf("versions %q", got)
	}
}

func TestGitRevisionsWithinAHook(t *testing.T) {
	dir := repository(t)
	t.Setenv("GIT_DIR", ".git")
	t.Setenv("GIT_INDEX_FILE", ".git/index")
	if got := found(t, schema.InGit("HEAD"), schema.Lookup{Path: filepath.Join(dir, "schemas/order.avsc")}); len(got) != 1 {
		t.Errorf("versions %q", got)
	}
}

func TestGitRevisionsThatDoNotExist(t *testing.T) {
	path := filepath.Join(repository(t), "schemas/order.avsc")
	for _, revision := range []string{"nowhere", "--help", "main:schemas", "", "-"} {
		_, err := schema.InGit(revision).History(t.Context(), schema.Lookup{Path: path})
		wantAsked(t, err, "git revision \""+revision+"\"")
	}
}

func TestNoGitRepository(t *testing.T) {
	dir := write(t, "order.avsc", v1)
	t.Setenv("GIT_CEILING_DIRECTORIES", filepath.Dir(dir))
	_, err := schema.Check(t.Context(), schema.Request{
		Candidates: load(t, schema.LoadRequest{Paths: []string{dir}}).Candidates, Baseline: schema.InGit("main"),
	})
	wantAsked(t, err, "in no git repository")
}

func TestWithoutGit(t *testing.T) {
	dir := repository(t)
	t.Setenv("PATH", t.TempDir())
	_, err := schema.InGit("main").History(t.Context(), schema.Lookup{Path: filepath.Join(dir, "schemas/order.avsc")})
	if err == nil || !strings.Contains(err.Error(), "git") {
		t.Errorf("error %v", err)
	}
}
