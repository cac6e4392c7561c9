# shellcheck shell=bash
# Changes to the code that a test has to notice. A part of ci.sh, which reads it.

# What of nmes-protocols is mutated, one line each: name, files below its src, files of tests that are to notice.
# `NMES_MUTANTS=name ./ci.sh mutants` does one; NMES_SHARD=k/n a part of it. docs/mutants.md lists what survives, with reasons.
mutated=(
  'triggers triggers/** triggers_drawn triggers_moments triggers_emg triggers_tilt triggers_settings triggers_faults triggers_crank triggers_words'
  'gait {gait,gait/*,titration,titration/*}.rs gait_landing gait_moments gait_noise gait_other gait_properties gait_slow gait_transitions titration triggers_clock triggers_words walks walks_opposite'
  'screening {screening,screening/*,innervation}.rs screening screening_rows build row catalogue serde'
)

# A copy of the tree in which those tests are one program, so that a mutant costs one link.
protocols_copy() { # folder test...
  local folder=$1 name
  rm -rf "$folder/tree"
  mkdir -p "$folder/tree"
  cp -r Cargo.toml Cargo.lock clippy.toml docs nmes-core nmes-safety nmes-protocols "$folder/tree/"
  shift
  cd "$folder/tree"
  sed -i -e 's/^members = .*/members = ["nmes-core", "nmes-safety", "nmes-protocols"]/' -e '/^exclude/d' -e '/^nmes-hal/d' Cargo.toml
  { printf '//! All of them in one.\n'; for name in "$@"; do printf '#[path = "%s.rs"]\nmod %s_;\n' "$name" "$name"; done; } \
    >nmes-protocols/tests/all.rs
  sed -i -e 's/^edition.workspace = true/&\nautotests = false\nautoexamples = false/' -e '/^\[\[example\]\]/,/^$/d' \
    -e 's/^\(nmes-protocols = { path = ".", features = \).*/\1["serde"] }/' \
    -e 's/^\[features\]/[[test]]\nname = "all"\npath = "tests\/all.rs"\n\n[features]/' nmes-protocols/Cargo.toml
}

# REQ-PRO-359: at least nine of ten mutants are caught.
step_mutants() {
  local line name files out caught missed code
  [ "${NMES_MUTANTS:-safety}" != safety ] || mutants_of_safety
  [ "${NMES_MUTANTS:-}" != safety ] || return 0
  command -v cargo-mutants >/dev/null || cargo install -q --locked cargo-mutants ||
    { skip "mutants: no cargo-mutants (cargo install --locked cargo-mutants)"; return; }
  for line in "${mutated[@]}"; do
    # shellcheck disable=SC2086 # words on purpose
    set -f -- $line
    name=$1 files=$2
    shift 2
    [ "${NMES_MUTANTS:-$name}" = "$name" ] || continue
    out="$CARGO_TARGET_DIR/mutants-$name"
    mkdir -p "$out"
    (protocols_copy "$out" "$@")
    code=0
    (cd "$out/tree" && CARGO_TARGET_DIR="$out/build" CARGO_INCREMENTAL=1 CARGO_PROFILE_TEST_DEBUG=0 \
      NMES_CASES="${NMES_MUTANT_CASES:-16}" cargo mutants -p nmes-protocols --in-place -f "nmes-protocols/src/$files" \
      -C=--lib -C=--test=all -o "$out" --timeout "${NMES_MUTANT_TIMEOUT:-60}" --shard "${NMES_SHARD:-0/1}" --sharding round-robin) || code=$?
    case ${code:-0} in 0 | 2 | 3) ;; *) fail "mutants: $name did not run" ;; esac
    caught=$(cat "$out"/mutants.out/{caught,timeout}.txt | wc -l)
    missed=$(wc -l <"$out/mutants.out/missed.txt")
    printf 'mutants of %s: %s caught, %s missed\n' "$name" "$caught" "$missed"
    [ "$((caught * 10))" -ge "$(((caught + missed) * 9))" ] || fail "fewer than nine of ten mutants of $name are caught"
  done
}

