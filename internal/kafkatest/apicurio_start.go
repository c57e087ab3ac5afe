package kafkatest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// apicurioVersion is the one in apicurio.xml, and the container image's.
const apicurioVersion = "3.3.3"

// apicurioJava is the oldest Java that runs it.
const apicurioJava = 21

// apicurioImage is the container that serves where Java or Maven are missing.
const apicurioImage = "apicurio/apicurio-registry:" + apicurioVersion

//go:embed apicurio.xml
var apicurioPOM []byte

// apicurioApp is the program, unpacked.
var apicurioApp = download{"Apicurio Registry", "apicurio-" + apicurioVersion, apicurioPOM, unpacking}

// apicurioRunner makes the command that runs the registry with the given settings
// of the JVM.
type apicurioRunner func(settings []string) (command, error)

// apicurioHere finds or gets an Apicurio to run, once.
var apicurioHere = sync.OnceValues(func() (apicurioRunner, error) {
	j, folder, err := apicurioApp.here(apicurioJava)
	if err == nil {
		return apicurioWith(j, folder), nil
	}
	if err = unavailable(err); !errors.Is(err, errUnavailable) || errors.Is(err, errNoShell) || !dockerWorks() {
		return nil, err
	}
	return apicurioContainer, pullImage(apicurioImage)
})

// apicurioWith runs it on this machine's Java. Its own launcher reads classes in a way
// that no archive can serve, so they come from a plain class path: half the start.
func apicurioWith(j java, folder string) apicurioRunner {
	with := func(options ...string) apicurioRunner {
		jvm := append([]string{j.binary(), "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
			"--add-opens=java.base/java.lang=ALL-UNNAMED", "--enable-native-access=ALL-UNNAMED"}, options...)
		return func(settings []string) (command, error) {
			args := append(slices.Clip(jvm), settings...)
			return command{args: append(args, "-cp", apicurioClassPath(libs(folder)), "io.quarkus.runner.GeneratedMain")}, nil
		}
	}
	return with(withArchive(classArchive(j, folder, func(option string) error {
		return recordApicurio(with(option))
	}))...)
}

// apicurioClassPath lists what its launcher would, which takes a class that Quarkus
// has changed before the one it was made of.
func apicurioClassPath(libs string) string {
	var all []string
	for _, jars := range []string{"quarkus/transformed-bytecode.jar", "quarkus/generated-bytecode.jar", "app/*.jar", "lib/boot/*.jar", "lib/main/*.jar"} {
		found, _ := filepath.Glob(filepath.Join(libs, filepath.FromSlash(jars))) // a good pattern
		all = append(all, found...)
	}
	return strings.Join(all, string(os.PathListSeparator))
}

// recordApicurio runs a registry once, for the archive of its classes.
func recordApicurio(run apicurioRunner) error {
	r, err := startApicurio(run, false)
	if err != nil {
		return err
	}
	defer r.remove()
	ctx, cancel := context.WithTimeout(context.Background(), bootTime)
	defer cancel()
	if _, _, err := r.ask(ctx, http.MethodPost, "/subjects/any/versions", `{"schema":"\"string\""}`); err != nil {
		return err
	}
	return r.proc.stopRecorded()
}

// apicurioContainer runs the image instead. Its script hands the settings to the
// JVM by itself. As with Kafka's, no test has run the image.
func apicurioContainer(settings []string) (command, error) {
	home, err := workspace()
	if err != nil {
		return command{}, err
	}
	flags := []string{"--env", "JAVA_OPTS_APPEND=" + strings.Join(settings, " ")}
	return dockerRun(home.dir, apicurioImage, flags, nil)
}

// needApicurio returns an Apicurio to run, or ends the test.
func needApicurio(t testing.TB) apicurioRunner {
	t.Helper()
	run, err := apicurioHere()
	demand(t, err)
	return run
}

// startApicurio starts a registry and waits until it answers.
func startApicurio(run apicurioRunner, secured bool) (r *Registry, err error) {
	for range 3 {
		if r, err = tryApicurio(run, secured); !errors.Is(err, errPortTaken) {
			break
		}
	}
	return r, err
}

