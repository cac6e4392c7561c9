# shellcheck shell=bash
# What stands in the documents is what is there: requirements, sources, files, tests, rules, hazards, dependencies. A part of ci.sh, which reads it.

# IDs that stand at the start of a paragraph or list item of docs/requirements.md, in bold.
defined_ids() {
  grep -oE '^(- )?\*\*REQ-[A-Z]+-[0-9]+\*\*' docs/requirements.md | grep -oE 'REQ-[A-Z]+-[0-9]+' | sort
}

# Every test, of every package: file, function, the IDs in its own comment, and the modules around it in its file (`a::b::`,
# a macro as `$name::`), separated by tabs. The head of a file (`//!`) is about no test of it. Modules are told by rustfmt's
# indentation.
# shellcheck disable=SC2016 # the dollars are awk's
list_tests() {
  find . -name target -prune -o -name '*.rs' -print0 | xargs -0 awk '
    function forget() { ids = ""; test = 0 }
    function around(  i, path) { for (i = 1; i <= depth; i++) path = path module[i] "::"; return path }
    FNR == 1 { forget(); depth = 0 }
    /^[ \t]*\/\/!/ { next }
    /^[ \t]*\/\// { line = $0; while (match(line, /REQ-[A-Z]+-[0-9]+/)) { ids = ids " " substr(line, RSTART, RLENGTH); line = substr(line, RSTART + RLENGTH) } next }
    /^[ \t]*#\[test\]/ { test = 1; next }
    /^[ \t]*#\[/ { next }
    depth > 0 && $0 == indent[depth] "}" { depth-- }
    /^ *((pub |pub\([a-z]+\) )?mod|macro_rules!) [a-z0-9_]+ \{$/ {
      name = $0; sub(/ \{$/, "", name); sub(/.* /, "", name); if ($0 ~ /^ *macro/) name = "$" name; lead = $0; sub(/[^ ].*/, "", lead)
      module[++depth] = name; indent[depth] = lead }
    { if (test) { match($0, /fn [^( ]+/); printf "%s\t%s\t%s\t%s\n", FILENAME, substr($0, RSTART + 3, RLENGTH - 3), ids, around() } forget() }'
}

# IDs cited by a test, or right above a function of ci.sh and its parts.
# shellcheck disable=SC2016 # the dollars are awk's
tested_ids() { # folder
  cut -f3 "$1/tests" | grep -oE 'REQ-[A-Z]+-[0-9]+' || true
  awk '/^# REQ-[A-Z]+-[0-9]+/ { match($0, /REQ-[A-Z]+-[0-9]+/); id[++n] = substr($0, RSTART, RLENGTH); next }
    /^#/ { next }
    { if (/^[a-z_0-9]+\(\) \{/) for (i = 1; i <= n; i++) print id[i]; n = 0 }' ci.sh .ci/*.sh
}

step_trace() {
  local work part bad=0
  work=$(mktemp -d)
  trace_facts "$work"
  for part in ids sources files tests rules hazards soup; do "trace_$part" "$work" || bad=1; done
  [ "$bad" = 0 ] || { rm -rf "$work"; fail "documents and code do not agree"; }
  trace_can_fail "$work" || bad=1
  rm -rf "$work"
  [ "$bad" = 0 ] || fail "trace does not find what it is there for"
}

# What the parts below read.
trace_facts() { # folder
  defined_ids >"$1/all"
  [ -s "$1/all" ] || fail "docs/requirements.md defines no ID"
  uniq "$1/all" >"$1/defined"
  list_tests >"$1/tests"
}

# Prints a title and the lines of a file; false when there are any.
none_of() { # title file
  [ -s "$2" ] || return 0
  printf '%s: %s\n' "$1" "$(tr '\n' ' ' <"$2")"
  return 1
}

trace_ids() { # folder
  local bad=0
  uniq -d "$1/all" >"$1/twice"
  tested_ids "$1" | sort -u >"$1/tested"
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

# Each test cites an ID in its own comment.
trace_tests() { # folder
  awk -F'\t' '$3 == "" { print $1 "::" $2 }' "$1/tests" >"$1/uncited"
  printf '%s tests\n' "$(wc -l <"$1/tests")"
  none_of 'tests that cite no ID' "$1/uncited"
}

# Each rule of the table is in the list of rule_sides.rs, and no other. That test has each answered on both sides of its
# limit, by one function, and compares its list with the table too.
trace_rules() { # folder
  local sides=nmes-safety/tests/rule_sides.rs test bad=0
  grep -rhoE '^pub static [A-Z0-9_]+: Rule ' nmes-safety/src/rules | cut -d' ' -f3 | tr -d : | sort >"$1/rules"
  [ -s "$1/rules" ] || fail "nmes-safety/src/rules has no rule"
  grep -rhoE 'Rule::at_(most|least)\("[A-Z0-9-]+"' nmes-safety/src/rules | cut -d'"' -f2 | sort | uniq -d >"$1/rules-twice"
  sed -n '/^const SIDES/,/^];/p' "$sides" | grep -oE '^ +\(?&rules::[A-Z0-9_]+,' | grep -oE '[A-Z0-9_]{2,}' | sort >"$1/sides"
  comm -23 "$1/rules" "$1/sides" >"$1/one-sided"
  comm -13 "$1/rules" "$1/sides" >"$1/no-rule"
  none_of 'rules twice in the table' "$1/rules-twice" || bad=1
  none_of "rules without both sides in $sides" "$1/one-sided" || bad=1
  none_of 'in rule_sides.rs, not in the table' "$1/no-rule" || bad=1
  for test in every_rule_has_two_sides one_side_is_not_enough; do
    [ "$(tests_of "$1" rule_sides "$test" | wc -l)" = 1 ] || { printf '%s has no test %s\n' "$sides" "$test"; bad=1; }
  done
  printf '%s rules, %s of them with both sides\n' "$(wc -l <"$1/rules")" "$(comm -12 "$1/rules" "$1/sides" | wc -l)"
  return "$bad"
}

# File and IDs of the tests of a name in the files of a name.
# shellcheck disable=SC2016 # the dollars are awk's
tests_of() { # folder file test
  awk -F'\t' -v file="/$2.rs" -v test="$3" '
    $2 == test && substr($1, length($1) - length(file) + 1) == file { print $1, $3 }' "$1/tests"
}

# Each hazard names requirements, and tests as `file::test`, and they are there, each in one place. Each requirement of a
# hazard is cited by one of its tests, and each of its tests cites one of them.
# shellcheck disable=SC2016 # the dollars are awk's
trace_hazards() { # folder
  grep -E '^\| HAZ-[0-9]+ ' docs/hazards.md >"$1/hazards" || fail "docs/hazards.md has no hazard"
  awk -F'\t' '
    FILENAME ~ /defined$/ { defined[$1]; next }
    FILENAME ~ /tests$/ { all[$2] = all[$2] "\t" $1 " " $3; next }
    function say(what) { print hazard " " what; bad = 1 }
    function cites(test,  parts, places, ends, i, n, found, ids) {
      n = split(all[substr(test, index(test, "::") + 2)], places, "\t")
      ends = "/" substr(test, 1, index(test, "::") - 1) ".rs"
      for (i = 2; i <= n; i++) {
        split(places[i], parts, " ")
        if (substr(parts[1], length(parts[1]) - length(ends) + 1) == ends) { found++; ids = substr(places[i], length(parts[1]) + 2) }
      }
      if (found != 1) say("names the test " test ", which is in " found + 0 " places")
      return found == 1 ? ids : ""
    }
    {
      split($0, cell, "|"); hazard = cell[2]; gsub(/ /, "", hazard)
      if (hazard in rows) say("is there twice")
      rows[hazard]; split("", wanted); split("", cited)
      gsub(/[^A-Z0-9-]+/, " ", cell[6]); n = split(cell[6], ids, " ")
      for (i = 1; i <= n; i++) { wanted[ids[i]]; if (!(ids[i] in defined)) say("names " ids[i] ", which is not defined") }
      if (n == 0) say("has no requirement")
      n = split(cell[7], named, "`")
      if (n < 3) say("has no test")
      for (i = 2; i <= n; i += 2) {
        if (named[i] !~ /::/) { say("names " named[i] ", which is not file::test"); continue }
        m = split(cites(named[i]), ids, " "); fits = 0
        for (j = 1; j <= m; j++) { cited[ids[j]]; if (ids[j] in wanted) fits = 1 }
        if (m > 0 && !fits) say("names the test " named[i] ", which cites none of its requirements")
      }
      for (id in wanted) if (!(id in cited)) say("names " id ", which none of its tests cites")
    }
    END { printf "%s hazards, each with requirements and tests of them\n", length(rows); exit bad }' \
    "$1/defined" "$1/tests" "$1/hazards"
}

# REQ-APP-246: a copy of the documents and sources is damaged, one place at a time, and the part that looks there says so.
trace_can_fail() { # folder
  local part file change words out count=0 bad=0
  mkdir "$1/copy" "$1/again"
  tar --exclude=target --exclude=.git --exclude=node_modules -cf - . | tar -xf - -C "$1/copy"
  while IFS='~' read -r part file change words; do
    cp "$1/copy/$file" "$1/kept"
    sed -i -E "$change" "$1/copy/$file"
    ! cmp -s "$1/kept" "$1/copy/$file" || { printf '%s: %s changes nothing\n' "$file" "$change"; bad=1; }
    if out=$(cd "$1/copy" && trace_facts "$1/again" && "trace_$part" "$1/again"); then
      printf 'trace_%s does not see %s in %s\n' "$part" "$change" "$file"; bad=1
    fi
    grep -qF -- "$words" <<<"$out" || { printf 'trace_%s does not say "%s" but: %s\n' "$part" "$words" "$out"; bad=1; }
    mv "$1/kept" "$1/copy/$file"
    count=$((count + 1))
  done < <(trace_damage)
  [ "$bad" = 1 ] || printf '%s damages to a copy, each found\n' "$count"
  return "$bad"
}

# Part of trace, file, what sed does to it, what is then said.
trace_damage() {
  cat <<'DAMAGE'
ids~nmes-safety/tests/interlock.rs~s/REQ-SAF(-[0-9]+)/REQ-GONE\1/~cited, not defined: REQ-GONE-
ids~nmes-safety/tests/rule_sides.rs~s/REQ-SAF-331/REQ-SAF-330/; 1s/$/ REQ-SAF-331/~no test cites: REQ-SAF-331
ids~.ci/longer.sh~s/^# REQ-CORE-84:/&\n\n/~no test cites: REQ-CORE-84
ids~docs/requirements.md~s/^(- )?\*\*REQ-SAF-331\*\*/**REQ-SAF-330**/~defined twice: REQ-SAF-330
sources~nmes-safety/src/rules/table.rs~1s/$/ STD-S99999/~not in docs/sources.md: STD-S99999
files~docs/architecture.md~s/`interlock[.]rs`/`interlocks.rs`/~docs/architecture.md names interlocks.rs
tests~nmes-safety/src/guard/tests.rs~s/REQ-[A-Z]+-[0-9]+//~guard/tests.rs::
tests~examples/tests/gait.rs~s/REQ-APP-001//~gait.rs::a_missing_gait_file_is_named
rules~nmes-safety/tests/rule_sides.rs~/^ +\(&rules::N_ACC_1,/d~rules without both sides in nmes-safety/tests/rule_sides.rs: N_ACC_1
rules~nmes-safety/tests/rule_sides.rs~s/^fn every_rule_has_two_sides/fn none/~rule_sides.rs has no test every_rule_has_two_sides
rules~nmes-safety/src/rules/table.rs~s/"E-STUCK-2"/"E-STUCK-1"/~rules twice in the table: E-STUCK-1
hazards~docs/hazards.md~s/`guard_set::one_step`/`guard_tick::one_step`/~guard_tick::one_step, which is in 0 places
hazards~docs/hazards.md~s/`guard_set::one_step`/`one_step`/~one_step, which is not file::test
hazards~nmes-safety/tests/check_limits.rs~s/^fn density\(/fn densities(/~check_limits::density, which is in 0 places
hazards~docs/hazards.md~/^\| HAZ-16 /s/REQ-[A-Z]+-[0-9]+,?//g~HAZ-16 has no requirement
hazards~docs/hazards.md~/^\| HAZ-13 /s/`.*`/`report::seventeen_rows`/~HAZ-13 names REQ-INV-03, which none of its tests cites
hazards~docs/hazards.md~/^\| HAZ-13 /s/`.*`/&, `report::seventeen_rows`/~report::seventeen_rows, which cites none of its requirements
soup~docs/soup.md~s/^(\| libm \| )[0-9]/\19/~in docs/soup.md, not in Cargo.lock: libm
soup~docs/soup.md~/^\| cobs \| /d~linked into a device, not so in docs/soup.md: cobs 0
soup~docs/soup.md~s/^(\| byteorder \| [0-9.]+ \| ).* OR MIT \|/\1MIT |/~in a device by docs/soup.md, not so linked: byteorder
soup~nmes-protocols/Cargo.toml~s/^files = .*/files = ["serde"]/; s/^text = \["files", /&"dep:heapless", /~in a device by docs/soup.md, not so linked: byteorder
DAMAGE
}

# Features of the four crates that no device has: they need std, or are there to do harm.
host_features='fault-injection|proptest|text'

# Name, version and licence of what is linked into a device that has every other feature.
linked_in_a_device() {
  local crate features target targets=()
  for target in "${device_targets[@]}"; do targets+=(--target "$target"); done
  for crate in "${device_crates[@]}"; do
    features=$(features_of "$crate" | grep -vxE "$host_features" | paste -sd,) || true
    cargo tree --locked -q -p "$crate" --no-default-features --features "$features" "${targets[@]}" \
      -e normal,no-proc-macro --prefix none -f '{p} {l}' || return 1
  done | sed -nE '/^nmes-/!s/^([^ ]+) v([^ ]+) ([^(]*[^( ])( \(\*\))?$/\1 \2 \3/p' | sort -u
}

# The versions in docs/soup.md are those of Cargo.lock, each direct dependency has a row, and the rows of a device are what
# is linked into one.
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
  linked_in_a_device >"$1/linked" || { printf 'cargo tree does not tell what is linked into a device\n'; bad=1; }
  sed -n '/^## In a device/,/^## On a host/p' docs/soup.md |
    sed -nE 's/^\| ([a-z0-9_-]+) \| ([0-9.]+) \| ([^|]*[^ |]) +\|.*/\1 \2 \3/p' | sort -u >"$1/in-a-device"
  comm -23 "$1/linked" "$1/in-a-device" >"$1/no-row"
  comm -13 "$1/linked" "$1/in-a-device" >"$1/no-link"
  none_of 'linked into a device, not so in docs/soup.md' "$1/no-row" || bad=1
  none_of 'in a device by docs/soup.md, not so linked' "$1/no-link" || bad=1
  printf '%s dependencies in docs/soup.md, %s of them in a device\n' "$(wc -l <"$1/soup")" "$(wc -l <"$1/linked")"
  return "$bad"
}
