# shellcheck shell=bash
# What stands in the documents is what is there: requirements, sources, files, tests, rules, hazards, dependencies. A part of ci.sh, which reads it.

# IDs that stand at the start of a paragraph or list item of docs/requirements.md, in bold.
defined_ids() {
  grep -oE '^(- )?\*\*REQ-[A-Z]+-[0-9]+\*\*' docs/requirements.md | grep -oE 'REQ-[A-Z]+-[0-9]+' | sort
}

# IDs cited by a test: in the comment of a `#[test]` function, in a doc comment that holds an example, at the head of
# a file of tests; or by a step of ci.sh.
# shellcheck disable=SC2016 # the dollars are awk's
tested_ids() {
  find . -name target -prune -o -name '*.rs' -print0 | xargs -0 awk '
    function take(line) { while (match(line, /REQ-[A-Z]+-[0-9]+/)) { id[++n] = substr(line, RSTART, RLENGTH); line = substr(line, RSTART + RLENGTH) } }
    function keep(  i) { for (i = 1; i <= n; i++) print id[i]; n = 0 }
    function forget() { n = 0; test = 0; example = 0 }
    FNR == 1 { forget(); file = (FILENAME ~ /tests/) }
    /^[ \t]*\/\/!/ { if (file) { take($0); keep() } next }
    /^[ \t]*\/\// { take($0); if ($0 ~ /```/) example = 1; next }
    /^[ \t]*#\[test\]/ { test = 1; next }
    /^[ \t]*#\[/ { next }
    { if (test || example) keep(); forget() }'
  grep -hoE '^# REQ-[A-Z]+-[0-9]+' ci.sh .ci/*.sh | cut -c3-
}

step_trace() {
  local work bad=0
  work=$(mktemp -d)
  trace_ids "$work" || bad=1
  trace_sources "$work" || bad=1
  trace_files "$work" || bad=1
  trace_tests || bad=1
  trace_rules "$work" || bad=1
  trace_hazards "$work" || bad=1
  trace_soup "$work" || bad=1
  rm -rf "$work"
  [ "$bad" = 0 ] || fail "documents and code do not agree"
}

# Prints a title and the lines of a file; false when there are any.
none_of() { # title file
  [ -s "$2" ] || return 0
  printf '%s: %s\n' "$1" "$(tr '\n' ' ' <"$2")"
  return 1
}

trace_ids() { # folder
  local bad=0
  defined_ids >"$1/all"
  [ -s "$1/all" ] || fail "docs/requirements.md defines no ID"
  uniq -d "$1/all" >"$1/twice"
  uniq "$1/all" >"$1/defined"
  tested_ids | sort -u >"$1/tested"
  # every mention anywhere, so that a comment cannot cite an ID that does not exist
  { find . \( -name target -o -name .git \) -prune -o \( -name '*.rs' -o -name '*.md' -o -name '*.sh' \) -print0 |
    xargs -0 grep -ohE 'REQ-[A-Z]+-[0-9]+' || true; } | sort -u >"$1/mentioned"
  comm -23 "$1/defined" "$1/tested" >"$1/untested"
  comm -13 "$1/defined" "$1/mentioned" >"$1/dangling"
  none_of 'defined twice' "$1/twice" || bad=1
  none_of 'no test cites' "$1/untested" || bad=1
  none_of 'cited, not defined' "$1/dangling" || bad=1
  printf '%s requirements, %s of them cited by a test or a step\n' \
    "$(wc -l <"$1/defined")" "$(comm -12 "$1/defined" "$1/tested" | wc -l)"
  return "$bad"
}

# Tags of sources: one that stands in the code stands in docs/sources.md.
trace_sources() { # folder
  { find . -name target -prune -o -name '*.rs' -print0 |
    xargs -0 grep -ohE '\b(STD-S[0-9]+|PRO-[SC][0-9]+|LIT-[A-Z]+)\b' || true; } | sort -u >"$1/tags"
  grep -oE '^\| (STD|PRO|LIT)-[A-Z0-9]+' docs/sources.md | cut -c3- | sort -u >"$1/sources"
  comm -23 "$1/tags" "$1/sources" >"$1/unknown"
  printf '%s source tags in the code\n' "$(wc -l <"$1/tags")"
  none_of 'not in docs/sources.md' "$1/unknown"
}

# Each file that docs/architecture.md names is there; each source file of the four crates is named.
trace_files() { # folder
  local file bad=0
  # shellcheck disable=SC2016 # those are backticks of Markdown
  grep -oE '`[a-z0-9_/]+[.]rs`' docs/architecture.md | tr -d '\140' | sort -u >"$1/named"
  while read -r file; do
    [ -n "$(find ./nmes-* ./examples ./benches -path "*/$file" -not -path '*/target/*' -print -quit)" ] ||
      { printf 'docs/architecture.md names %s, which is not there\n' "$file"; bad=1; }
  done <"$1/named"
  while read -r file; do
    grep -qxF "${file#*/src/}" "$1/named" || [[ ${file#*/src/} == sim/* ]] ||
      { printf 'docs/architecture.md does not name %s\n' "$file"; bad=1; }
  done < <(find nmes-*/src -name '*.rs' -not -name lib.rs -not -name '*tests.rs' -not -path '*/tests/*' | sort)
  return "$bad"
}

# Each test in the folders of tests of the four crates cites an ID in its own comment.
# shellcheck disable=SC2016 # the dollars are awk's
trace_tests() {
  local uncited
  uncited=$(find nmes-*/tests -name '*.rs' -print0 | xargs -0 awk '
    FNR == 1 { cited = 0; test = 0 }
    /^[ \t]*\/\/!/ { next }
    /^[ \t]*\/\// { if ($0 ~ /REQ-[A-Z]+-[0-9]+/) cited = 1; next }
    /^[ \t]*#\[test\]/ { test = 1; next }
    /^[ \t]*#\[/ { next }
    { if (test && !cited) printf "%s:%d: a test that cites no ID\n", FILENAME, FNR; cited = 0; test = 0 }')
  printf '%s tests in nmes-*/tests\n' "$(grep -rhE '^\s*#\[test\]' nmes-*/tests | wc -l)"
  [ -z "$uncited" ] || { printf '%s\n' "$uncited"; return 1; }
}

# Each rule of the table is in the list of tests on both sides (rule_sides.rs, which looks at those tests), and no other.
trace_rules() { # folder
  local bad=0
  grep -oE 'Rule::at_(most|least)\("[A-Z0-9-]+"' nmes-safety/src/rules/table.rs | cut -d'"' -f2 | sort >"$1/rules"
  [ -s "$1/rules" ] || fail "nmes-safety/src/rules/table.rs has no rule"
  sed -n '/^const SIDES/,/^];/p' nmes-safety/tests/rule_sides.rs | grep -oE '^ +\("[A-Z0-9-]+"' | cut -d'"' -f2 | sort >"$1/sides"
  uniq -d "$1/rules" >"$1/rules-twice"
  comm -23 "$1/rules" "$1/sides" >"$1/one-sided"
  comm -13 "$1/rules" "$1/sides" >"$1/no-rule"
  none_of 'rules twice in the table' "$1/rules-twice" || bad=1
  none_of 'rules without a test on both sides in nmes-safety/tests/rule_sides.rs' "$1/one-sided" || bad=1
  none_of 'in rule_sides.rs, not in the table' "$1/no-rule" || bad=1
  printf '%s rules, %s of them with tests on both sides\n' "$(wc -l <"$1/rules")" "$(comm -12 "$1/rules" "$1/sides" | wc -l)"
  return "$bad"
}

# Each hazard names requirements and tests, and they are there.
# shellcheck disable=SC2016 # the dollars are awk's, the backticks Markdown's
trace_hazards() { # folder
  local hazard requirements tests id test bad=0
  grep -E '^\| HAZ-[0-9]+ ' docs/hazards.md >"$1/hazards" || fail "docs/hazards.md has no hazard"
  grep -oE '^\| HAZ-[0-9]+' "$1/hazards" | sort | uniq -d >"$1/hazards-twice"
  none_of 'hazards twice' "$1/hazards-twice" || bad=1
  # every function that is a test
  find . -name target -prune -o -name '*.rs' -print0 | xargs -0 awk '
    /^[ \t]*#\[test\]/ { test = 1; next }
    test && /^[ \t]*#\[/ { next }
    test { if (match($0, /fn [a-z0-9_]+/)) print substr($0, RSTART + 3, RLENGTH - 3); test = 0 }' | sort -u >"$1/functions"
  while IFS='|' read -r _ hazard _ _ _ requirements tests _; do
    [[ $requirements =~ REQ- ]] || { printf '%s has no requirement\n' "$hazard"; bad=1; }
    [[ $tests == *'`'* ]] || { printf '%s has no test\n' "$hazard"; bad=1; }
    while read -r id; do
      grep -qxF "$id" "$1/defined" || { printf '%s names %s, which is not defined\n' "$hazard" "$id"; bad=1; }
    done < <(grep -oE 'REQ-[A-Z]+-[0-9]+' <<<"$requirements")
    while read -r test; do
      grep -qxF "$test" "$1/functions" || { printf '%s names the test %s, which is not there\n' "$hazard" "$test"; bad=1; }
    done < <(grep -oE '`[a-z0-9_]+`' <<<"$tests" | tr -d '\140')
  done <"$1/hazards"
  printf '%s hazards, each with requirements and tests\n' "$(wc -l <"$1/hazards")"
  return "$bad"
}

# The versions in docs/soup.md are those of Cargo.lock, and each direct dependency has a row.
trace_soup() { # folder
  local crate version bad=0
  awk '$1 == "name" { gsub(/"/, "", $3); name = $3 } $1 == "version" { gsub(/"/, "", $3); sub(/[+].*/, "", $3); print name, $3 }' Cargo.lock |
    sort -u >"$1/locked"
  sed -nE 's/^\| ([a-z0-9_-]+) \| ([0-9]+\.[0-9]+\.[0-9]+) \|.*/\1 \2/p' docs/soup.md | sort >"$1/soup"
  comm -13 "$1/locked" "$1/soup" >"$1/other-version"
  none_of 'in docs/soup.md, not in Cargo.lock' "$1/other-version" || bad=1
  while read -r crate; do
    grep -q "^$crate " "$1/soup" || { printf 'docs/soup.md has no row for %s\n' "$crate"; bad=1; }
  done < <(sed -n '/^\[workspace.dependencies\]/,/^\[/p' Cargo.toml | sed -nE 's/^([a-z0-9_-]+) = .*/\1/p' | grep -v '^nmes-')
  while read -r crate version; do
    printf '%s %s is in docs/soup.md twice\n' "$crate" "$version"; bad=1
  done < <(uniq -d "$1/soup")
  printf '%s dependencies in docs/soup.md\n' "$(wc -l <"$1/soup")"
  return "$bad"
}
