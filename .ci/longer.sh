# shellcheck shell=bash
# Checks that are not part of `all`: hours, the network, other people's programs. A part of ci.sh, which reads it.

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

# Without the walks over every sweep and slope and without long trains, which take from minutes to hours there. Of nmes-safety
# check, interlock, guard (admit, edge, tick, arming, set levels, flipped bits), contact, records and self-test. Its tests leak
# the plans that they borrow from.
step_miri() {
  cargo +nightly miri --version >/dev/null 2>&1 || rustup component add --toolchain nightly miri rust-src 2>/dev/null ||
    { skip_kindly "miri: not in the nightly toolchain (rustup toolchain install nightly --component miri,rust-src)"; return; }
  miri() { # arguments of cargo miri test
    MIRIFLAGS="${MIRIFLAGS:--Zmiri-disable-isolation -Zmiri-ignore-leaks}" \
      cargo +nightly miri test --locked --target-dir "$CARGO_TARGET_DIR/miri" "$@"
  }
  PROPTEST_CASES="${PROPTEST_CASES:-4}" MIRIFLAGS="${MIRIFLAGS:--Zmiri-disable-isolation}" \
    miri -p nmes-core --lib --test refusal_table --test refusal_plans -- --skip timing:: --skip slope::
  export NMES_CASES="${NMES_CASES:-1}" PROPTEST_CASES="${PROPTEST_CASES:-1}" PROPTEST_DISABLE_FAILURE_PERSISTENCE=1
  miri -p nmes-safety --lib --test rule_sides --test interlock --test contact --test said --test selftest --test selftest_limits --test record_edges \
    -- --skip sum_of_a_profile
  miri -p nmes-safety --test guard_set --test guard_admit --test guard_edge --test guard_tick -- --skip slew \
    --skip lateness --skip last_edge_moves --skip ledger_is_zero --skip rate_ --skip on_time --skip rms --skip what_opens_comes
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
  schema_of check-report check bells-denervated --json
  schema_of output-report report foot-drop --json --amplitude-ma 200
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
