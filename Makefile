# Two commands for a fresh machine, `make run` and `make test`, and others for those who work on the package. Each sets
# up what it needs.

# Libraries that several of them share are not run.
EXAMPLES = $(filter-out DigitNetworks Shared,$(notdir $(wildcard Examples/Sources/*)))
SERVER = Examples/PredictionServer
FORMATTED = $(wildcard Sources Tests Examples/Sources Examples/Tests Benchmarks/Sources Benchmarks/Tests) \
  $(wildcard $(SERVER)/Sources $(SERVER)/Tests) \
  $(wildcard Benchmarks/Counts/Benchmarks Package.swift */Package.swift */*/Package.swift)

# Swift Package Manager passes the traits to the compiler in the order of a set. With an order of its own in each
# process, every other build would begin from the start. Tests keep theirs.
BUILT = SWIFT_DETERMINISTIC_HASHING=1 swift build

.PHONY: help run test mutants expression-times examples cluster cluster-test serve-test serve-load pictures docs api compare products \
  sweep widths scaling gradbench counts update-counts bits format lint setup

help: ## prints what there is to make
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1	\2/p' $(MAKEFILE_LIST) | expand -t 18

run: setup ## trains a network on real handwritten digits
	swift run -c release --package-path Examples Digits

# BUILD has the options of another build than .build, for `make docs` too.
test: setup ## runs the tests
	$(BUILT) --build-tests $(BUILD)
	swift test --skip-build $(BUILD)
	$(BUILT) --build-tests --package-path Benchmarks
	swift test --skip-build --package-path Benchmarks --filter '^GradBenchTests\.'

# A table of matrix products, ours and libraries', shape by shape. ARGUMENTS="--watch" only sees that ours are as fast as
# the processor lets them be.
products: ## a table of matrix products, ours and libraries'
	.ci/setup blas
	python3 Benchmarks/products $(ARGUMENTS)

# Puts each wrong line of Tests/WrongLines into a copy of the package by itself, and sees whether its test notices it.
# ARGUMENTS="--check" only checks that all of them apply; "--area scans", "--only Session" choose.
mutants: setup ## tries wrong lines, each of which a test must notice
	$(BUILT) --quiet --product mutants
	.build/debug/mutants $(ARGUMENTS)

# Builds and runs every example, long ones in their quick form, and tests what they read: in one build, which lets tests
# see what is internal.
OPTIONS.AlexNet = --quick
TESTABLE = -c release --package-path Examples -Xswiftc -enable-testing
examples: setup ## runs every example, and their tests
	$(BUILT) $(TESTABLE) --build-tests
	@set -e; $(foreach example,$(EXAMPLES), \
	  printf '\n== %s\n' $(example); Examples/.build/release/$(example) $(OPTIONS.$(example));)
	swift test $(TESTABLE) --skip-build

# On processes of this machine: 1, 2 and 4 of them give the same file.
cluster: setup ## trains on 1, 2 and 4 processes, and compares what they have learned
	.ci/setup mpi
	$(BUILT) -c release --package-path Examples --scratch-path Examples/.build-mpi --traits MPI --product Cluster
	.ci/cluster Examples/.build-mpi/release/Cluster

# On processes that mpirun starts, in a debug build: bits, files, and trouble of every kind.
cluster-test: setup ## tests training on several processes
	.ci/setup mpi
	$(BUILT) --traits default,MPI --scratch-path .build-mpi --product ClusterProcesses
	python3 -m unittest discover --start-directory Tests/ClusterProcesses

# The server is a package of its own, with the libraries of others. Its tests press it with clients of all kinds.
serve-test: setup ## tests the prediction server: answers, refusals, load, ending
	$(BUILT) -c release --package-path $(SERVER) --build-tests
	swift test -c release --package-path $(SERVER) --skip-build

# Serves for twice 30 s under 64 connections while it trains, with the batcher and without, and compares every answer
# with that of one version. ARGUMENTS="--seconds 5 --architecture convolutional" and the like are passed on.
serve-load: ## loads the prediction server with wrk, and checks every answer
	.ci/setup wrk
	$(BUILT) -c release --package-path $(SERVER) --product Digits
	$(BUILT) -c release --package-path $(SERVER) --product PredictionServer
	python3 $(SERVER)/load $(ARGUMENTS)

# Draws the committed pictures anew.
pictures: setup ## draws the committed pictures anew
	swift run -c release --package-path Examples Pictures Examples/Pictures

# Measures ours and the peers' programs in turns, and writes Benchmarks/results. The peers' programs are in PEERS;
# ARGUMENTS="--quick --only S2,mlp" and the like are passed on.
compare: setup ## measures ours and the peers' programs in turns
	python3 Benchmarks/compare $(ARGUMENTS)

# What a gate costs in scalar graphs of 10³ to 10⁷ gates, and width 2 against width 1 for 2⁰ to 2²⁰ gates: both write
# Benchmarks/results.
sweep: setup ## what a gate costs in scalar graphs of 10³ to 10⁷ gates
	python3 Benchmarks/compare/sweeps.py scalars

widths: setup ## two workers against one, for 2⁰ to 2²⁰ gates
	python3 Benchmarks/compare/sweeps.py widths

# How runs scale to 128 workers, simulated in virtual time: writes Benchmarks/results/scaling.md and a picture.
scaling: setup ## how runs scale to 128 workers, in virtual time
	swift run -c release --package-path Benchmarks scaling

# GradBench's recordings and large inputs through our tool, and the table of its peers with ours beside it. The recordings
# and the peers' figures are in GRADBENCH; needs numpy.
GRADBENCH ?= ../shared/gradbench
gradbench: setup ## GradBench's recordings, and the table of its peers
	$(BUILT) -c release --package-path Benchmarks --product gradbench
	python3 Benchmarks/gradbench $(GRADBENCH) Benchmarks/.build/release/gradbench $(ARGUMENTS)

# Holds units, allocations, page faults and bytes to the committed thresholds.
counts: setup ## holds units, allocations, page faults and bytes to thresholds
	Benchmarks/Counts/check

update-counts: setup ## writes those thresholds anew
	Benchmarks/Counts/check --update

# Digests of everything in Tests/BitPatterns at each kind of vectors that this processor has, against one another and
# the committed ones, and of the kernels on arm64 under qemu where that is installed. ARGUMENTS=--update writes them
# anew.
# With BUILD="--traits BLAS" products are a library's, and their bits are left out.
bits: setup ## digests at each kind of vectors, against the committed ones
	@.ci/arm64
	@$(BUILT) --quiet $(BUILD) --product bits
	@swift run --quiet --skip-build $(BUILD) bits $(ARGUMENTS)

# DocC archives of the five products; a warning is an error.
docs: setup ## the documentation
	BUILD="$(BUILD)" .ci/docs

# Holds the public declarations to .ci/declarations, and where there is a release to those of the last one.
# ARGUMENTS=--update writes the list anew.
api: setup ## the public declarations, against the list and the last release
	@BUILD="$(BUILD)" .ci/symbols
	@.ci/api $(ARGUMENTS)

# Of the code in README and articles, which tests compile: none takes more than 100 ms.
expression-times: setup ## how long documented expressions take to type-check
	$(BUILT) --build-tests $(BUILD)
	.ci/expression-times

format: ## formats the sources
	swift format format --in-place --recursive $(FORMATTED)

lint: ## checks their format
	swift format lint --strict --recursive $(FORMATTED)

# Installs jemalloc where it is missing.
setup: ## installs jemalloc where it is missing
	@.ci/setup
