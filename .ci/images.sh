# shellcheck shell=bash
# The images of examples/firmware: what they link, what they are, what they do on emulated cores. A part of ci.sh, which reads it.

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

# Instructions, which the same compiler and the same source make the same everywhere.
step_counts() {
  local made target
  need_debian qemu-system-arm qemu-system-arm || { skip "counts: no qemu-system-arm"; return; }
  for target in "${cortex_m_targets[@]}"; do
    need_target "$target" || { skip "counts: no $target"; return; }
  done
  made=$(mktemp)
  (count_instructions) | tee "$made"
  [ "${NMES_TABLES:-}" != write ] || cp "$made" docs/counts.txt
  diff docs/counts.txt "$made" || fail "docs/counts.txt has others; NMES_TABLES=write ./ci.sh counts makes them anew ($(rustc --version))"
  rm -f "$made"
}

count_instructions() {
  local target
  cd "$firmware"
  for target in "${cortex_m_targets[@]}"; do
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
  (cd "$firmware" && cargo build --locked -q -p nmes-inspect)
  build_pico pico
  build_stm32
  log=$(mktemp)
  # all three pointers are that of the measurement (of a phase, where a channel opens, of a rest), which is inspected too
  inspect "$pico" TIMER_IRQ_0 TIMER_IRQ_1 rp2040_pico::sense::take --pointers 3 ||
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
# REQ-HAL-404: a supply that comes back
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
