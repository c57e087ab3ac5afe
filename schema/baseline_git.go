package schema

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// gitBaseline is a revision of the repositories that candidates are in.
type gitBaseline struct {
	revision string
	mu       sync.Mutex
	repos    map[string]*gitRepo // by a folder within
}

// InGit is the baseline of what the candidates' files, and those they refer to,
// were at a git revision. A file that was renamed since is found when git knows of
// it. A revision that doesn't exist is a *[RequestError].
//
// It runs git, which has to be on the PATH.
func InGit(revision string) Baseline {
	return &gitBaseline{revision: revision, repos: map[string]*gitRepo{}}
}

func (b *gitBaseline) String() string { return "git revision " + b.revision }

func (b *gitBaseline) History(ctx context.Context, of Lookup) (*History, error) {
	path, err := realPath(of.Path)
	if err != nil {
		return nil, err
	}
	repo, err := b.repo(ctx, filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	name, err := repo.name(path)
	if err != nil {
		return nil, err
	}
	available, err := repo.available(ctx, of.Available)
	if err != nil {
		return nil, err
	}
	h := &History{Subject: of.Subject}
	text, found, err := repo.file(ctx, name)
	if err == nil && !found {
		if old := repo.renamed[name]; old != "" {
			h.Notes = append(h.Notes, fmt.Sprintf("the file was %s at %s", old, b.revision))
			name = old
			text, found, err = repo.file(ctx, old)
		}
	}
	if err != nil || !found {
		h.New = !found
		return h, err
	}
	h.Versions = []Version{{
		Label: fmt.Sprintf("the version at %s", b.revision), Format: formatOf(name), Text: text,
		Available: available,
	}}
	return h, nil
}

// gitRepo is one repository at the revision.
type gitRepo struct {
	top     string // its folder
	commit  string
	renamed map[string]string // from today's name to that at the revision

	mu    sync.Mutex // held while cat is asked
	cache map[string]gitFile

	poolOnce sync.Once
	pool     *Pool
	poolErr  error
}

type gitFile struct {
	text  []byte
	found bool
}

// repo opens the repository that a folder is in.
func (b *gitBaseline) repo(ctx context.Context, dir string) (*gitRepo, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r := b.repos[dir]; r != nil {
		return r, nil
	}
	top, err := git(ctx, dir, nil, "rev-parse", "--show-toplevel")
	if err != nil && strings.Contains(err.Error(), "not a git repository") {
		return nil, askedf("run it where the schemas are under git, or compare with a folder or a registry", "schemas in %s: they are in no git repository", dir)
	}
	if err != nil {
		return nil, &BaselineError{fmt.Errorf("git repository of %s: %w", dir, err)}
	}
	at := strings.TrimSuffix(string(top), "\n")
	if r := b.repos[at]; r != nil {
		b.repos[dir] = r
		return r, nil
	}
	commit, err := git(ctx, dir, nil, "rev-parse", "--verify", "--quiet", "--end-of-options", b.revision+"^{commit}")
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return nil, askedf("in CI, fetch it first: a shallow clone has only the newest commit; \"git fetch origin main\" makes it origin/main",
				"git revision %q: there is none in %s", b.revision, at)
		}
		return nil, &BaselineError{err}
	}
	r := &gitRepo{top: at, commit: strings.TrimSpace(string(commit)), cache: map[string]gitFile{}}
	if r.renamed, err = r.renames(ctx); err != nil {
		return nil, &BaselineError{fmt.Errorf("renamed files since %s: %w", b.revision, err)}
	}
	b.repos[dir], b.repos[at] = r, r
	return r, nil
}

// name is a file's name within the repository.
func (r *gitRepo) name(path string) (string, error) {
	name, err := filepath.Rel(r.top, path)
	if err != nil || !filepath.IsLocal(name) {
		return "", fmt.Errorf("schema %s: it is outside of the git repository %s", path, r.top)
	}
	if strings.ContainsAny(name, "\n") {
		return "", fmt.Errorf("schema %q: a line break in a file's name", path)
	}
	return filepath.ToSlash(name), nil
}

