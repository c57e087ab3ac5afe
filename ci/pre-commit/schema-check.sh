#!/usr/bin/env bash
# Compares schema files with those of the last commit. It runs as a hook of the
# pre-commit framework, which hands it file names (after what its args: says), and
# as git's own: ln -s ../../ci/pre-commit/schema-check.sh .git/hooks/pre-commit
#
# It looks at the files as they lie in the work tree. Exit codes are evtctl's: 3 where
# a change isn't safe.
set -euo pipefail

if ! git rev-parse --quiet --verify HEAD >/dev/null; then
  exit 0 # the first commit: there is nothing to break
fi
if [ "$#" -eq 0 ]; then
  files=()
  while IFS= read -r -d '' file; do
    files+=("$file")
  done < <(git diff --cached --name-only -z --diff-filter=ACMR -- '*.avsc' '*.proto' '*.schema.json')
  [ "${#files[@]}" -gt 0 ] || exit 0
  set -- -- "${files[@]}"
fi
exec evtctl schema check --against git:HEAD "$@"
