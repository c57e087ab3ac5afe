package render

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"
)

// binding is what a key does. Those of a view are in the order of their importance,
// which is that of the help bar.
type binding struct {
	keys []string
	show string // the key as the bar and the page of keys have it
	bar  string // a word or two for the bar; empty: on the page only
	page string // for the page of keys
	do   func()
}

// keys acts on what was typed. Characters typed fast come in one message.
func (m *browseModel[R]) keys(msg tea.KeyMsg) tea.Cmd {
	switch {
	case msg.Type == tea.KeyCtrlC:
		m.interrupt()
		return nil
	case msg.Type == tea.KeyCtrlZ:
		return tea.Suspend
	case msg.Paste:
		if m.prompt != nil {
			m.insert(msg.Runes)
		}
		return nil
	case (msg.Type != tea.KeyRunes && msg.Type != tea.KeySpace) || msg.Alt:
		m.key(msg.String())
		return nil
	}
	for _, r := range msg.Runes {
		if m.leaving {
			break
		}
		if m.prompt != nil {
			m.insert([]rune{r})
		} else {
			m.key(string(r))
		}
	}
	return nil
}

// key acts on one key that isn't text for a prompt.
func (m *browseModel[R]) key(name string) {
	m.notice, m.back = "", 0
	if m.prompt != nil {
		m.promptKey(name)
		return
	}
	for _, b := range m.bindings() {
		for _, key := range b.keys {
			if key == name {
				b.do()
				return
			}
		}
	}
}

// bindings are the keys of the view that is shown.
func (m *browseModel[R]) bindings() []binding {
	switch m.place {
	case inGroups:
		return m.groupKeys()
	case inDetail:
		return m.detailKeys()
	case inHelp:
		return append([]binding{
			{[]string{"esc", "?", "enter"}, "Esc", "back", "back", func() { m.place = m.helpFrom }},
			m.quitKey(),
		}, m.paneMotions(&m.help)...)
	}
	return m.listKeys()
}

func (m *browseModel[R]) quitKey() binding {
	return binding{[]string{"q"}, "q", "quit", "leave", m.leave}
}

func (m *browseModel[R]) helpKey() binding {
	return binding{[]string{"?"}, "?", "keys", "all keys", m.showKeys}
}

// markKey is there where something can be done with what is marked.
func (m *browseModel[R]) markKey() []binding {
	if len(m.browser.Actions) == 0 {
		return nil
	}
	return []binding{{[]string{" "}, "Space", "mark", "mark the row, or take its mark away", m.toggleMark}}
}

func (m *browseModel[R]) actionKeys() []binding {
	var keys []binding
	for _, a := range m.browser.Actions {
		page := a.Label + map[Scope]string{
			OnMarked: ": the marked rows, or the current one", OnCurrent: ": the current row", OnFilter: ": all that the filter lets through",
		}[a.Scope]
		keys = append(keys, binding{[]string{a.Key}, Escape(a.Key), Escape(a.Label), page, func() { m.act(a) }})
	}
	return keys
}

func (m *browseModel[R]) listKeys() []binding {
	keys := []binding{m.quitKey(), m.helpKey()}
	if len(m.browser.Tabs) > 0 {
		keys = append(keys, binding{[]string{"enter"}, "Enter", "open", "the row in detail", m.enter})
	}
	if m.state.blocked {
		keys = append(keys, binding{[]string{"m"}, "m", "load more", "read on; the first rows are let go", m.more})
	}
	keys = append(keys, m.markKey()...)
	keys = append(keys, m.actionKeys()...)
	keys = append(keys, binding{[]string{"/"}, "/", "filter", "type a filter", m.askFilter})
	if m.browser.Groups != nil {
		keys = append(keys, binding{[]string{"g"}, "g", "groups", "groups instead of rows", m.toggleGroups})
	}
	back := binding{[]string{"esc"}, "Esc", "", "back to the filter before", m.unfilter}
	if len(m.filters) > 0 {
		back.bar = "unfilter"
	}
	keys = append(keys, back)
	if len(m.browser.Actions) > 0 {
		keys = append(keys,
			binding{[]string{"a"}, "a", "mark all", "mark all rows that are loaded", m.markAll},
			binding{[]string{"c"}, "c", "clear marks", "take all marks away", m.unmark},
		)
	}
	keys = append(keys, m.findKeys()...)
	keys = append(keys, m.rereadKey())
	return append(keys, m.listMotions(&m.list)...)
}

func (m *browseModel[R]) groupKeys() []binding {
	keys := []binding{
		m.quitKey(), m.helpKey(),
		{[]string{"enter"}, "Enter", "its rows", "filter by the group, and show its rows", m.enterGroup},
		{[]string{"g", "esc"}, "g", "rows", "rows instead of groups", m.toggleGroups},
		{[]string{"/"}, "/", "filter", "type a filter", m.askFilter},
	}
	keys = append(keys, m.findKeys()...)
	keys = append(keys, m.rereadKey())
	return append(keys, m.listMotions(&m.groups.list)...)
}

func (m *browseModel[R]) detailKeys() []binding {
	keys := []binding{
		m.quitKey(), m.helpKey(),
		{[]string{"esc"}, "Esc", "back", "back to the list", func() { m.place = inList }},
		{[]string{"tab"}, "Tab", "next", "the next tab", func() { m.turn(1) }},
		{[]string{"shift+tab"}, "Shift-Tab", "", "the tab before", func() { m.turn(-1) }},
	}
	keys = append(keys, m.markKey()...)
	keys = append(keys, m.actionKeys()...)
	keys = append(keys,
		binding{[]string{"J"}, "J", "next row", "the next row", func() { m.turnRow(1) }},
		binding{[]string{"K"}, "K", "row before", "the row before", func() { m.turnRow(-1) }},
		binding{[]string{"w"}, "w", "wrap", "wrap long lines, or cut them", m.detail.pane.toggleWrap},
	)
	keys = append(keys, m.findKeys()...)
	return append(keys, m.paneMotions(&m.detail.pane)...)
}

func (m *browseModel[R]) rereadKey() binding {
	return binding{[]string{"ctrl+r"}, "Ctrl-R", "", "read anew", m.reread}
}

// showKeys shows all keys of the view.
func (m *browseModel[R]) showKeys() {
	var b strings.Builder
	for _, k := range m.bindings() {
		b.WriteString(k.show + strings.Repeat(" ", max(1, 12-cellWidth(k.show))) + k.page + "\n")
	}
	b.WriteString("Ctrl-Z      suspend\nCtrl-C      interrupt\n")
	m.help.set(b.String(), nil)
	m.helpFrom, m.place = m.place, inHelp
}
