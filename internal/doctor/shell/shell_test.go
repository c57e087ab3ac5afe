package shell_test

import (
	"os/exec"
	"testing"

	"github.com/evtctl/evtctl/internal/doctor/shell"
)

func TestWhatAShellReadsAreTheWords(t *testing.T) {
	for _, word := range []string{"orders", "", "x; echo evil", "$(echo evil)", "`echo evil`", "it's", "a\nb", "*", "-n", "~", "#", `\`, `"`} {
		text := shell.Command{"printf", "%s.", word, "end"}.String()
		out, err := exec.Command("sh", "-c", text).Output()
		if err != nil || string(out) != word+".end." {
			t.Errorf("%q became %q: %q, %v", word, text, out, err)
		}
	}
}
