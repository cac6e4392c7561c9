#!/usr/bin/env bash
# Every check of this repository is a subcommand of this script; CI calls `./ci.sh all`.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# a relative target folder is meant from where the caller stands; the steps change folders
case ${CARGO_TARGET_DIR:-} in "" | /*) ;; *) CARGO_TARGET_DIR=$PWD/$CARGO_TARGET_DIR ;; esac
cd "$root"
firmware="$root/examples/firmware"
golden="$firmware/script/GOLDEN.txt"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$root/target}"
export CARGO_TERM_COLOR="${CARGO_TERM_COLOR:-never}"
[ "${CI:-}" != true ] || export CARGO_INCREMENTAL=0

device_crates=(nmes-core nmes-safety nmes-protocols nmes-hal-adapters)
device_targets=(thumbv6m-none-eabi thumbv7em-none-eabihf riscv32imc-unknown-none-elf)
cortex_m_targets=(thumbv6m-none-eabi thumbv7em-none-eabihf)
pico_target=thumbv6m-none-eabi
stm32_target=thumbv7em-none-eabihf
proofs=(core_engine core_render safety_guard safety_records protocols_trigger protocols_triggers)
all_steps=(fmt shell trace clippy test doc targets windows msrv nopanic image hash tables campaign emulate demo)

usage() {
  cat <<'HELP'
usage: ./ci.sh STEP...

  fmt      formatting, of the workspace and of examples/firmware
  shell    this script parses; shellcheck where it is installed or can be
  trace    each ID in docs/requirements.md has a test that cites it, each cited ID exists, each source tag is known,
           docs/architecture.md names the files there are, each test of the four crates cites an ID, each rule of the
           table has tests on both sides, each hazard in docs/hazards.md has requirements and tests that are there, and
           docs/soup.md has the versions of Cargo.lock
  clippy   the lint table, on the workspace and on examples/firmware
  test     the test command that README.md gives
  doc      rustdoc without a warning
  targets  core, safety, protocols, adapters for thumbv6m, thumbv7em-hf and riscv32imc; each feature alone and all
  windows  cargo check of the workbench for x86_64-pc-windows-gnu
  msrv     cargo check with the toolchain that Cargo.toml names as rust-version
  nopanic  the images in examples/firmware/no-panic link, so no panic is reachable; with an index in them they do not
  image    what the interrupts of the Pico and STM32G4 images can reach: no panic, no float, no pointer that is not known
  hash     the scripted run gives examples/firmware/script/GOLDEN.txt on the host and in QEMU on two Cortex-M images
  tables   docs/stop-table.md, docs/stop-table.csv and docs/lateness-table.md are what the engine does;
           NMES_TABLES=write ./ci.sh tables makes them anew
  campaign docs/fault-campaign.md is what 1,000 instants of each kind of fault come to, and none came to what it must not;
           NMES_TABLES=write ./ci.sh campaign makes it anew
  emulate  foot drop on an emulated RP2040, its pins held against the plan; writes the tables of docs/emulation.md (npm)
  demo     `nmes run foot-drop` writes its files
  all      all of the above, then what was skipped and why
  sizes    code, data and worst stack of the images, against the table in README.md; NMES_TABLES=write ./ci.sh sizes makes it
           anew (another compiler gives other figures)
  counts   instructions an edge of engine and ledger, with guard and runner, and of the check, on emulated Cortex-M (prints,
           checks nothing)
  schema   what `nmes check`, `report` and `session export` print as JSON, against docs/schema with an independent validator
           (needs Python; the tests do the same with one of their own)
  audit    known advisories on the dependencies, from the RustSec database (needs cargo-audit and the network)
  oracles  random trains and frames against other people's programs (docs/oracles.md); fetches packages
  miri     tests of nmes-core under Miri, on the nightly toolchain
  gungraun instructions of the engine on the host, by Valgrind (prints, checks nothing)
  serve    `nmes serve` under examples/python/serve_client.py, 8 channels of 50 pulses a second for NMES_SERVE_SECONDS
           (default 60), and the same with the client killed (needs Python)
  fuzz     sequences of calls to the guard, broken records, broken streams for the decoders and conversations of both
           stimulators, for the lines of `nmes serve`, for session and subject files, and readings that nothing gives
           for the triggers; NMES_FUZZ_SECONDS each (default 60)
  mutants  changes to nmes-safety, triggers and screening that a test has to notice (cargo-mutants; hours): NMES_MUTANTS
           names one of safety, triggers, screening, NMES_SHARD a part (default 0/1, all of it); of safety
           NMES_MUTANT_FILES names files under src; a run that was stopped goes on, and docs/mutants.md gets its table
  verify   the longer proofs, in release: property tests of nmes-core, among them one for each invariant, with NMES_CASES cases
           (default 200000), those of the other packages with at most 20000; fuzz; about two hours on two cores. Then mutants
           (hours more)
  help     this text

With CI=true a check that cannot run is a failure, not a skip. Build output goes to CARGO_TARGET_DIR (default ./target).
A new golden hash, after a change that is meant to move it:
  (cd examples/firmware && cargo run -q -p nmes-firmware-script) > examples/firmware/script/GOLDEN.txt
HELP
}

fail() {
  printf 'ci.sh: %s\n' "$*" >&2
  exit 1
}

# Says what did not run. In CI that is a failure.
skip() {
  [ "${CI:-}" != true ] || fail "cannot be skipped in CI: $*"
  skip_kindly "$*"
}

# The same for a check that CI may do without.
skip_kindly() {
  printf 'skipped: %s\n' "$*"
  [ -z "${NMES_CI_SKIPS:-}" ] || printf '%s\n' "$*" >>"$NMES_CI_SKIPS"
}

# ---- what the checks need ------------------------------------------------------------------------------------------

need_component() { # cargo-subcommand component
  cargo "$1" --version >/dev/null 2>&1 && return 0
  command -v rustup >/dev/null && rustup component add "$2" && return 0
  return 1
}

need_target() {
  [ -d "$(rustc --print sysroot)/lib/rustlib/$1/lib" ] && return 0
  command -v rustup >/dev/null && rustup target add "$1" && return 0
  return 1
}

need_toolchain() {
  rustc "+$1" --version >/dev/null 2>&1 && return 0
  command -v rustup >/dev/null && rustup toolchain install "$1" --profile minimal && return 0
  return 1
}

need_debian() { # command package
  command -v "$1" >/dev/null && return 0
  command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] || return 1
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2" >/dev/null
  command -v "$1" >/dev/null
}

# ---- the checks ----------------------------------------------------------------------------------------------------

step_fmt() {
  need_component fmt rustfmt || { skip "fmt: no rustfmt (rustup component add rustfmt)"; return; }
  cargo fmt --all --check
  (cd "$firmware" && cargo fmt -p nmes-firmware-script -p cortex-m-hash -p cortex-m-counts -p no-panic -p rp2040-pico -p nmes-template -p nmes-stm32g4 -p nmes-inspect \
    -p nmes-footprint --check)
}

step_shell() {
  bash -n ci.sh
  bash -n .ci/run
  need_debian shellcheck shellcheck || { skip_kindly "shell: no shellcheck (apt-get install shellcheck)"; return; }
  shellcheck ci.sh .ci/run
}

step_clippy() {
  need_component clippy clippy || { skip "clippy: not installed (rustup component add clippy)"; return; }
  cargo clippy --locked --workspace --all-targets --all-features -- -D warnings
  cd "$firmware"
  cargo clippy --locked -p nmes-firmware-script -p nmes-template -p nmes-stm32g4 -p nmes-inspect --all-targets -- -D warnings
  local target feature
  for target in "${cortex_m_targets[@]}"; do
    need_target "$target" || { skip "clippy of the firmware: no $target (rustup target add $target)"; continue; }
    cargo clippy --locked -p cortex-m-hash -p no-panic -p nmes-template -p nmes-footprint --target "$target" -- -D warnings
  done
  if need_target "$stm32_target"; then
    cargo clippy --locked -p nmes-stm32g4 --features image --target "$stm32_target" -- -D warnings
  fi
  if need_target "$pico_target"; then
    for feature in '' disturb; do
      cargo clippy --locked -p rp2040-pico --features "$feature" --target "$pico_target" -- -D warnings
    done
  fi
  printf 'unsafe in examples/firmware: %s places (entry points, registers without an owner, one linker symbol)\n' \
    "$(grep -rE '^\s*#\[(unsafe\(|entry)|^\s*unsafe ' --include='*.rs' --exclude-dir=target . | wc -l)"
}

# The command in the code block after the marker.
readme_command() { # marker
  awk -v marker="<!-- ci: $1 -->" '
    $0 == marker { found = 1; next }
    found && /^```/ { if (inside) exit; inside = 1; next }
    inside { print }' README.md
}

step_test() {
  local command walks
  command=$(readme_command test)
  [ -n "$command" ] || fail "README.md has no code block after <!-- ci: test -->"
  walks=${NMES_GAIT_DIR:-$root/../shared/data/gait}
  if [ -d "$walks" ]; then
    export NMES_GAIT_DIR=$walks
  else
    skip_kindly "test: no recorded walks (NMES_GAIT_DIR), so the tests on them pass without looking; made walks are judged"
  fi
  printf '+ %s\n' "$command"
  bash -euo pipefail -c "$command"
}

step_doc() {
  RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --all-features
}

# The features of a package, without `default`.
features_of() { # folder
  awk '/^\[features\]/ { on = 1; next } /^\[/ { on = 0 } on && /^[a-z0-9_-]+ *=/ { sub(/ *=.*/, ""); print }' \
    "$1/Cargo.toml" | grep -vx default || true
}

