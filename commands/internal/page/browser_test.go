package page_test

import (
	"context"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// leftOut begins the message of a test that is skipped for want of a browser.
const leftOut = "LEFT OUT, Chromium needed"

// browser gives the path of a Chromium.
func browser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("EVTCTL_REQUIRE_BROWSER") != "" {
		t.Fatal("EVTCTL_REQUIRE_BROWSER is set, and no Chromium is in PATH")
	}
	t.Skipf("%s: chromium, chromium-browser or google-chrome in PATH", leftOut)
	return ""
}

// browse opens a page and gives what Chromium writes to its two streams.
func browse(t *testing.T, file string, args ...string) (stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	args = append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--enable-logging=stderr",
		"--user-data-dir=" + t.TempDir(),
	}, append(args, "file://"+file)...)
	cmd := exec.CommandContext(ctx, browser(t), args...)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, &errs, 10*time.Second
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, errs.String())
	}
	return out.String(), errs.String()
}

func saved(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// reads gives the text of a page that a reader sees, and its title.
func reads(t *testing.T, dom string) (text, title string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(dom))
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for n := range root.Descendants() {
		if n.Type != html.TextNode || n.Parent.Data == "style" {
			continue
		}
		if n.Parent.Data == "title" {
			title = n.Data
			continue
		}
		words = append(words, strings.Fields(n.Data)...)
	}
	return strings.Join(words, " "), title
}

func TestWhatAReaderSees(t *testing.T) {
	browser(t)
	dom, _ := browse(t, saved(t, write(t, trouble("order-events"))), "--dump-dom")
	text, title := reads(t, dom)
	if title != "evtctl health: critical, 2026-03-02T13:00:00Z" {
		t.Errorf("title %q", title)
	}
	for _, want := range []string{
		"Health: critical", "6 critical, 2 warning", "cluster 4L6g3nShT-eMCtK--X86sw, looked at for 10s",
		"critical order-events: 1 partition without a leader (2); broker 3 is not in sync",
		"kafka-topics.sh --bootstrap-server kafka-1:9092 --describe --unavailable-partitions",
		"evtctl lag --group order-events --topic order-events", "120, 40 undisposed", "1m 35s, median 12s",
		"Lag of all groups: 308,000", "a note about order-events", "How each figure is measured",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// TestNothingIsRunOrLoaded has a server that names point to. That a page which does load
// and run something is told of shows that the test can fail.
func TestNothingIsRunOrLoaded(t *testing.T) {
	browser(t)
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer server.Close()
	name := fmt.Sprintf(`"'><img src=%s><script>fetch(%q); throw 1</script><style>@import url(%s);</style>`, server.URL, server.URL, server.URL)
	_, logged := browse(t, saved(t, "<!DOCTYPE html><title>"+name), "--dump-dom")
	_, bad := browse(t, saved(t, "<!DOCTYPE html><body>"+name), "--dump-dom")
	if asked.Load() == 0 || !strings.Contains(bad, "CONSOLE") || strings.Contains(logged, "CONSOLE") {
		t.Fatalf("%d requests from a page that loads something, and it logged\n%s", asked.Load(), bad)
	}
	asked.Store(0)
	dom, logged := browse(t, saved(t, write(t, trouble(name))), "--dump-dom")
	if n := asked.Load(); n != 0 || strings.Contains(logged, "CONSOLE") {
		t.Errorf("%d requests, and it logged\n%s", n, logged)
	}
	if text, _ := reads(t, dom); !strings.Contains(text, name) {
		t.Errorf("the name is not to be read as it is in\n%s", text)
	}
}

func TestThePageIsLightOrDark(t *testing.T) {
	browser(t)
	file := saved(t, write(t, trouble("order-events")))
	for scheme, isDark := range map[string]bool{"0": true, "1": false} {
		shot := filepath.Join(t.TempDir(), "shot.png")
		browse(t, file, "--window-size=1100,2600", "--blink-settings=preferredColorScheme="+scheme, "--screenshot="+shot)
		picture := decode(t, shot)
		r, g, b, _ := picture.At(2, 2).RGBA()
		if dark := r+g+b < 3*0x8000; dark != isDark {
			t.Errorf("scheme %s: the ground is %x %x %x", scheme, r>>8, g>>8, b>>8)
		}
		colours := map[[3]uint32]bool{}
		for y := 0; y < picture.Bounds().Dy(); y += 3 {
			for x := 0; x < picture.Bounds().Dx(); x += 3 {
				r, g, b, _ := picture.At(x, y).RGBA()
				colours[[3]uint32{r >> 8, g >> 8, b >> 8}] = true
			}
		}
		if len(colours) < 20 {
			t.Errorf("scheme %s: a picture of %d colours", scheme, len(colours))
		}
		if keep := os.Getenv("EVTCTL_KEEP_SHOTS"); keep != "" {
			data, err := os.ReadFile(shot)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(keep, "scheme"+scheme+".png"), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func decode(t *testing.T, path string) image.Image {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	picture, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return picture
}
