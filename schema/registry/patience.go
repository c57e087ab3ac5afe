package registry

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"
)

// maxTries is how often a question is asked that a registry is too busy for.
const maxTries = 3

// waitFor says whether to ask again, and after what time: when the registry has
// too many requests (429) or says when it will be back (503). Neither has done
// anything yet, so that writing may be tried again too. A wait beyond the time
// limit of an exchange isn't begun.
func (c *Client) waitFor(response *http.Response, tries int) (time.Duration, bool) {
	after, said := retryAfter(response.Header.Get("Retry-After"))
	busy := response.StatusCode == http.StatusTooManyRequests ||
		response.StatusCode == http.StatusServiceUnavailable && said
	if !busy || tries >= maxTries {
		return 0, false
	}
	if !said {
		after = 200 * time.Millisecond << tries
	}
	return after, after <= c.http.Timeout
}

// retryAfter reads the header, which has seconds or a date.
func retryAfter(header string) (time.Duration, bool) {
	if seconds, err := strconv.ParseUint(header, 10, 16); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(0, time.Until(at)), true
	}
	return 0, false
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// maxRedirects is how many a question may take within the registry.
const maxRedirects = 5

// redirected is a redirect that isn't followed.
type redirected struct{ to, why string }

func (r *redirected) Error() string { return "it redirects to " + r.to + ", " + r.why }
func (r *redirected) Unwrap() error { return ErrRedirected }

// stay follows redirects within the registry's own scheme, host and port. A login
// may be added to requests on their way, and an address that is reached from here
// may be out of reach for who sent the redirect: so others get no request at all.
func stay(next *http.Request, via []*http.Request) error {
	first := via[0]
	// The query is left out: it may have a secret in it.
	to := next.URL.Scheme + "://" + next.URL.Host + next.URL.EscapedPath()
	switch {
	case next.URL.Scheme != first.URL.Scheme || next.URL.Host != first.URL.Host:
		return &redirected{to, "which is elsewhere"}
	case next.Method != first.Method:
		return &redirected{to, "where the question would be lost"}
	case len(via) > maxRedirects:
		return &redirected{to, "and so on without end"}
	}
	return nil
}

// isTimeout tells an exchange that took too long.
func isTimeout(err error) bool {
	var timed interface{ Timeout() bool }
	return errors.As(err, &timed) && timed.Timeout()
}
