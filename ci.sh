#!/usr/bin/env bash
# Every check of this repository is a subcommand of this script; CI calls `./ci.sh all`. The longer ones are in .ci/.
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
           docs/architecture.md names the files there are, each test cites an ID, each rule of the table is tried on both
           sides, each hazard in docs/hazards.md has requirements and tests of them that are there, and docs/soup.md has the
           versions of Cargo.lock and what is linked into a device; then the same of damaged copies, in which each damage
           has to be found
  clippy   the lint table, on the workspace and on examples/firmware
  test     the test command that README.md gives, and the tests of examples/firmware; then each test that is written down
           has to be among those that they run: ignored ones, and ones that are compiled out, are named
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
  counts   instructions an edge of engine and ledger, with guard and runner, and of the check, on emulated Cortex-M, against
           docs/counts.txt; NMES_TABLES=write ./ci.sh counts makes it anew (another compiler gives other figures)
  schema   what `nmes check`, `report` and `session export` print as JSON, against docs/schema with an independent validator
           (needs Python; the tests do the same with one of their own)
  audit    known advisories on the dependencies, from the RustSec database (needs cargo-audit and the network)
  oracles  random trains and frames against other people's programs (docs/oracles.md); fetches packages
  miri     tests of nmes-core and nmes-safety under Miri, on the nightly toolchain; about five minutes of processor time
  gungraun instructions of the engine on the host, by Valgrind (prints, checks nothing)
  serve    `nmes serve` under examples/python/serve_client.py, 8 channels of 50 pulses a second for NMES_SERVE_SECONDS
           (default 60), and the same with the client killed (needs Python)
  fuzz     sequences of calls to the guard, broken records, broken streams for the decoders and conversations of both
           stimulators, for the lines of `nmes serve`, for session and subject files, and readings that nothing gives
           for the triggers; NMES_FUZZ_SECONDS each (default 60)
  mutants  changes to nmes-safety, triggers and screening that a test has to notice (cargo-mutants; hours): NMES_MUTANTS
           names one of safety, triggers, screening, NMES_SHARD a part (default 0/1, all of it); of safety
           NMES_MUTANT_FILES names files under src, NMES_MUTANT_SINCE=REV takes lines that changed since; a run that was stopped goes on, and docs/mutants.md gets its table
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
  local file
  for file in ci.sh .ci/run .ci/*.sh; do bash -n "$file"; done
  need_debian shellcheck shellcheck || { skip_kindly "shell: no shellcheck (apt-get install shellcheck)"; return; }
  shellcheck -x ci.sh .ci/run
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
  printf '+ in examples/firmware: %s\n' "$firmware_tests"
  (cd "$firmware" && $firmware_tests)
  tests_are_run "$command"
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
# REQ-HAL-405: the program that drives stimulators is built without what flips bits behind a guard
step_campaign() {
  local made
  made=$(mktemp)
  cargo tree --locked -p nmes-examples -e normal -f '{p} {f}' >"$made"
  ! grep -q fault-injection "$made" || fail "nmes is built with fault injection"
  cargo tree --locked -p nmes-examples --features campaign -e normal -f '{p} {f}' >"$made"
  grep -q fault-injection "$made" || fail "cargo tree does not tell what is built in"
  cargo build -q --locked --release -p nmes-examples --features campaign --bin nmes-campaign
  "$CARGO_TARGET_DIR/release/nmes-campaign" --out "$made" || fail "a fault did not come to what it must"
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

step_windows() {
  need_target x86_64-pc-windows-gnu || { skip_kindly "windows: no x86_64-pc-windows-gnu (rustup target add)"; return; }
  cargo check -q --locked -p nmes-examples --target x86_64-pc-windows-gnu
}

# ---- the rest of them, in parts -------------------------------------------------------------------------------------

# shellcheck source=.ci/trace.sh
. "$root/.ci/trace.sh"
# shellcheck source=.ci/tests.sh
. "$root/.ci/tests.sh"
# shellcheck source=.ci/images.sh
. "$root/.ci/images.sh"
# shellcheck source=.ci/longer.sh
. "$root/.ci/longer.sh"
# shellcheck source=.ci/mutants.sh
. "$root/.ci/mutants.sh"

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
disk_needed=8

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
  printf 'not part of all: verify and mutants (hours, not minutes), schema, audit, oracles, serve, fuzz and miri (fetch packages or a toolchain), sizes and counts (figures of one compiler), gungraun (prints)\n'
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