# The tests of nmes-safety that are the first to notice a change in a file, one line each: files below its src | tests. A file of
# no line has all of them. What they miss is tried with all tests, so a line costs time when it is wrong and nothing else.
safety_areas=(
  'records.rs records/* blackbox.rs crc32.rs selftest/* output_table/* contact.rs interlock.rs fault.rs probe.rs|records.*|record_edges|checksum|selftest.*|rules_held|output_table|contact|said|interlock|guard_tampered'
  'check.rs checked.rs check/* metrics.rs metrics/* stages.rs onsets.rs setup.rs setup/* profile.rs report.rs rules.rs rules/*|check_.*|rule_sides|profiles|said|played_.*|guard_counts|output_table.*'
  'guard*.rs admitted.rs limits.rs terms.rs watch.rs windows.rs sense.rs survey.rs set_level.rs|guard_.*|flips|rules_held|contact'
)

# All tests of nmes-safety in one program, so that a mutant costs one link. With `quick` without the unit tests.
mutants_copy() { # folder quick|units|all [tests]
  local file
  rm -rf "$1/tree"
  mkdir -p "$1/tree"
  # with its times, so that it is not built again; what is mutated gets new ones, so that it is
  cp -rp Cargo.toml Cargo.lock clippy.toml docs nmes-core "$1/tree/"
  cp -r nmes-safety "$1/tree/"
  cd "$1/tree"
  sed -i -e 's/^members = .*/members = ["nmes-core", "nmes-safety"]/' -e '/^exclude/d' -e '/^nmes-protocols/d' \
    -e '/^nmes-hal/d' Cargo.toml
  printf '\n[profile.test.package."*"]\nopt-level = 1\n' >>Cargo.toml
  for file in nmes-safety/tests/*.rs; do
    file=$(basename "$file" .rs)
    [[ $file =~ ^(${3:-.*})$ ]] || continue
    printf '#[path = "%s.rs"]\nmod %s_;\n' "$file" "$file"
  done >all.rs
  { printf '//! All of them in one.\n'; cat all.rs; } >nmes-safety/tests/all.rs
  sed -i -e 's/^edition.workspace = true/&\nautotests = false/' \
    -e 's/^\[features\]/[[test]]\nname = "all"\npath = "tests\/all.rs"\n\n[features]/' nmes-safety/Cargo.toml
  [ "$2" != quick ] || sed -i 's/^\[\[test\]\]/[lib]\ntest = false\n\n&/' nmes-safety/Cargo.toml
}

# Tests that take longest and seldom are the only ones that notice: for the mutants that all others miss.
slow_tests='no_nuisance_trip|no_trip_at_any_stop|one_channel|what_the_engine_makes|slow_reference|python_reads'

# What came of the last pass, added to what is known: a word and a name, the last one of a name counts. What the quick and
# the unit tests missed is left for the others.
mutants_collect() { # folder
  local word missed=missed
  case $(cat "$1/pass" 2>/dev/null) in quick | units) missed=left ;; esac
  touch "$1/known.txt"
  for word in caught unviable timeout missed; do
    [ ! -e "$1/mutants.out/$word.txt" ] || sed "s/^/${word/missed/$missed} /" "$1/mutants.out/$word.txt"
  done | awk '{ word = $1; sub(/^[^ ]* /, ""); known[$0] = word } END { for (name in known) print known[name], name }' \
    "$1/known.txt" - | sort -k2 >"$1/known.new"
  mv "$1/known.new" "$1/known.txt"
}

# Forgets what is known of a file that changed since.
mutants_forget() { # folder
  local file
  touch "$1/sums.txt"
  (cd nmes-safety/src && find . -name '*.rs' -exec sha256sum {} + | sort) >"$1/sums.new"
  while read -r _ file; do
    sed -i "\| nmes-safety/src/${file#./}:|d" "$1/known.txt"
  done < <(comm -13 "$1/sums.txt" "$1/sums.new")
  mv "$1/sums.new" "$1/sums.txt"
}

# Of the names on standard input those in one of some files below src; all of them without files.
mutants_in() { # file...
  local line file
  while IFS= read -r line; do
    [ $# -gt 0 ] || printf '%s\n' "$line"
    for file in "$@"; do
      # shellcheck disable=SC2254 # a pattern on purpose
      case ${line%%:*} in nmes-safety/src/$file) printf '%s\n' "$line" && break ;; esac
    done
  done
}

# The names that are asked for: NMES_MUTANT_FILES, in lines changed since NMES_MUTANT_SINCE, every n-th by NMES_SHARD.
mutants_asked() { # folder
  local files shard=${NMES_SHARD:-0/1} list="$1/all.txt"
  read -ra files <<<"${NMES_MUTANT_FILES:-}"
  if [ -n "${NMES_MUTANT_SINCE:-}" ]; then
    git diff "$NMES_MUTANT_SINCE" -- nmes-safety/src >"$1/since.diff"
    list="$1/since.txt"
    cargo mutants -p nmes-safety --list --colors never --in-diff "$1/since.diff" >"$list"
  fi
  mutants_in "${files[@]}" <"$list" | awk -v k="${shard%/*}" -v n="${shard#*/}" '(NR - 1) % n == k'
}

