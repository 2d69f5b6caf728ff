# Two commands for a fresh machine, each setting up what it needs:
#   make run     trains a network on real handwritten digits
#   make test    runs the tests

EXAMPLES = $(notdir $(wildcard Examples/Sources/*))
FORMATTED = $(wildcard Sources Tests Examples/Sources Examples/Tests Benchmarks/Sources Benchmarks/Tests) \
  $(wildcard Benchmarks/Counts/Benchmarks Package.swift */Package.swift */*/Package.swift)

.PHONY: run test examples pictures docs compare sweep widths gradbench counts update-counts format lint setup

run: setup
	swift run -c release --package-path Examples Digits

test: setup
	swift test
	swift test --package-path Benchmarks --filter GradBenchTests

# Builds and runs every example, long ones in their quick form, and tests what they read: in one build, which lets tests
# see what is internal.
OPTIONS.AlexNet = --quick
TESTABLE = -c release --package-path Examples -Xswiftc -enable-testing
examples: setup
	swift build $(TESTABLE) --build-tests
	@set -e; $(foreach example,$(EXAMPLES), \
	  printf '\n== %s\n' $(example); Examples/.build/release/$(example) $(OPTIONS.$(example));)
	swift test $(TESTABLE) --skip-build

# Draws the committed pictures anew.
pictures: setup
	swift run -c release --package-path Examples Pictures Examples/Pictures

# Measures ours and the peers' programs in turns, and writes Benchmarks/results. The peers' programs are in PEERS;
# ARGUMENTS="--quick --only S2,mlp" and the like are passed on.
compare: setup
	python3 Benchmarks/compare $(ARGUMENTS)

# What a gate costs in scalar graphs of 10³ to 10⁷ gates, and width 2 against width 1 for 2⁰ to 2²⁰ gates: both write
# Benchmarks/results.
sweep: setup
	python3 Benchmarks/compare/sweeps.py scalars

widths: setup
	python3 Benchmarks/compare/sweeps.py widths

# GradBench's recordings and large inputs through our tool, and the table of its peers with ours beside it. The recordings
# and the peers' figures are in GRADBENCH; needs numpy.
GRADBENCH ?= ../shared/gradbench
gradbench: setup
	swift build -c release --package-path Benchmarks --product gradbench
	python3 Benchmarks/gradbench $(GRADBENCH) Benchmarks/.build/release/gradbench $(ARGUMENTS)

# Holds units, allocations, page faults and bytes to the committed thresholds.
counts: setup
	Benchmarks/Counts/check

update-counts: setup
	Benchmarks/Counts/check --update

# DocC archives of the four products; a warning is an error.
docs: setup
	.ci/docs

format:
	swift format format --in-place --recursive $(FORMATTED)

lint:
	swift format lint --strict --recursive $(FORMATTED)

# Installs jemalloc and OpenBLAS where they are missing.
setup:
	@.ci/setup
