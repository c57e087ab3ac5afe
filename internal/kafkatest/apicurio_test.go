package kafkatest

import (
	"crypto/tls"
	"errors"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestApicurioRegistersAndGivesBack(t *testing.T) {
	r := Apicurio(t)
	subject := r.Subject(t, "orders-value")
	if other := r.Subject(t, "orders-value"); other == subject {
		t.Errorf("two subjects are called %q", subject)
	}
	r.Must(t, http.MethodPost, "/subjects/"+subject+"/versions", `{"schema":"\"string\""}`)
	if got := r.Must(t, http.MethodGet, "/subjects/"+subject+"/versions", ""); got != "[1]" {
		t.Errorf("it has versions %s, want [1]", got)
	}
	if again := Apicurio(t); again != r {
		t.Error("tests of one process don't share it")
	}
}

func TestASecuredApicurioLetsNobodyInUnasked(t *testing.T) {
	r := SecuredApicurio(t)
	r.Must(t, http.MethodGet, "/subjects", "")
	t.Run("without a password", func(t *testing.T) {
		stranger := &Registry{URL: r.URL, client: r.client}
		if status, _ := stranger.Ask(t, http.MethodGet, "/subjects", ""); status != http.StatusUnauthorized {
			t.Errorf("it answers %d, want 401", status)
		}
	})
	t.Run("to who doesn't know its authority", func(t *testing.T) {
		stranger := &Registry{URL: r.URL, User: r.User, Password: r.Password, client: &http.Client{Transport: &http.Transport{}}}
		_, _, err := stranger.ask(t.Context(), http.MethodGet, "/subjects", "")
		var untrusted *tls.CertificateVerificationError
		if !errors.As(err, &untrusted) {
			t.Errorf("the error is %v, want one about its certificate", err)
		}
	})
	t.Run("in plain HTTP", func(t *testing.T) {
		plain := &Registry{URL: strings.Replace(r.URL, "https:", "http:", 1), User: r.User, Password: r.Password, client: r.client}
		if status, answer, err := plain.ask(t.Context(), http.MethodGet, "/subjects", ""); err == nil && status == http.StatusOK {
			t.Errorf("it answers %s", answer)
		}
	})
}

func TestAnApicurioEndsWithItsTest(t *testing.T) {
	var dir string
	var pid int
	t.Run("one of a test's own", func(t *testing.T) {
		r := OwnApicurio(t)
		dir = r.dir
		pid, _ = strconv.Atoi(strings.TrimSpace(readFile(filepath.Join(dir, "pid"))))
		if !alive(pid) {
			t.Fatalf("process %d, that should be it, doesn't run", pid)
		}
	})
	awaitEnd(t, pid, dir)
}

func TestAnApicurioThatDoesNotStartSaysWhy(t *testing.T) {
	run := needApicurio(t)
	started := time.Now()
	_, err := startApicurio(func(settings []string) (command, error) {
		return run(append(settings, "-Dquarkus.http.host=not.an.address.invalid"))
	}, false)
	if err == nil || !strings.Contains(err.Error(), "not.an.address.invalid") {
		t.Errorf("the error is %v, want Apicurio's own words", err)
	}
	if took := time.Since(started); took > bootTime {
		t.Errorf("it took %s to say so", took)
	}
}

func TestApicurioInAContainer(t *testing.T) {
	home, err := workspace()
	if err != nil {
		t.Fatal(err)
	}
	cmd, err := apicurioContainer([]string{"-Da=b", "-Dc=d"})
	if err != nil {
		t.Fatal(err)
	}
	line := strings.Join(cmd.args, " ")
	for _, want := range []string{
		"docker run --rm --name " + cmd.container, "--network host", "--volume " + home.dir,
		"--env JAVA_OPTS_APPEND=-Da=b -Dc=d apicurio/apicurio-registry:3.3.3",
	} {
		if !strings.Contains(line, want) {
			t.Errorf("%q isn't in the command %q", want, line)
		}
	}
}
