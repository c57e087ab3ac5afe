package jsonschema

import (
	"regexp"
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
	return matcher{backtracking}, nil
}

// matcher is a backtracking pattern. Where its time runs out it matches: data isn't
// refused for what couldn't be found out.
type matcher struct{ *regexp2.Regexp }

func (m matcher) MatchString(s string) bool {
	found, err := m.Regexp.MatchString(s)
	return found || err != nil
}
