package kafkatest

import (
	"testing"
	"time"
)

// pollEvery is how long a wait rests between two looks: short enough not to be
// felt, long enough that a test waiting for a JVM leaves it the processor.
const pollEvery = 20 * time.Millisecond

// Eventually calls cond until it says true, and ends the test when it hasn't
// done so within the given time. The detail that cond returns beside false is
// what the failure shows: say what was seen instead of what was wanted.
//
// cond is called at least once, and in the test's own goroutine, so it may call
// t.Fatal.
func Eventually(t testing.TB, within time.Duration, what string, cond func() (ok bool, detail string)) {
	t.Helper()
	if detail, ok := poll(within, cond); !ok {
		t.Fatalf("waited %s for %s; last seen: %s", within, what, detail)
	}
}

// poll is Eventually without a test to end.
func poll(within time.Duration, cond func() (bool, string)) (detail string, ok bool) {
	for deadline := time.Now().Add(within); ; time.Sleep(pollEvery) {
		ok, detail := cond()
		if ok {
			return detail, true
		}
		if time.Now().After(deadline) {
			return detail, false
		}
	}
}
