package jsonschema

import (
	"regexp"
	"sync/atomic"
	"time"

	"github.com/dlclark/regexp2"
	validator "github.com/santhosh-tekuri/jsonschema/v6"
)

// patternTime bounds one match of a pattern that only a backtracking engine can do.
const patternTime = 100 * time.Millisecond

// compilePattern reads a pattern of a schema. Those are ECMAScript's: most mean the
// same to Go's engine, which takes linear time; those with a look-ahead or a back
// reference go to one that backtracks, with a time limit.
func compilePattern(pattern string) (validator.Regexp, error) {
	if linear, err := regexp.Compile(pattern); err == nil {
		return linear, nil
	}
	backtracking, err := regexp2.Compile(pattern, regexp2.ECMAScript)
	if err != nil {
		return nil, err
	}
	backtracking.MatchTimeout = patternTime
	return &matcher{Regexp: backtracking}, nil
}

// matcher is a backtracking pattern. Where its time runs out it matches: data isn't
// refused for what couldn't be found out.
type matcher struct {
	*regexp2.Regexp
	givenUp atomic.Int32
}

// maxGivenUp is how many matches of one pattern may run out of time until it is no
// longer tried: data can have a million strings.
const maxGivenUp = 10

func (m *matcher) MatchString(s string) bool {
	if m.givenUp.Load() >= maxGivenUp {
		return true
	}
	found, err := m.Regexp.MatchString(s)
	if err != nil {
		m.givenUp.Add(1)
		return true
	}
	return found
}