step_targets() {
  local packages=() crate target feature
  for crate in "${device_crates[@]}"; do packages+=(-p "$crate"); done
  for target in "${device_targets[@]}"; do
    need_target "$target" || { skip "targets: no $target (rustup target add $target)"; continue; }
    printf '+ %s, no default features\n' "$target"
    cargo build "${packages[@]}" --no-default-features --target "$target"
  done
  for crate in "${device_crates[@]}"; do
    printf '+ %s: none\n' "$crate"
    cargo check -q -p "$crate" --no-default-features
    for feature in $(features_of "$crate"); do
      printf '+ %s: %s\n' "$crate" "$feature"
      cargo check -q -p "$crate" --no-default-features --features "$feature"
    done
    printf '+ %s: all\n' "$crate"
    cargo check -q -p "$crate" --all-features
  done
}

step_msrv() {
  local version
  version=$(awk -F'"' '/^rust-version/ { print $2; exit }' Cargo.toml)
  [ -n "$version" ] || fail "Cargo.toml has no rust-version"
  case $version in *.*.*) ;; *) version=$version.0 ;; esac
  need_toolchain "$version" || { skip "msrv: no toolchain $version (rustup toolchain install $version)"; return; }
  cargo "+$version" check --workspace --target-dir "$CARGO_TARGET_DIR/msrv"
}