# Those of which nothing is known yet.
mutants_new() { # folder
  mutants_asked "$1" | grep -vxFf <(sed 's/^[^ ]* //' "$1/known.txt") || true
}

# One pass of cargo-mutants over the names of a list: all others are given out as caught before.
mutants_pass() { # folder quick|all list, then more of the command
  local out=$1 pass=$2 list=$3
  shift 3
  [ -s "$list" ] || return 0
  (mutants_copy "$out" "$pass" "${first_tests:-}")
  rm -rf "$out/mutants.out"
  mkdir "$out/mutants.out"
  sort "$list" | comm -13 - <(sort "$out/all.txt") >"$out/mutants.out/previously_caught.txt"
  printf '%s\n' "$pass" >"$out/pass"
  # 2 and 3: some were missed, some took too long; what that means is judged later
  (cd "$out/tree" && CARGO_TARGET_DIR="$out/build" CARGO_PROFILE_TEST_DEBUG=0 NMES_CASES="${NMES_MUTANT_CASES:-24}" \
    cargo mutants -p nmes-safety --in-place --iterate --all-features --build-timeout 600 --output "$out" --no-times \
    --colors never "$@") || [ $? -le 3 ] || fail "cargo mutants did not run"
  mutants_collect "$out"
}

# Files in order, of each how many there are and what became of those that were tried.
mutants_table() { # folder
  printf '| file | mutants | caught | by time-out | missed | missed by the quick tests so far | do not compile | caught of those that compile |\n'
  printf '|---|---:|---:|---:|---:|---:|---:|---:|\n'
  awk '
    FNR == 1 { part++ }
    { place = $part; sub(/.*nmes-safety\/src\//, "", place); sub(/:.*/, "", place) }
    part == 1 { count[place, "all"]++; count["all", "all"]++; seen[place] = 1 }
    part == 2 { count[place, $1]++; count["all", $1]++ }
    function row(name,  caught, tried) {
      caught = count[name, "caught"] + count[name, "timeout"]
      tried = caught + count[name, "missed"] + count[name, "left"]
      printf "| %s | %d | %d | %d | %d | %d | %d | %s |\n", name, count[name, "all"], count[name, "caught"], count[name, "timeout"], \
        count[name, "missed"], count[name, "left"], count[name, "unviable"], (tried ? sprintf("%.0f %%", 100 * caught / tried) : "none tried")
    }
    END { for (name in seen) row(name); row("all") }' "$1/all.txt" "$1/known.txt" | sort -t'|' -k2,2 |
    awk '/^\| all / { all = $0; next } { print } END { print all }'
}

# REQ-SAF-540: at least 95 % of those that compile are caught, and every one that is missed has a row of its own in docs/mutants.md.
# First with the quick tests of the area, then what they miss with all quick tests and the unit tests, then with all, the
# examples in the documentation as well. A run that was stopped goes on where it stopped, but for the files that changed.
# NMES_MUTANT_FILES="check.rs metrics/*" tries some files, NMES_MUTANT_SINCE=REV lines that changed since, NMES_SHARD=k/n every n-th
# mutant of them; NMES_MUTANT_SLOW=no leaves out
# the last step, which takes minutes a mutant and can only catch more.
mutants_of_safety() {
  local out="$CARGO_TARGET_DIR/mutants" caught missed line count name bad=0 first_tests files
  command -v cargo-mutants >/dev/null || { skip_kindly "mutants: no cargo-mutants (cargo install --locked cargo-mutants)"; return; }
  command -v cargo-nextest >/dev/null || { skip_kindly "mutants: no cargo-nextest (cargo install --locked cargo-nextest)"; return; }
  mkdir -p "$out"
  mutants_collect "$out"
  mutants_forget "$out"
  cargo mutants -p nmes-safety --list --colors never >"$out/all.txt"
  for line in "${safety_areas[@]}" ''; do
    read -ra files <<<"${line%%|*}"
    mutants_new "$out" | mutants_in "${files[@]}" >"$out/quick.txt"
    case $line in *\|*) first_tests=${line#*|} ;; *) first_tests= ;; esac
    mutants_pass "$out" quick "$out/quick.txt" --timeout 30 --test-tool nextest -- -E "not test(/$slow_tests/)"
  done
  # those that were missed before, too: there may be a test for them now
  sed -nE 's/^(left|missed) //p' "$out/known.txt" >"$out/left.txt"
  mutants_pass "$out" units "$out/left.txt" --timeout 30 --test-tool nextest -- -E "not test(/$slow_tests/)"
  if [ "${NMES_MUTANT_SLOW:-yes}" = yes ]; then
    sed -nE 's/^(left|missed) //p' "$out/known.txt" >"$out/left.txt"
    mutants_pass "$out" all "$out/left.txt" --timeout 600 --test-tool cargo
  fi
  mutants_table "$out" | tee "$out/table.md"
  # the table of the document, between its marks; some files or a part of them leave it as it is
  if [ -z "${NMES_MUTANT_FILES:-}${NMES_MUTANT_SINCE:-}${NMES_SHARD:-}" ]; then
    {
      printf '<!-- ./ci.sh mutants%s, %s, %s -->\n' \
        "$([ "${NMES_MUTANT_SLOW:-yes}" = yes ] || printf ' without the slow tests')" "$(date +%F)" "$(cargo mutants --version)"
      cat "$out/table.md"
    } >"$out/section.md"
    sed -i -e '/<!-- mutants: begin -->/,/<!-- mutants: end -->/{//!d}' -e "/<!-- mutants: begin -->/r $out/section.md" docs/mutants.md
  fi
  caught=$(grep -cE '^(caught|timeout) ' "$out/known.txt") || true
  missed=$(grep -cE '^(left|missed) ' "$out/known.txt") || true
  # as many rows as there are of one name: nmes-safety/src/file.rs:line:column: what in where
  while read -r count name; do
    [ "$(grep -cF "| \`$name\` |" docs/mutants.md)" -ge "$count" ] || { printf 'too few rows in docs/mutants.md, %s are left: %s\n' "$count" "$name"; bad=1; }
  done < <(sed -nE 's/^(left|missed) nmes-safety\/src\/([^:]*):[0-9]+:[0-9]+: /\2: /p' "$out/known.txt" | sort | uniq -c)
  printf '%s mutants caught, %s missed\n' "$caught" "$missed"
  [ "$((caught * 100))" -ge "$(((caught + missed) * 95))" ] || fail "fewer than 95 % are caught"
  [ "$bad" = 0 ] || fail "a mutant that nobody catches and nobody explains"
}
