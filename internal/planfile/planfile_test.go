package planfile_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/internal/planfile"
)

func TestAPlanIsKeptAndReadAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plan.json")
	if err := planfile.Create(path, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	if text, err := planfile.Read(path); err != nil || string(text) != "{}\n" {
		t.Errorf("%q, %v", text, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	err := planfile.Create(path, []byte("other"))
	if text, _ := planfile.Read(path); !errors.Is(err, os.ErrExist) || string(text) != "{}\n" {
		t.Errorf("a second time: %v, and it says %q", err, text)
	}
}

func TestWhatIsNoPlan(t *testing.T) {
	folder := t.TempDir()
	large := filepath.Join(folder, "large")
	if err := os.WriteFile(large, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, planfile.Max+1); err != nil {
		t.Fatal(err)
	}
	if _, err := planfile.Read(large); !errors.Is(err, planfile.ErrTooLarge) {
		t.Errorf("%v", err)
	}
	for _, path := range []string{filepath.Join(folder, "none"), folder} {
		if _, err := planfile.Read(path); err == nil || strings.Contains(err.Error(), folder) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