# REQ-INV-10: no panic is reachable in core, safety and protocols.
step_nopanic() {
  local target proof image log bytes
  log=$(mktemp)
  cd "$firmware"
  for target in "${cortex_m_targets[@]}"; do
    need_target "$target" || { skip "nopanic: no $target (rustup target add $target)"; continue; }
    cargo build --locked -p no-panic --profile proof --target "$target" ||
      fail "an image does not link, so a panic can be reached; examples/firmware/README.md says how to find it"
    for proof in "${proofs[@]}"; do
      image="$CARGO_TARGET_DIR/$target/proof/$proof"
      bytes=$(wc -c <"$image")
      printf '%s %s links: %s bytes\n' "$target" "$proof" "$bytes"
      # an image that was folded away proves nothing
      [ "$bytes" -ge 24576 ] || fail "$proof is too small to hold what it should prove"
      if cargo build --locked -p no-panic --profile proof --target "$target" --bin "$proof" --features control \
        >"$log" 2>&1; then
        fail "the negative control of $proof links for $target: the proof proves nothing"
      fi
      grep -q 'undefined symbol: nmes_a_panic_can_be_reached' "$log" ||
        { cat "$log"; fail "the negative control of $proof failed for another reason"; }
      printf '%s %s with an index in it does not link, as it must\n' "$target" "$proof"
    done
  done
  rm -f "$log"
}

# REQ-INV-11: one hash everywhere.
step_hash() {
  local expected target got
  expected=$(cat "$golden")
  [[ $expected =~ ^[0-9a-f]{16}$ ]] || fail "GOLDEN.txt is not sixteen hexadecimal digits"
  cd "$firmware"
  cargo test --locked -q -p nmes-firmware-script
  got=$(cargo run --locked -q -p nmes-firmware-script --bin hash)
  same_hash host "$got" "$expected"
  if need_target riscv32imc-unknown-none-elf; then
    cargo build --locked -p nmes-firmware-script --lib --release --target riscv32imc-unknown-none-elf
    printf 'riscv32imc-unknown-none-elf: built, not run\n'
  else
    skip "hash: no riscv32imc (rustup target add riscv32imc-unknown-none-elf)"
  fi
  need_debian qemu-system-arm qemu-system-arm ||
    { skip "hash: no qemu-system-arm (apt-get install qemu-system-arm), so no Cortex-M image ran"; return; }
  for target in "${cortex_m_targets[@]}"; do
    need_target "$target" || { skip "hash: no $target (rustup target add $target)"; continue; }
    cargo build --locked -p cortex-m-hash --release --target "$target"
    got=$(timeout 300 qemu-system-arm -M mps2-an386 -cpu cortex-m4 -nographic -monitor none -serial none \
      -semihosting-config enable=on,target=native \
      -kernel "$CARGO_TARGET_DIR/$target/release/cortex-m-hash" </dev/null) ||
      fail "the image for $target did not end well: ${got:-no output}"
    same_hash "$target in QEMU" "$got" "$expected"
  done
}

same_hash() { # where got expected
  [ "$2" = "$3" ] || fail "$1 gives $2, GOLDEN.txt says $3"
  printf '%s: %s\n' "$1" "$2"
}

# IDs that stand at the start of a paragraph or list item of docs/requirements.md, in bold.
defined_ids() {
  grep -oE '^(- )?\*\*REQ-[A-Z]+-[0-9]+\*\*' docs/requirements.md | grep -oE 'REQ-[A-Z]+-[0-9]+' | sort
}

# IDs cited by a test: in the comment of a `#[test]` function, in a doc comment that holds an example, at the head of
# a file of tests; or by a step of this script.
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
  grep -oE '^# REQ-[A-Z]+-[0-9]+' ci.sh | cut -c3-
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

# REQ-CORE-89, and the next line: the tables of the documents are made by the engine.
# REQ-CORE-83
step_tables() {
  local work made bad=0
  work=$(mktemp -d)
  cargo build -q --locked -p nmes-core --example stop_table --example lateness_table
  "$CARGO_TARGET_DIR/debug/examples/stop_table" >"$work/stop-table.md"
  "$CARGO_TARGET_DIR/debug/examples/stop_table" csv >"$work/stop-table.csv"
  "$CARGO_TARGET_DIR/debug/examples/lateness_table" >"$work/lateness-table.md"
  for made in stop-table.md stop-table.csv lateness-table.md; do
    [ "${NMES_TABLES:-}" != write ] || cp "$work/$made" "docs/$made"
    diff -u "docs/$made" "$work/$made" || bad=1
    printf 'docs/%s: %s lines\n' "$made" "$(wc -l <"$work/$made")"
  done
  rm -rf "$work"
  [ "$bad" = 0 ] || fail "the engine does otherwise; if it is meant to: NMES_TABLES=write ./ci.sh tables"
}

# REQ-SAF-450, at 1,000 instants of each kind, and the page of it
# REQ-SAF-453
step_campaign() {
  local made
  made=$(mktemp)
  cargo build -q --locked --release -p nmes-examples --bin nmes
  "$CARGO_TARGET_DIR/release/nmes" campaign --out "$made" || fail "a fault did not come to what it must"
  [ "${NMES_TABLES:-}" != write ] || cp "$made" docs/fault-campaign.md
  diff -u docs/fault-campaign.md "$made" ||
    fail "the campaign comes to something else; if it is meant to: NMES_TABLES=write ./ci.sh campaign"
  printf 'docs/fault-campaign.md: %s lines\n' "$(wc -l <"$made")"
  rm -f "$made"
}

step_demo() {
  local command work
  command=$(readme_command demo)
  [[ $command == *"cargo run --release -p nmes-examples --bin nmes -- run foot-drop"* ]] ||
    fail "README.md does not give the command that this step runs"
  cargo build --release -p nmes-examples --bin nmes
  work=$(mktemp -d)
  (cd "$work" && "$CARGO_TARGET_DIR/release/nmes" run foot-drop) >"$work/out.txt" || { cat "$work/out.txt"; fail "nmes run foot-drop: exit code not 0"; }
  head -n 40 "$work/out.txt"
  grep -qi simulation "$work/out.txt" || fail "the run does not say that it is a simulation"
  grep -q '</svg>' "$work/foot-drop.svg" || fail "no whole foot-drop.svg"
  [ "$(wc -l <"$work/pulses.csv")" -ge 100 ] || fail "pulses.csv has fewer than 100 lines"
  printf 'foot-drop.svg: %s bytes; pulses.csv: %s lines\n' \
    "$(wc -c <"$work/foot-drop.svg")" "$(wc -l <"$work/pulses.csv")"
  rm -rf "$work"
}