func tryApicurio(run apicurioRunner, secured bool) (_ *Registry, err error) {
	r := &Registry{client: &http.Client{Transport: &http.Transport{}}}
	defer func() {
		if err != nil {
			r.remove()
		}
	}()
	if r.dir, err = newDir("apicurio"); err != nil {
		return nil, err
	}
	settings, err := r.settings(secured)
	if err != nil {
		return nil, err
	}
	cmd, err := run(settings)
	if err != nil {
		return nil, err
	}
	if r.proc, err = start("Apicurio Registry", cmd, r.dir); err != nil {
		return nil, err
	}
	return r, r.await()
}

// settings choose the ports, and what a secured registry asks for.
func (r *Registry) settings(secured bool) ([]string, error) {
	taken := map[int]bool{}
	var ports []int
	for range 3 {
		port, err := freePort(taken)
		if err != nil {
			return nil, err
		}
		taken[port], ports = true, append(ports, port)
	}
	settings := []string{
		"-Dquarkus.http.host=127.0.0.1", fmt.Sprintf("-Dquarkus.http.port=%d", ports[0]),
		"-Dquarkus.management.host=127.0.0.1", fmt.Sprintf("-Dquarkus.management.port=%d", ports[1]),
		// Without these two it refuses schemas of JSON Schema 2019-09 and later.
		"-Dapicurio.compat.json-schema.use-apitomy=true",
		"-Dapicurio.features.experimental.enabled=true",
	}
	if !secured {
		r.URL = fmt.Sprintf("http://127.0.0.1:%d/apis/ccompat/v7", ports[0])
		return settings, nil
	}
	pair, err := r.identity()
	if err != nil {
		return nil, err
	}
	r.URL = fmt.Sprintf("https://127.0.0.1:%d/apis/ccompat/v7", ports[2])
	r.User, r.Password = Alice, Password(Alice)
	return append(settings,
		fmt.Sprintf("-Dquarkus.http.ssl-port=%d", ports[2]),
		"-Dquarkus.http.insecure-requests=disabled",
		"-Dquarkus.http.ssl.certificate.files="+pair.cert,
		"-Dquarkus.http.ssl.certificate.key-files="+pair.key,
		"-Dquarkus.http.auth.basic=true",
		"-Dquarkus.security.users.embedded.plain-text=true",
		"-Dquarkus.security.users.embedded.users."+r.User+"="+r.Password,
		"-Dquarkus.security.users.embedded.roles."+r.User+"=sr-admin",
		"-Dquarkus.http.auth.permission.everything.paths=/*",
		"-Dquarkus.http.auth.permission.everything.policy=authenticated",
	), nil
}

// identity makes the registry's certificate, and lets its client trust it.
func (r *Registry) identity() (keyPair, error) {
	ca, err := newAuthority(r.dir, "registry-ca")
	if err != nil {
		return keyPair{}, err
	}
	r.CAFile = ca.file
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	r.client.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	return ca.server("registry", time.Now().Add(24*time.Hour), "localhost", "127.0.0.1")
}

// await waits until the registry answers. It is Apicurio itself that answers: on
// a port that is taken it ends instead.
func (r *Registry) await() error {
	detail, ok := poll(bootTime, func() (bool, string) {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		status, answer, err := r.ask(ctx, http.MethodGet, "/subjects", "")
		if !r.proc.Running() {
			return true, ""
		}
		return err == nil && status == http.StatusOK, fmt.Sprintf("%d %s, error %v", status, answer, err)
	})
	switch {
	case !ok:
		return fmt.Errorf("waited %s for Apicurio Registry to answer: %s\n%s", bootTime, detail, r.proc.tails())
	case r.proc.Running():
		return nil
	case strings.Contains(r.proc.Stdout()+r.proc.Stderr(), "already in use"):
		return fmt.Errorf("starting Apicurio Registry: %w\n%s", errPortTaken, r.proc.tails())
	}
	return fmt.Errorf("Apicurio Registry ended with exit code %d while it started\n%s", r.proc.ExitCode(), r.proc.tails())
}

// remove ends the registry and deletes its files.
func (r *Registry) remove() {
	if r.proc != nil {
		_ = r.proc.Kill()
	}
	_ = os.RemoveAll(r.dir)
}
