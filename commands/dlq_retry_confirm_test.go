package commands_test

import (
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/twmb/franz-go/pkg/kgo"
)

// production is an environment whose cluster is marked as such.
func production(t *testing.T, c *kafkatest.Cluster) map[string]string {
	t.Helper()
	text := "current: prod\ncontexts:\n  prod:\n    brokers: [" + strings.Join(c.Brokers(), ", ") + "]\n    production: true\n"
	return map[string]string{"EVTCTL_CONFIG": file(t, "config.yaml", text), "TERM": "xterm"}
}

// origined makes a topic with one record, and a dead-letter topic.
func origined(t *testing.T, c *kafkatest.Cluster) (origin, topic string) {
	t.Helper()
	origin, topic = c.Topic(t, 1), c.Topic(t, 1)
	c.Produce(t, &kgo.Record{Topic: origin, Key: []byte("k"), Value: []byte("v")})
	return origin, topic
}

func sentTo(t *testing.T, c *kafkatest.Cluster, origin, want string) {
	t.Helper()
	kafkatest.Eventually(t, 2*time.Minute, "letters sent", func() (bool, string) {
		got := ends(t, c, origin)
		return got == want, got
	})
}

func TestARetryDaemonThatNobodyCanConfirmEndsThoughNoLetterIsDue(t *testing.T) {
	c := kafkatest.Fake(t)
	_, topic := origined(t, c)
	for name, test := range map[string]struct {
		env   map[string]string
		flags []string
		says  string
	}{
		"without a flag":           {brokers(c), nil, "not confirmed: there is no terminal to ask on"},
		"with yes, in production":  {production(t, c), []string{"--yes"}, "not confirmed: there is no terminal to ask on"},
		"with the name of another": {production(t, c), []string{"--confirm", "others"}, `not confirmed: --confirm names "others"`},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, time.Now(), test.env, append([]string{"dlq", "retry", topic, "--after", "10m", "--daemon", "--every", "1s"}, test.flags...)...)
			select {
			case code := <-s.code:
				if code != 2 || !strings.Contains(s.said(), test.says) {
					t.Errorf("exit code %d:\n%s", code, s.said())
				}
			case <-time.After(2 * time.Minute):
				t.Errorf("it goes on:\n%s", s.said())
			}
		})
	}
}

func TestARetryDaemonThatAFlagConfirmsGoesOnInProduction(t *testing.T) {
	c := kafkatest.Fake(t)
	origin, topic := origined(t, c)
	s := serve(t, time.Now(), production(t, c), "dlq", "retry", topic, "--after", "10m", "--daemon", "--every", "1s", "--confirm", topic)
	s.says(1, "no letter is due")
	for i, want := range []string{"0=3", "0=5"} { // with the markers of transactions
		c.Produce(t, diedAgain(topic, origin, 0, time.Now().Add(-time.Hour)))
		s.says(i+1, "retried 1 of 1 letter")
		sentTo(t, c, origin, want)
	}
	s.ends(130)
}

func TestARetryDaemonAsksBeforeItSendsAndOnlyOnce(t *testing.T) {
	c := kafkatest.Fake(t)
	for name, test := range map[string]struct {
		env           map[string]string
		prompt, reply string
	}{
		"yes or no":  {brokersOnTerminal(c), "Retry 1 letter of", "y"},
		"production": {production(t, c), "This is production.", ""},
	} {
		t.Run(name, func(t *testing.T) {
			origin, topic := origined(t, c)
			if test.reply == "" {
				test.reply = topic
			}
			died := func() { c.Produce(t, diedAgain(topic, origin, 0, time.Now().Add(-time.Hour))) }
			term := onTerminal(t, test.env, "dlq", "retry", topic, "--after", "10m", "--daemon", "--every", "1s")
			term.sees("no letter is due")
			died()
			term.sees(test.prompt)
			if got := ends(t, c, origin); got != "0=1" {
				t.Fatalf("it sends before it was answered: %s", got)
			}
			term.press(test.reply + "\r")
			sentTo(t, c, origin, "0=3")
			died()
			sentTo(t, c, origin, "0=5")
		})
	}
}