# Each function named oracle_… is one of docs/oracles.md.
step_oracles() {
  local name names
  names=$(declare -F | awk '$3 ~ /^oracle_/ { print $3 }')
  for name in $names; do
    printf '+ %s\n' "${name#oracle_}"
    "$name"
  done
}

# Sets oracle_python to the interpreter of a virtual environment that has these packages; false when there is none to be had.
need_python() { # name package...
  local folder="$CARGO_TARGET_DIR/oracles/$1"
  oracle_python="$folder/bin/python"
  shift
  command -v python3 >/dev/null || return 1
  [ -x "$oracle_python" ] || python3 -m venv "$folder" || return 1
  "$oracle_python" -m pip install -q --disable-pip-version-check "$@"
}

# REQ-CORE-84: onsets, whole pulses and balance of 600 random trains.
oracle_pulse2percept() {
  need_python pulse2percept 'pulse2percept==0.11.*' || { skip "oracles: no pulse2percept (python3, its venv, pip)"; return; }
  cargo build -q --locked -p nmes-core --example oracle_trains
  "$oracle_python" nmes-core/tests/oracles/pulse2percept.py "$CARGO_TARGET_DIR/debug/examples/oracle_trains"
}

# Without the walks over every sweep and slope, which take from minutes to hours there.
step_miri() {
  cargo +nightly miri --version >/dev/null 2>&1 || rustup component add --toolchain nightly miri rust-src 2>/dev/null ||
    { skip_kindly "miri: not in the nightly toolchain (rustup toolchain install nightly --component miri,rust-src)"; return; }
  PROPTEST_CASES="${PROPTEST_CASES:-4}" MIRIFLAGS="${MIRIFLAGS:--Zmiri-disable-isolation}" \
    cargo +nightly miri test --locked -p nmes-core --lib --test refusal_table --test refusal_plans \
    --target-dir "$CARGO_TARGET_DIR/miri" -- --skip timing:: --skip slope::
}

step_gungraun() {
  local version runner="$CARGO_TARGET_DIR/gungraun"
  need_debian valgrind valgrind || { skip "gungraun: no valgrind (apt-get install valgrind)"; return; }
  # the runner has to be of the library's own version
  version=$(awk '$0 == "name = \"gungraun\"" { getline; gsub(/[^0-9.]/, ""); print }' Cargo.lock)
  [ -n "$version" ] || fail "Cargo.lock has no gungraun"
  "$runner/bin/gungraun-runner" --version 2>/dev/null | grep -qF "$version" ||
    cargo install -q --locked --root "$runner" --version "$version" gungraun-runner ||
    { skip "gungraun: no gungraun-runner $version (cargo install gungraun-runner)"; return; }
  GUNGRAUN_RUNNER="$runner/bin/gungraun-runner" cargo bench --locked -p nmes-benches --bench instructions
}

step_counts() {
  local target
  need_debian qemu-system-arm qemu-system-arm || { skip "counts: no qemu-system-arm"; return; }
  cd "$firmware"
  for target in "${cortex_m_targets[@]}"; do
    need_target "$target" || { skip "counts: no $target"; continue; }
    cargo build -q --locked -p cortex-m-counts --profile counts --target "$target"
    printf '%s\n' "$target"
    timeout 300 qemu-system-arm -M mps2-an386 -cpu cortex-m4 -nographic -monitor none -serial none -icount shift=0 \
      -semihosting-config enable=on,target=native \
      -kernel "$CARGO_TARGET_DIR/$target/counts/cortex-m-counts" </dev/null
  done
}

# A tool of LLVM: the system's, or the one that comes with the toolchain.
llvm_tool() { # name
  local found
  command -v "llvm-$1" && return 0
  for found in "$(rustc --print sysroot)"/lib/rustlib/*/bin/"llvm-$1"; do
    [ -x "$found" ] && printf '%s\n' "$found" && return 0
  done
  command -v rustup >/dev/null && rustup component add llvm-tools >&2 || return 1
  for found in "$(rustc --print sysroot)"/lib/rustlib/*/bin/"llvm-$1"; do
    [ -x "$found" ] && printf '%s\n' "$found" && return 0
  done
  return 1
}

build_stm32() {
  (cd "$firmware" && cargo build --locked -q -p nmes-stm32g4 --features image --profile board --target "$stm32_target")
}

# What can be reached in a linked image.
inspect() { # image arguments of nmes-inspect
  local image=$1 tool
  shift
  tool=$(llvm_tool objdump) || fail "no llvm-objdump (rustup component add llvm-tools)"
  "$tool" -d --no-show-raw-insn "$image" >"$image.lst"
  "$CARGO_TARGET_DIR/debug/nmes-inspect" "$image.lst" "$@"
}

