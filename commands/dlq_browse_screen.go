package commands

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/dlq"
)

// letterBrowser is what the full-screen browser reads with.
type letterBrowser struct {
	opts   *dlqBrowseOptions
	office *postOffice

	mu   sync.Mutex
	last *letterText // the letter that was looked at last
}

// browseLetters fills the terminal until the user leaves.
func browseLetters(ctx context.Context, opts *dlqBrowseOptions, office *postOffice) error {
	b := &letterBrowser{opts: opts, office: office}
	if _, err := b.extent(ctx); err != nil { // a topic that isn't there is told without a screen
		return office.explain(ctx, err)
	}
	browsing, err := render.Browse(ctx, opts.Env.Streams, b.browser())
	if err != nil {
		return err
	}
	defer browsing.Close()
	for {
		choice, err := browsing.Show(ctx)
		if err != nil || choice.Action == "" {
			return err
		}
		if err := b.act(ctx, browsing, choice); err != nil {
			return err
		}
	}
}

// act does what was chosen. What comes of it is told on the screen.
func (b *letterBrowser) act(ctx context.Context, browsing *render.Browsing[letterRow], choice render.Choice[letterRow]) error {
	for _, action := range dlqActions {
		if action.Key != choice.Action {
			continue
		}
		said, err := action.do(ctx, b.opts, b.office, choice)
		switch {
		case errors.Is(err, context.Canceled):
			return err
		case err != nil:
			browsing.Say(render.Bad, "%s: %v", action.Label, err)
		default:
			browsing.Say(render.Good, "%s", said)
		}
		b.forget()
		browsing.Unmark()
		browsing.Reread()
	}
	return nil
}

func (b *letterBrowser) browser() render.Browser[letterRow] {
	now := b.opts.Env.Now()
	browser := render.Browser[letterRow]{
		Title: b.opts.Query.Topic, Columns: screenColumns(now, b.opts.Env.Streams.Width, b.office.Open != nil), Key: func(r letterRow) string { return r.at.String() },
		Filter: b.opts.Where, Open: b.open, Empty: "no letters", Tabs: b.tabs(),
		Groups: render.GroupBy(screenCauses(now), b.groups, filterByCause),
	}
	for _, action := range dlqActions {
		browser.Actions = append(browser.Actions, action.Action)
	}
	return browser
}

func (b *letterBrowser) tabs() []render.Tab[letterRow] {
	tab := func(name string, text func(letterText) string) render.Tab[letterRow] {
		return render.Tab[letterRow]{Name: name, Text: func(ctx context.Context, r letterRow) (string, error) {
			t, err := b.letter(ctx, r.at)
			if err != nil {
				return "", err
			}
			return text(*t), nil
		}}
	}
	tabs := []render.Tab[letterRow]{
		tab("value", letterText.value), tab("cause", letterText.cause), tab("headers", letterText.headers),
		tab("stack", letterText.stack), tab("origin", letterText.origin), tab("difference", letterText.compared),
	}
	if b.office.Open != nil {
		tabs = append(tabs, tab("history", letterText.history))
	}
	return tabs
}

// letter reads one letter, once for all its tabs. Without its source, that is said in
// the source's place.
func (b *letterBrowser) letter(ctx context.Context, at dlq.Coordinates) (*letterText, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.last != nil && b.last.Coordinates == at {
		return b.last, nil
	}
	t, err := b.office.letter(ctx, b.opts.Env.Now(), at)
	if t == nil {
		return nil, b.office.settings.Explain(err)
	}
	if err != nil {
		t.source = &dlq.Source{State: dlq.SourceUnread, Reason: b.office.settings.Explain(err).Error()}
	}
	b.last = t
	return t, nil
}

// forget has the letter that was looked at read anew.
func (b *letterBrowser) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last = nil
}

// query is what the flags and a filter say together.
func (b *letterBrowser) query(filter string) (q dlq.Query, err error) {
	q = b.opts.Query
	q.Where, err = parseWhere(filter)
	return q, err
}

// groups finds the causes of what a filter lets through.
func (b *letterBrowser) groups(ctx context.Context, filter string, show func([]dlq.Group)) error {
	q, err := b.query(filter)
	if err != nil {
		return err
	}
	const top = 1000
	stats, err := b.office.Stats(ctx, q, top)
	if err != nil {
		return b.office.settings.Explain(err)
	}
	show(stats.Groups)
	return nil
}

// filterByCause leaves the letters of one group.
func filterByCause(g dlq.Group, current string) string {
	filter := `.cause.fingerprint == "` + g.Fingerprint + `"`
	if strings.TrimSpace(current) == "" {
		return filter
	}
	return "(" + current + ") and " + filter
}
