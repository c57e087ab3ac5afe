package page_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/commands/internal/page"
)

func TestAPageReplacesTheOneBeforeAsAWhole(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "page.html"), filepath.Join(dir, "link.html")
	if err := os.WriteFile(file, []byte("older"), 0o644); err != nil {
		t.Fatal(err)
	}
	older, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer older.Close()
	if err := os.Symlink("page.html", link); err != nil {
		t.Fatal(err)
	}
	if err := page.Save(link, trouble("orders")); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil || !strings.HasPrefix(string(text), "<!") || !strings.Contains(string(text), "orders") {
		t.Errorf("%v\n%s", err, text)
	}
	// Whoever reads the older one has all of it.
	was := make([]byte, 16)
	if n, _ := older.Read(was); string(was[:n]) != "older" {
		t.Errorf("%q", was[:n])
	}
	if left, _ := os.ReadDir(dir); len(left) != 2 {
		t.Errorf("%v is left", left)
	}
}