# REQ-HAL-391 in the images as they are flashed.
step_image() {
  local pico="$CARGO_TARGET_DIR/emulate/pico" stm32="$CARGO_TARGET_DIR/$stm32_target/board/nmes-stm32g4" log
  need_target "$pico_target" || { skip "image: no $pico_target (rustup target add $pico_target)"; return; }
  need_target "$stm32_target" || { skip "image: no $stm32_target (rustup target add $stm32_target)"; return; }
  llvm_tool objdump >/dev/null || { skip "image: no llvm-objdump (rustup component add llvm-tools)"; return; }
  (cd "$firmware" && cargo test --locked -q -p nmes-inspect -p nmes-stm32g4 && cargo build --locked -q -p nmes-inspect)
  build_pico pico
  build_stm32
  log=$(mktemp)
  # the one pointer is that of the measurement, which is inspected too
  inspect "$pico" TIMER_IRQ_0 TIMER_IRQ_1 rp2040_pico::sense::take --pointers 1 ||
    fail "an interrupt of the Pico's reaches what it must not"
  inspect "$stm32" DMA1_CHANNEL2 EXTI15_10 || fail "an interrupt of the STM32G4's reaches what it must not"
  # what runs before the interrupts may panic; if that is not found, nothing would be
  ! inspect "$stm32" main >"$log" || fail "no panic is found where there is one: this proves nothing"
  grep -q 'panic: main > ' "$log" || { cat "$log"; fail "the negative control failed for another reason"; }
  printf 'with main as a root panics are found, as they must be\n'
  rm -f "$log"
}

