# Every target does its own set-up, quickly where there is nothing to do:
# system packages, npm packages, the front end, the starter model.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:

# rustup puts cargo here; a shell started before it was installed does not know.
export PATH := $(PATH):$(HOME)/.cargo/bin

# PHOTOS as a recipe's shell reads it. Not every shell expands the tilde of an
# argument such as PHOTOS=~/Pictures, so it is done here.
FOLDER := $${PHOTOS/\#\~/$$HOME}

# What setup.sh prepares: `build`, or `test` with what drives a window unseen.
SETUP := build

# Both programs in one call, so that they share every compiled dependency.
PROGRAMS := -p afterimage-cli -p afterimage-desktop

.PHONY: help setup build run check test a11y bench bench-window cuda-check bundle clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1  /p' Makefile | while read -r name text; do \
		printf 'make %-10s %s\n' "$$name" "$$text"; \
	done

setup:
	@scripts/setup.sh $(SETUP)

build: setup ui/dist/index.html ## the programs in target/release, and the starter model
	cargo build --release --locked $(PROGRAMS)
	@scripts/starter.sh target/release/afterimage

run: build ## the window; PHOTOS=DIR adds a folder of photos
	target/release/afterimage-desktop $(if $(PHOTOS),--add "$(FOLDER)")

check: SETUP := test
check: setup ui/dist/index.html ## formatting, lints and types
	cargo fmt --all --check
	cd ui && npm run --silent check
	cargo clippy --locked --workspace --all-targets -- -D warnings

test: SETUP := test
test: check ## all tests, `check` first
	cargo build --locked --workspace --all-targets
	@scripts/starter.sh target/debug/afterimage
	cargo test --locked --workspace --no-fail-fast
	cd ui && npm test
ifeq ($(shell uname -s),Linux)
	node tests/e2e/run.mjs
	node tests/a11y/run.mjs
else
	@echo 'skipped: the tests of the window need WebKitGTK, and so Linux'
endif

a11y: SETUP := test
a11y: setup ui/node_modules/.package-lock.json ## every state of the window against axe-core; STATES=WORDS
	node tests/a11y/run.mjs $(STATES)

bench: build ## speed beside what people use today; PHOTOS=DIR, ROUNDS=N
	@scripts/bench.py target/release/afterimage \
		$(if $(PHOTOS),"$(FOLDER)") $(if $(ROUNDS),--rounds "$(ROUNDS)")

bench-window: SETUP := test
bench-window: build ## the window on a made-up library of 100,000 photos: start, scrolling, typing, memory
	node tests/e2e/bench.mjs

cuda-check: setup ## compile the feature cuda, without a GPU
	@scripts/cuda-check.sh

bundle: build ## an archive of the programs and the starter model in target/bundle
	@scripts/bundle.sh

clean: ## remove everything that was built, but for the starter model
	rm -rf target ui/dist ui/node_modules

# npm writes this file last; its date says which lock file was installed.
ui/node_modules/.package-lock.json: ui/package-lock.json ui/package.json | setup
	cd ui && npm ci --no-audit --no-fund
	@touch $@

ui/dist/index.html: ui/node_modules/.package-lock.json $(shell find ui -type d \( -name node_modules -o -name dist \) -prune -o -type f -print)
	cd ui && npm run --silent build
	@touch $@