// renames asks which files have another name now, in the index or the work tree.
func (r *gitRepo) renames(ctx context.Context) (map[string]string, error) {
	out, err := git(ctx, r.top, nil, "diff", "--name-status", "-z", "--find-renames", "--diff-filter=R", "--no-ext-diff", r.commit, "--")
	if err != nil {
		return nil, err
	}
	renamed := map[string]string{}
	fields := strings.Split(string(out), "\x00")
	for i := 0; i+2 < len(fields); i += 3 {
		renamed[fields[i+2]] = fields[i+1]
	}
	return renamed, nil
}

// file reads a file at the revision. Found is false when there was none.
func (r *gitRepo) file(ctx context.Context, name string) (text []byte, found bool, err error) {
	files, err := r.files(ctx, []string{name})
	if err != nil {
		return nil, false, err
	}
	return files[0].text, files[0].found, nil
}

// files reads several files at the revision with one process.
func (r *gitRepo) files(ctx context.Context, names []string) ([]gitFile, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var ask bytes.Buffer
	var unknown []string
	for _, name := range names {
		if _, known := r.cache[name]; !known {
			unknown = append(unknown, name)
			fmt.Fprintf(&ask, "%s:%s\n", r.commit, name)
		}
	}
	if len(unknown) > 0 {
		out, err := git(ctx, r.top, &ask, "cat-file", "--batch")
		if err != nil {
			return nil, fmt.Errorf("reading %s at git commit %.12s: %w", unknown[0], r.commit, err)
		}
		if err := r.remember(unknown, out); err != nil {
			return nil, fmt.Errorf("reading %s at git commit %.12s: %w", unknown[0], r.commit, err)
		}
	}
	files := make([]gitFile, len(names))
	for i, name := range names {
		files[i] = r.cache[name]
	}
	return files, nil
}

// remember reads the answers of cat-file: "ID TYPE SIZE", a line break, the content
// and another line break; or "… missing".
func (r *gitRepo) remember(names []string, out []byte) error {
	for _, name := range names {
		head, rest, ok := bytes.Cut(out, []byte("\n"))
		if !ok {
			return errors.New("git's answer broke off")
		}
		if bytes.HasSuffix(head, []byte(" missing")) {
			r.cache[name], out = gitFile{}, rest
			continue
		}
		var id, kind string
		var size int
		if n, err := fmt.Sscanf(string(head), "%s %s %d", &id, &kind, &size); err != nil || n != 3 || size < 0 || len(rest) < size+1 {
			return fmt.Errorf("git answered %q", head)
		}
		r.cache[name] = gitFile{rest[:size:size], kind == "blob"}
		out = rest[size+1:]
	}
	return nil
}

// available is the pool of files as they were at the revision. It reads them all
// at once, candidates included: one process a file would take seconds.
func (r *gitRepo) available(ctx context.Context, now *Pool) (*Pool, error) {
	r.poolOnce.Do(func() {
		var sources []Source
		var names []string
		for _, src := range now.all() {
			path, err := realPath(src.Path)
			if err != nil {
				continue
			}
			if name, err := r.name(path); err == nil {
				sources, names = append(sources, src), append(names, name)
			}
		}
		files, err := r.files(ctx, names)
		if err != nil {
			r.poolErr = err
			return
		}
		old := sources[:0]
		for i, src := range sources {
			if files[i].found {
				src.Text = files[i].text
				old = append(old, src)
			}
		}
		r.pool = NewPool(old)
	})
	return r.pool, r.poolErr
}

// realPath is a path as git has it: links on the way to a file are followed, the
// file itself isn't.
func realPath(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		path = filepath.Join(dir, filepath.Base(path))
	}
	return path, nil
}

// git runs git without letting it ask, page, or lock anything. What a hook is told
// of its repository is left out: it is relative to a folder that isn't this one.
func git(ctx context.Context, dir string, in *bytes.Buffer, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = dir
	cmd.Env = slices.DeleteFunc(cmd.Environ(), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains([]string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"}, name)
	})
	cmd.Env = append(cmd.Env, "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "LC_ALL=C")
	if in != nil {
		cmd.Stdin = in
	}
	out, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		words, _, _ := strings.Cut(strings.TrimSpace(string(exit.Stderr)), "\n")
		return nil, fmt.Errorf("git %s: %w: %s", args[0], exit, strings.TrimPrefix(words, "fatal: "))
	case err != nil:
		return nil, fmt.Errorf("running git: %w", err)
	}
	return out, nil
}
