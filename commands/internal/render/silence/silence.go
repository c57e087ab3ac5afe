package silence

import "os"

var kind, known = os.LookupEnv("TERM")

func init() {
	// A failure would leave the terminal asked, which is harmless enough.
	_ = os.Setenv("TERM", "dumb")
}

// Lift gives TERM its value back.
func Lift() {
	if known {
		_ = os.Setenv("TERM", kind)
		return
	}
	_ = os.Unsetenv("TERM")
}
