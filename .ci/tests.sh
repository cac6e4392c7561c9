# shellcheck shell=bash
# The tests that are written down are those that run. A part of ci.sh, which reads it.

# The tests of examples/firmware that run on the host.
firmware_tests='cargo test --locked -q -p nmes-firmware-script -p nmes-inspect -p nmes-stm32g4 -p nmes-template'

# What a command of `cargo test` runs, as `root of the target, tab, name of the test`; a line without a name for each target.
# Tests that it would ignore are left out.
run_by() { # command
  local line source program
  # what stands behind it is for the test programs, which are asked here
  [[ $1 != *' -- '* ]] || fail "not a plain command: $1"
  bash -euo pipefail -c "$1 --no-run --message-format=json" | grep '"profile":{[^}]*"test":true' | while read -r line; do
    program=$(sed -nE 's/.*"executable":"([^"]*)".*/\1/p' <<<"$line")
    [ -n "$program" ] || continue
    source=$(sed -E 's/.*"src_path":"([^"]*)".*/\1/' <<<"$line")
    source=./${source#"$root/"}
    printf '%s\t\n' "$source"
    comm -23 <("$program" --list </dev/null | sed -n 's/: test$//p' | sort) \
      <("$program" --list --ignored </dev/null | sed -n 's/: test$//p' | sort) | sed "s|^|$source\t|"
  done
}

# The tests of $1/tests that are not in $1/run, and those that stand there twice: one of the two is a comment, or compiled
# out. The name of a test is the path of its file from the root of the target, the modules in the file, and the function.
# Where a macro makes a test, one that it made is looked for anywhere; a test whose name is the macro's own variable cannot be.
# shellcheck disable=SC2016 # the dollars are awk's
not_run() { # folder
  awk -F'\t' '
    function runs(file, modules, name,  root, folder, path) {
      if (modules ~ /[$]/) return name in anywhere
      if (file in roots) return (file "\t" modules name) in run
      for (root in roots) {
        folder = root; sub(/[^\/]*$/, "", folder)
        path = substr(file, length(folder) + 1); sub(/([\/]mod)?[.]rs$/, "", path); gsub(/\//, "::", path)
        if (index(file, folder) == 1 && (root "\t" path "::" modules name) in run) return 1
      }
      return 0
    }
    NR == FNR { roots[$1]; if ($2 != "") { run[$1 "\t" $2]; name = $2; sub(/.*::/, "", name); anywhere[name] } next }
    $2 ~ /^[$]/ { next }
    { test = $1 "::" $4 $2; if (test in seen || !runs($1, $4, $2)) print test; seen[test] }' "$1/run" "$1/tests"
}

# REQ-APP-255: each test that a document or a requirement can name is run by the command of README.md or the one for the
# firmware; first of a package in which each way of not being run is found.
tests_are_run() { # command
  local work
  work=$(mktemp -d)
  (made_of_damage "$work")
  list_tests >"$work/tests"
  run_by "$1" >"$work/run"
  (cd "$firmware" && run_by "$firmware_tests") >>"$work/run"
  not_run "$work" | sort >"$work/missed"
  none_of 'tests that do not run' "$work/missed" || fail "a test that does not run shows nothing"
  printf '%s tests written down, each of them run\n' "$(wc -l <"$work/tests")"
  rm -rf "$work"
}

# A package with tests that run and tests that do not, each for another reason.
# shellcheck disable=SC2016 # that is the dollar of a macro
made_of_damage() { # folder
  local folder=$1/damage
  local expected='./src/gone.rs::no_module ./src/lib.rs::$unused::never ./src/lib.rs::tests::behind_a_feature ./src/lib.rs::tests::commented_out ./src/lib.rs::tests::compiled_out ./src/lib.rs::tests::ignored ./src/lib.rs::tests::runs ./tests/whole.rs::no_file'
  mkdir -p "$folder/src" "$folder/tests"
  cd "$folder"
  root=$(pwd -P)
  printf '[package]\nname = "damage"\nedition = "2024"\n[features]\noff = []\n[workspace]\n' >Cargo.toml
  printf '#[test]\nfn no_module() {}\n' >src/gone.rs
  printf '#![cfg(any())]\n#[test]\nfn no_file() {}\n' >tests/whole.rs
  printf '#[test]\nfn in_a_file() {}\n' | tee src/there.rs >tests/there.rs
  cat >src/lib.rs <<'RUST'
#[cfg(test)]
mod there;
#[cfg(test)]
macro_rules! made {
    ($name:ident, $test:ident) => {
        mod $name {
            #[test]
            fn always() {}
            #[test]
            fn $test() {}
        }
    };
}
#[cfg(test)]
made!(here, some);
#[cfg(test)]
#[allow(unused_macros)]
macro_rules! unused {
    () => {
        #[test]
        fn never() {}
    };
}
#[cfg(test)]
mod tests {
    mod inner {
        #[test]
        fn runs() {}
    }
    #[test]
    fn runs() {}
    #[test]
    #[ignore]
    fn ignored() {}
    #[cfg(any())]
    #[test]
    fn compiled_out() {}
    #[cfg(feature = "off")]
    #[test]
    fn behind_a_feature() {}
    /*
    #[test]
    fn runs() {}
    #[test]
    fn commented_out() {}
    */
}
RUST
  list_tests >"$1/tests"
  CARGO_TARGET_DIR=$1/target run_by 'cargo test -q' >"$1/run"
  not_run "$1" | sort >"$1/missed"
  [ "$(tr '\n' ' ' <"$1/missed")" = "$expected " ] || fail "of tests that do not run, these are found: $(cat "$1/missed")"
  printf '%s tests that do not run, each found\n' "$(wc -l <"$1/missed")"
}
