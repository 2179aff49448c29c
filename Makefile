# Thin targets: each says what it needs and runs one command.

.PHONY: run test lint bench soak docs clean packages test-packages bench-packages

PROGRAM := $(or $(CARGO_TARGET_DIR),target)/release/virhai

# The prompt on libvirt's test driver; the tour where there is no terminal.
run: packages
	cargo build --release
	@if [ -t 0 ] && [ -t 1 ]; then \
		$(PROGRAM) -c test:///default; \
	else \
		$(PROGRAM) -c test:///default scripts/tour.rhai; \
	fi

# Every test. What this machine cannot do is skipped, by name.
test: test-packages
	tests/lab/report cargo test

# Formatting, warnings, and the checker of virhai itself.
lint: packages
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings
	cargo run --quiet -- check $$(find stdlib scripts -name '*.rhai')

bench: packages bench-packages
	benches/run

# The long versions of the tests.
soak: test-packages
	VIRHAI_SOAK=1 tests/lab/report cargo test

docs: packages
	cargo run --quiet -- doc --markdown >docs/reference.md.new
	mv docs/reference.md.new docs/reference.md

clean:
	cargo clean

packages:
	@tools/setup build

# Without some of these the rest can still be tested.
test-packages: packages
	@tools/setup test || echo "tests that need what is missing will be skipped"
	@tests/lab/build-guest >/dev/null || echo "tests that need the tiny guest will be skipped"

bench-packages:
	@tools/setup bench
