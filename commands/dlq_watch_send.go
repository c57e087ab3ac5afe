package commands

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/dlq"
)

// maxHandedBack bounds what is shown of what a command or a webhook answers.
const maxHandedBack = 4 << 10

// handOn gives an alert to the command or the webhook.
func (w *letterWatch) handOn(ctx context.Context, alert *dlq.Alert) error {
	if w.opts.Exec == "" && w.opts.Webhook == "" {
		return nil
	}
	text, err := json.Marshal(alert)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, w.office.settings.Timeout)
	defer cancel()
	if w.opts.Exec != "" {
		return w.execute(ctx, text)
	}
	return post(ctx, w.opts.Webhook, text)
}

// execute runs the command. What it prints is told on stderr.
func (w *letterWatch) execute(ctx context.Context, alert []byte) error {
	shell := []string{"sh", "-c"}
	if runtime.GOOS == "windows" {
		shell = []string{"cmd", "/C"}
	}
	cmd := exec.CommandContext(ctx, shell[0], shell[1], w.opts.Exec)
	var printed shortBuffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(append(alert, '\n')), &printed, &printed
	cmd.WaitDelay = 100 * time.Millisecond // a grandchild may hold the pipes
	err := cmd.Run()
	for line := range strings.Lines(printed.String()) {
		render.Message(w.opts.Env.Streams, render.Plain, "%s", strings.TrimRight(line, "\r\n"))
	}
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("command %q: still running at the time limit", w.opts.Exec)
	case errors.Is(err, exec.ErrWaitDelay): // it has ended; what it left running is its own
		return nil
	case err != nil:
		return fmt.Errorf("command %q: %w", w.opts.Exec, err)
	}
	return nil
}

// shortBuffer keeps the beginning of what is written to it.
type shortBuffer struct{ bytes.Buffer }

func (b *shortBuffer) Write(p []byte) (int, error) {
	b.Buffer.Write(p[:min(len(p), maxHandedBack-b.Len())])
	return len(p), nil
}

// checkWebhook refuses what can't be posted to. The URL isn't repeated: it often holds a
// secret.
func checkWebhook(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return usagef("such as --webhook https://alerts.example.com/dlq", "--webhook is no URL with http or https and a host")
	}
	return nil
}

// post sends an alert once. A redirect is not followed: whoever configured the URL chose
// who reads the alerts.
func post(ctx context.Context, address string, alert []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(alert))
	if err != nil {
		return errors.New("the webhook's URL can't be used")
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "evtctl")
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	response, err := client.Do(request)
	host := request.URL.Host
	if err != nil {
		var inner *url.Error // its text has the URL
		if errors.As(err, &inner) {
			err = inner.Err
		}
		return fmt.Errorf("webhook at %s: %w", host, err)
	}
	defer response.Body.Close()
	answer, _ := io.ReadAll(io.LimitReader(response.Body, maxHandedBack))
	switch {
	case response.StatusCode >= 300 && response.StatusCode < 400:
		return fmt.Errorf("webhook at %s: it redirects (%s), which is not followed", host, response.Status)
	case response.StatusCode >= 300:
		text := string(answer)
		return fmt.Errorf("webhook at %s: %s: %s", host, response.Status, firstLine(&text, 200))
	}
	return nil
}
