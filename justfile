# What to run while working on gluon. `just` alone lists it.

_default:
    @just --list --unsorted

# Everything CI checks, in the same order.
check: fmt lint doc test

# Formatting.
fmt:
    cargo fmt --check

# Lints; a warning is an error.
lint:
    cargo clippy --locked --all-targets -- -D warnings

# Documentation; a broken link is an error.
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items --lib

# All tests: the command of the README.
test:
    cargo test

# Format the code.
fix:
    cargo fmt
    cargo clippy --fix --allow-dirty --all-targets

# The whole product on a throw-away repository.
demo:
    cargo run --release -- demo

# Measure beside tmux.
bench:
    cargo bench --bench mux