# One row of the table: sections, code that interrupts reach, stack at the start and in the worst interrupt.
size_row() { # title image [interrupt...]
  local title=$1 image=$2 sections stack reached root out worst=- most=- start
  shift 2
  sections=$("$(llvm_tool size)" -A "$image" | awk '
    $1 ~ /^\.(text|rodata|data|bss)$/ { size[$1] += $2 }
    END { printf "%d | %d | %d | %d", size[".text"], size[".rodata"], size[".data"], size[".bss"] }')
  for root in "$@"; do
    out=$(inspect "$image" "$root" --stack)
    stack=${out% *} reached=${out#* }
    { [ "$worst" != - ] && [ "$stack" -le "$worst" ]; } || worst=$stack
    { [ "$most" != - ] && [ "$reached" -le "$most" ]; } || most=$reached
  done
  root=main
  [ $# -gt 0 ] || root=_start
  out=$(inspect "$image" "$root" --stack)
  start=${out% *}
  printf '| %s | %s | %s | %s | %s |\n' "$title" "$sections" "$most" "$start" "$worst"
}

step_sizes() {
  local table="$CARGO_TARGET_DIR/sizes.md" page="$CARGO_TARGET_DIR/sizes-page.md" folder="$CARGO_TARGET_DIR/$pico_target" target
  for target in "${cortex_m_targets[@]}"; do
    need_target "$target" || { skip "sizes: no $target"; return; }
  done
  llvm_tool size >/dev/null || { skip "sizes: no llvm-size (rustup component add llvm-tools)"; return; }
  (
    cd "$firmware"
    cargo build --locked -q -p nmes-inspect
    cargo build --locked -q -p no-panic --profile proof --target "$pico_target" --bin safety_guard
    cargo build --locked -q -p nmes-footprint --profile small --target "$pico_target"
  )
  build_pico pico
  build_stm32
  {
    printf '| bytes | .text | .rodata | .data | .bss | code an interrupt reaches | stack: start | stack: interrupt |\n'
    printf '|---|---|---|---|---|---|---|---|\n'
    size_row "core + safety, thumbv6m, opt-level 3" "$folder/proof/safety_guard"
    size_row 'core + safety + foot drop + MCP4922, thumbv6m, opt-level "z"' "$folder/small/nmes-footprint" PendSV SysTick
    size_row "Pico image, thumbv6m, opt-level 3" "$CARGO_TARGET_DIR/emulate/pico" TIMER_IRQ_0 TIMER_IRQ_1
    size_row "STM32G4 image, thumbv7em-hf, opt-level 3" "$CARGO_TARGET_DIR/$stm32_target/board/nmes-stm32g4" \
      DMA1_CHANNEL2 EXTI15_10
  } >"$table"
  cat "$table"
  awk -v table="$table" '
    /^<!-- sizes: end -->/ { inside = 0 }
    !inside { print }
    /^<!-- sizes: begin -->/ { inside = 1; while ((getline line < table) > 0) print line }' README.md >"$page"
  if [ "${NMES_TABLES:-}" = write ]; then cp "$page" README.md; fi
  diff README.md "$page" || fail "README.md has other sizes; NMES_TABLES=write ./ci.sh sizes makes them anew ($(rustc --version))"
}

# Builds the Pico image and keeps it as the name given.
build_pico() { # name [feature]
  (cd "$firmware" && cargo build --locked -q -p rp2040-pico --profile board --features "${2:-}" --target "$pico_target")
  mkdir -p "$CARGO_TARGET_DIR/emulate"
  cp "$CARGO_TARGET_DIR/$pico_target/board/rp2040-pico" "$CARGO_TARGET_DIR/emulate/$1"
}

# REQ-HAL-200 on the pins of an emulated board, and
# REQ-HAL-201: the pulses of `nmes events`
# REQ-HAL-202: emergency stop
# REQ-HAL-203: a processor that stands still
# REQ-HAL-204: a converter that fails
# REQ-HAL-205: a broken wire
step_emulate() {
  local walks=${NMES_GAIT_DIR:-$root/../shared/data/gait} images="$CARGO_TARGET_DIR/emulate" recorded=()
  need_target "$pico_target" || { skip "emulate: no $pico_target (rustup target add $pico_target)"; return; }
  command -v npm >/dev/null || { skip "emulate: no npm (apt-get install npm)"; return; }
  npm ci --silent --prefix "$firmware/emulate" || { skip "emulate: npm could not install rp2040js"; return; }
  cargo build -q --release -p nmes-examples --bin nmes
  build_pico disturbed disturb
  build_pico pico
  if [ -d "$walks" ]; then recorded=("$walks"/*.csv); else skip_kindly "emulate: no recorded walks, made ones only"; fi
  node "$firmware/emulate/main.mjs" "$images/pico" "$images/disturbed" "$CARGO_TARGET_DIR/release/nmes" \
    "${recorded[@]}" >"$images/tables.md" || { cat "$images/tables.md"; fail "the pins do not do what was meant"; }
  cat "$images/tables.md"
  awk -v tables="$images/tables.md" '
    /^<!-- emulate: end -->/ { inside = 0 }
    !inside { print }
    /^<!-- emulate: begin -->/ { inside = 1; print ""; while ((getline line < tables) > 0) print line; print "" }' \
    docs/emulation.md >"$images/page.md"
  cp "$images/page.md" docs/emulation.md
}

# REQ-HAL-100 and REQ-HAL-101 on fresh frames: equal, or different as docs/stimulators.md lists.
oracle_stimulators() {
  local seed=${NMES_SEED:-$(date +%s)} out peers=(science-mode-4==0.0.23 pysciencemode==1.1.5) frames
  need_python stimulators "${peers[@]}" || { skip "oracles: no ${peers[*]} (python3, its venv, pip)"; return; }
  frames="$CARGO_TARGET_DIR/oracles/stimulators/frames.txt"
  printf 'seed %s\n' "$seed"
  "$oracle_python" nmes-hal-adapters/tests/oracles/frames.py 13000 13000 "$seed" >"$frames" 2>/dev/null
  out=$(NMES_ORACLE_FRAMES="$frames" cargo test --release -q -p nmes-hal-adapters --test frames -- --nocapture) ||
    { printf '%s\n' "$out"; fail "frames differ from the peers; NMES_SEED=$seed makes them again"; }
  grep -E '^\.*(sm4|rs2): ' <<<"$out" || fail "nothing was compared"
}

# REQ-SAF-324 with a validator that is not ours.
step_schema() {
  local venv="$CARGO_TARGET_DIR/schema" format row
  command -v python3 >/dev/null || { skip "schema: no python3"; return; }
  [ -x "$venv/bin/python" ] || python3 -m venv "$venv" || { skip "schema: no venv (apt-get install python3-venv)"; return; }
  "$venv/bin/python" -c 'import jsonschema' 2>/dev/null ||
    "$venv/bin/python" -m pip install -q --disable-pip-version-check 'jsonschema>=4,<5' ||
    { skip "schema: pip could not install jsonschema"; return; }
  cargo build -q --locked -p nmes-examples --bin nmes
  schema_of() { # schema arguments
    local schema="docs/schema/$1.schema.json"
    shift
    "$CARGO_TARGET_DIR/debug/nmes" "$@" >"$venv/value.json" 2>/dev/null || true
    "$venv/bin/python" - "$schema" "$venv/value.json" <<'PY'
import json, sys
import jsonschema
schema, value = (json.load(open(path, encoding="utf-8")) for path in sys.argv[1:])
jsonschema.Draft202012Validator.check_schema(schema)
jsonschema.validate(value, schema, jsonschema.Draft202012Validator)
PY
    printf '%s: %s\n' "$schema" "nmes $*"
  }
  schema_of check-report check foot-drop --json
  schema_of check-report check foot-drop --json --electrode-cm2 1
  for format in fda-510k-table cfr-882-5891; do
    schema_of output-report report foot-drop --json --format "$format"
  done
  for row in foot-drop knee-oa copd-hf tens-burst; do
    schema_of session-file session export "$row" --format json
  done
  schema_of own-session-file session export --session docs/own-session.toml --format json
}

# The RustSec database on both lock files; needs the network.
step_audit() {
  command -v cargo-audit >/dev/null || { skip "audit: no cargo-audit (cargo install cargo-audit --locked)"; return; }
  cargo audit
  cargo audit --file "$firmware/Cargo.lock"
}

step_windows() {
  need_target x86_64-pc-windows-gnu || { skip_kindly "windows: no x86_64-pc-windows-gnu (rustup target add)"; return; }
  cargo check -q --locked -p nmes-examples --target x86_64-pc-windows-gnu
}

# REQ-APP-167 and REQ-APP-161 with a client that is not ours to shape.
step_serve() {
  local work port server client out
  command -v python3 >/dev/null || { skip "serve: no python3"; return; }
  cargo build -q --release --locked -p nmes-examples --bin nmes
  work=$(mktemp -d)
  "$CARGO_TARGET_DIR/release/nmes" serve --listen 127.0.0.1:0 --channels 8 --frequency-hz 50 --ceiling-ma 10 --ceiling-us 250 \
    --log "$work/log.jsonl" >"$work/out.txt" &
  server=$!
  for _ in {1..100}; do grep -q '^listening' "$work/out.txt" && break; sleep 0.1; done
  port=$(sed -nE 's/^listening at [^:]*:([0-9]+),.*/\1/p' "$work/out.txt")
  out=$(python3 examples/python/serve_client.py 127.0.0.1 "$port" "${NMES_SERVE_SECONDS:-60}") || fail "the client failed"
  printf '%s\n' "$out"
  grep -q ' 0 without an answer, 0 errors' <<<"$out" || fail "a receipt was lost"
  grep -qE 'p99 [01], most' <<<"$out" || fail "commands come later than the next pulse but one"
  # the first session ramps down and ends before another is armed
  sleep 2
  python3 examples/python/serve_client.py 127.0.0.1 "$port" 30 >/dev/null 2>&1 &
  client=$!
  sleep 6
  kill -KILL "$client"
  for _ in {1..50}; do tail -n 1 "$work/log.jsonl" | grep -q '"idle","why":"the client is lost"' && break; sleep 0.1; done
  kill -INT "$server"
  wait "$server" || fail "nmes serve: exit code not 0"
  grep '"event":"ramp_down","why":"the client is lost"' "$work/log.jsonl" || fail "no ramp down in the log"
  tail -n 1 "$work/log.jsonl" | grep '"idle","why":"the client is lost"' || fail "it did not end in silence"
  rm -rf "$work"
}

# REQ-SAF-410: sequences of calls to the guard,
# REQ-SAF-411: bytes to the decoders of records,
# REQ-PRO-358: readings for the triggers.
step_fuzz() {
  local which
  cargo build -q --release -p nmes-examples --example fuzz_serve
  "$CARGO_TARGET_DIR/release/examples/fuzz_serve" "${NMES_FUZZ_SECONDS:-60}" "${NMES_SEED:-$(date +%s)}"
  cargo build -q --release -p nmes-safety --example fuzz_safety
  for which in guard records; do
    "$CARGO_TARGET_DIR/release/examples/fuzz_safety" "$which" "${NMES_FUZZ_SECONDS:-60}" "${NMES_SEED:-$(date +%s)}"
  done
  cargo build -q --release -p nmes-hal-adapters --features sim --example fuzz_stimulators
  for which in sciencemode4 rehastim2; do
    "$CARGO_TARGET_DIR/release/examples/fuzz_stimulators" "$which" "${NMES_FUZZ_SECONDS:-60}" "${NMES_SEED:-$(date +%s)}"
  done
  cargo build -q --release -p nmes-protocols --features text,postcard --example fuzz_files
  "$CARGO_TARGET_DIR/release/examples/fuzz_files" "${NMES_FUZZ_SECONDS:-60}" "${NMES_SEED:-$(date +%s)}"
  cargo build -q --release -p nmes-protocols --example fuzz_triggers
  "$CARGO_TARGET_DIR/release/examples/fuzz_triggers" "${NMES_FUZZ_SECONDS:-60}" "${NMES_SEED:-$(date +%s)}"
}

# What of nmes-protocols is mutated, one line each: name, files below its src, files of tests that are to notice.
# `NMES_MUTANTS=name ./ci.sh mutants` does one; NMES_SHARD=k/n a part of it. docs/mutants.md lists what survives, with reasons.
mutated=(
  'triggers triggers/** triggers_drawn triggers_moments triggers_emg triggers_tilt triggers_settings triggers_faults triggers_crank'
  'screening {screening,screening/*,innervation}.rs screening build row catalogue serde'
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
      -C=--lib -C=--test=all -o "$out" --timeout 60 --shard "${NMES_SHARD:-0/1}" --sharding round-robin) || code=$?
    case ${code:-0} in 0 | 2 | 3) ;; *) fail "mutants: $name did not run" ;; esac
    caught=$(cat "$out"/mutants.out/{caught,timeout}.txt | wc -l)
    missed=$(wc -l <"$out/mutants.out/missed.txt")
    printf 'mutants of %s: %s caught, %s missed\n' "$name" "$caught" "$missed"
    [ "$((caught * 10))" -ge "$(((caught + missed) * 9))" ] || fail "fewer than nine of ten mutants of $name are caught"
  done
}

# Most cases of a property outside nmes-core: a case there is a whole session through guard and drivers.
verify_cap=20000

step_verify() {
  local asked=${NMES_CASES:-200000} capped
  capped=$((asked < verify_cap ? asked : verify_cap))
  verify_tests "$asked" -p nmes-core --all-features
  verify_tests "$capped" --workspace --exclude nmes-core
  unset NMES_CASES PROPTEST_CASES
  step_fuzz
  step_mutants
}

verify_tests() { # cases package...
  export NMES_CASES=$1 PROPTEST_CASES=$1
  shift
  printf '+ NMES_CASES=%s cargo test --release %s\n' "$NMES_CASES" "$*"
  cargo test --release "$@"
}

# All tests of nmes-safety in one program, so that a mutant costs one link. With `quick` without the unit tests.
mutants_copy() { # folder quick|all
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
    printf '#[path = "%s.rs"]\nmod %s_;\n' "$file" "$file"
  done >all.rs
  { printf '//! All of them in one.\n'; cat all.rs; } >nmes-safety/tests/all.rs
  sed -i -e 's/^edition.workspace = true/&\nautotests = false/' \
    -e 's/^\[features\]/[[test]]\nname = "all"\npath = "tests\/all.rs"\n\n[features]/' nmes-safety/Cargo.toml
  [ "$2" != quick ] || sed -i 's/^\[\[test\]\]/[lib]\ntest = false\n\n&/' nmes-safety/Cargo.toml
}

# Tests that take longest and seldom are the only ones that notice: for the mutants that all others miss.
slow_tests='no_nuisance_trip|no_trip_at_any_stop|one_channel|what_the_engine_makes|slow_reference|python_reads'

# What came of the last pass, added to what is known: a word and a name, the last one of a name counts. What the quick tests
# missed is left for the others.
mutants_collect() { # folder
  local word missed=missed
  [ "$(cat "$1/pass" 2>/dev/null)" != quick ] || missed=left
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

# The names that are asked for: NMES_MUTANT_FILES, every n-th by NMES_SHARD.
mutants_asked() { # folder
  local file shard=${NMES_SHARD:-0/1}
  for file in ${NMES_MUTANT_FILES:-}; do
    [ -z "$file" ] || printf 'nmes-safety/src/%s\n' "$file"
  done >"$1/files.txt"
  while IFS= read -r line; do
    if [ ! -s "$1/files.txt" ]; then printf '%s\n' "$line"; continue; fi
    while read -r file; do
      # shellcheck disable=SC2254 # a pattern on purpose
      case ${line%%:*} in $file) printf '%s\n' "$line" ;; esac
    done <"$1/files.txt"
  done <"$1/all.txt" | awk -v k="${shard%/*}" -v n="${shard#*/}" '(NR - 1) % n == k'
}

# One pass of cargo-mutants over the names of a list: all others are given out as caught before.
mutants_pass() { # folder quick|all list, then more of the command
  local out=$1 pass=$2 list=$3
  shift 3
  [ -s "$list" ] || return 0
  (mutants_copy "$out" "$pass")
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

# REQ-SAF-540: at least 95 % of those that compile are caught, and every one that is missed has a row in docs/mutants.md.
# First with the quick tests, then what they miss with all, the examples in the documentation too. A run that was stopped
# goes on where it stopped, but for the files that changed. NMES_MUTANT_FILES="check.rs metrics/*" tries some files,
# NMES_SHARD=k/n every n-th mutant of them.
mutants_of_safety() {
  local out="$CARGO_TARGET_DIR/mutants" caught missed line name bad=0
  command -v cargo-mutants >/dev/null || { skip_kindly "mutants: no cargo-mutants (cargo install --locked cargo-mutants)"; return; }
  command -v cargo-nextest >/dev/null || { skip_kindly "mutants: no cargo-nextest (cargo install --locked cargo-nextest)"; return; }
  mkdir -p "$out"
  mutants_collect "$out"
  mutants_forget "$out"
  cargo mutants -p nmes-safety --list --colors never >"$out/all.txt"
  mutants_asked "$out" | grep -vxFf <(sed 's/^[^ ]* //' "$out/known.txt") >"$out/quick.txt" || true
  mutants_pass "$out" quick "$out/quick.txt" --timeout 120 --test-tool nextest -- -E "not test(/$slow_tests/)"
  # those that were missed before, too: there may be a test for them now
  sed -nE 's/^(left|missed) //p' "$out/known.txt" >"$out/left.txt"
  mutants_pass "$out" all "$out/left.txt" --timeout 600 --test-tool cargo
  mutants_table "$out" | tee "$out/table.md"
  {
    printf '<!-- ./ci.sh mutants, %s, %s -->\n' "$(date +%F)" "$(cargo mutants --version)"
    cat "$out/table.md"
  } >"$out/section.md"
  # the table of the document, between its marks
  sed -i -e '/<!-- mutants: begin -->/,/<!-- mutants: end -->/{//!d}' -e "/<!-- mutants: begin -->/r $out/section.md" docs/mutants.md
  caught=$(grep -cE '^(caught|timeout) ' "$out/known.txt") || true
  missed=$(grep -c '^missed ' "$out/known.txt") || true
  while read -r line; do
    # nmes-safety/src/file.rs:line:column: what in where
    name=$(sed -E 's/^missed nmes-safety\/src\/([^:]*):[0-9]+:[0-9]+: /\1: /' <<<"$line")
    grep -qF "\`$name\`" docs/mutants.md || { printf 'not in docs/mutants.md: %s\n' "$line"; bad=1; }
  done < <(grep '^missed ' "$out/known.txt")
  printf '%s mutants caught, %s missed\n' "$caught" "$missed"
  [ "$((caught * 100))" -ge "$(((caught + missed) * 95))" ] || fail "fewer than 95 % are caught"
  [ "$bad" = 0 ] || fail "a mutant that nobody catches and nobody explains"
}

# ---- running them --------------------------------------------------------------------------------------------------

heading() {
  printf '\n== %s\n' "$1"
}

# Runs a step in a process of its own, so that `set -e` holds inside it.
run_step() {
  local begin=$SECONDS code=0
  heading "$1"
  bash "$root/ci.sh" "--step" "$1" || code=$?
  printf '== %s: %s in %s s\n' "$1" "$([ "$code" = 0 ] && echo ok || echo FAILED)" "$((SECONDS - begin))"
  return "$code"
}

# What a run of everything writes, in GB, and some to spare: a full disk shows itself as a linker's bus error. Measured
# by the line that `all` prints at its end.
disk_needed=12

disk_room() {
  local free
  mkdir -p "$CARGO_TARGET_DIR"
  free=$(df -Pk "$CARGO_TARGET_DIR" | awk 'NR == 2 { print int($4 / 1048576) }')
  printf 'disk: %s GB free for the build, about %s GB are used\n' "$free" "$disk_needed"
}

run_all() {
  local step passed=0 failed=() skipped=0
  NMES_CI_SKIPS=$(mktemp)
  export NMES_CI_SKIPS
  # everything is built once: what incremental builds would keep is only disk
  export CARGO_INCREMENTAL=0
  disk_room
  for step in "${all_steps[@]}"; do
    if run_step "$step"; then passed=$((passed + 1)); else failed+=("$step"); fi
  done
  heading "summary"
  if [ -s "$NMES_CI_SKIPS" ]; then
    skipped=$(wc -l <"$NMES_CI_SKIPS")
    sed 's/^/skipped: /' "$NMES_CI_SKIPS"
  fi
  printf 'not part of all: verify and mutants (hours, not minutes), schema, audit, oracles, serve, fuzz and miri (fetch packages or a toolchain), sizes, counts and gungraun (print, check nothing)\n'
  [ "${#failed[@]}" = 0 ] || printf 'failed: %s\n' "${failed[*]}"
  printf 'total: %s s, %s on disk\n' "$SECONDS" "$(du -sh "$CARGO_TARGET_DIR" | cut -f1)"
  printf 'steps: %s passed, %s failed, %s skipped\n' "$passed" "${#failed[@]}" "$skipped"
  rm -f "$NMES_CI_SKIPS"
  [ "${#failed[@]}" = 0 ]
}

is_step() {
  declare -F "step_$1" >/dev/null
}

main() {
  [ $# -gt 0 ] || { usage; exit 2; }
  if [ "$1" = --step ]; then "step_$2"; return; fi
  local name
  for name in "$@"; do
    case $name in
      all) run_all ;;
      help | -h | --help) usage ;;
      *) is_step "$name" || { usage >&2; fail "no step named $name"; }; run_step "$name" ;;
    esac
  done
}

main "$@"
