# The reader's verbs.  `make help` lists the five to start with, `make help-all` every one.
# Each verb first installs what it needs and this machine lacks (tools/setup), and says so.

SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# CI builds with warnings as errors; build/$(PRESET) is where things are built.
export PRESET ?= $(if $(CI),ci,dev)

# What follows `##` is the help: the verb's variables, a bar, what it does.  `##!` marks the five.

# To read

run: ##! | what this machine lacks, then every chapter's programs, in the text's order
	@tools/setup build python && tools/chapter tour

chapter: ##! C=01 [P=counter] [WITHOUT=rule] | its programs, or one; with a rule left out, or WITHOUT=list
	@tools/setup build python && tools/chapter run "$(C)" "$(P)" $(if $(WITHOUT),--without "$(WITHOUT)")

step: ##! C=01 N=1 | one step of how a chapter's library grows
	@tools/setup build python && tools/chapter step "$(C)" "$(N)"

diff: ## C=01 N=2 | what a step adds to the one before
	@tools/chapter diff "$(C)" "$(N)"

try: ## F=mine.cpp | a program of yours, compiled against all chapters and run
	@tools/setup build python && tools/try "$(F)"

docs: ## | the site, in build/docs/html
	@tools/setup docs python && tools/docs

# To do

learn: ##! [EX=01-1] | the coach: the next exercise, checked at each save, with hints and progress
	@tools/setup build python && tools/learn "$(EX)"

check: ## EX=01-1 | your answer to an exercise, tested
	@tools/setup build python && tools/exercise check "$(EX)"

hint: ## EX=01-1 | one of three hints; the next opens after an honest try
	@tools/setup build python && tools/exercise hint "$(EX)"

why: ## EX=01-1 | the first test that fails once more, with all there is to know about it
	@tools/setup build python && tools/exercise why "$(EX)"

progress: ## | what you have solved, what that leaves, and where to go next
	@tools/setup build python && tools/exercise progress

solution: ## EX=01-1 [GIVE_UP=1] | our answer beside yours, once yours passes or you give up
	@tools/setup build python && tools/exercise solution "$(EX)"

reset: ## EX=01-1 | the exercise as it was; your answer is kept aside
	@tools/setup python && tools/exercise reset "$(EX)"

# To trust

test: ##! | what this machine lacks, then every test
	@tools/setup build python $(if $(CI),go) && tools/test

bench: ## C=01 [CHECK=1] | measured beside Go and other peers in the same run; CHECK=1 fails when a must is missed
	@tools/setup build python go && PRESET=release tools/bench "$(C)" $(if $(CHECK),--check)

simulate: ## [C=04] [P=counter] [SEED=4711] | programs in a thousand (SEEDS=) worlds where all fails; WITH="--only loss"
	@tools/setup build python && tools/simulate "$(C)" "$(P)" $(if $(SEEDS),--seeds "$(SEEDS)") $(if $(SEED),--seed "$(SEED)") $(WITH)

# To change: what maintainers run

asan: ## | every C++ test under AddressSanitizer and UndefinedBehaviorSanitizer
	@tools/setup build python && PRESET=asan tools/test

tsan: ## [ONLY=races] | every test but the exercises' under ThreadSanitizer, to which each goroutine is a thread
	@tools/setup build python && PRESET=tsan tools/test $(if $(ONLY),-R '^$(ONLY)\.')

stubs: ## | each exercise, untouched, fails at once and in the way it declares
	@tools/setup build python && tools/build stubs && ctest --preset $(PRESET) -C gates -L stub --parallel $$(nproc) | tools/progress

new-exercise: ## KIND=build EX=02-11-name | the files of a new exercise, which work at once
	@tools/setup python && tools/new_exercise "$(KIND)" "$(EX)"

soak: ## [MINUTES=10] [SEED=n] | chapter 3's servers and clients killed, paused and started again, in real time
	@tools/setup build && tools/build rpc.soak && \
	  build/$(PRESET)/chapters/03-rpc/soak rolling && build/$(PRESET)/chapters/03-rpc/soak $$(($(or $(MINUTES),10) * 60)) $(SEED)

fuzz: ## [SECONDS=60] | chapter 3's decoder, fed by libFuzzer with bytes that take new ways through it
	@tools/setup build fuzz && tools/fuzz $(or $(SECONDS),60)

mutants: ## [C=] [EX=] [SINCE=HEAD] | each planted wrong answer dies in the test that is named for it
	@tools/setup build python && tools/mutants judge $(if $(EX),"$(EX)") $(if $(C),--chapter "$(C)") $(if $(SINCE),--since "$(SINCE)") $(if $(FINGERPRINTS),--fingerprints)

snippets: ## | run the programs, record their output, put code and output into the text
	@tools/setup build python && tools/snippets

lint: ## [SINCE=HEAD] | layout, clang-tidy, layers, stale snippets
	@tools/setup build python lint && SINCE="$(SINCE)" tools/lint

format: ## | lay out every source with clang-format
	@tools/setup lint && tools/lint --format

ci: ## | everything that must hold before a change lands
	@CI=true .ci/run

help:
	@echo "Conclave: distributed programming the Go way, in C++20."; echo
	@awk -F' *(: ##!|[|]) *' '/^[a-z-]+: ##!/ { printf "  make %-40s %s\n", $$1 " " $$2, $$3 }' Makefile
	@echo; echo "The text starts in README.md.  'make help-all' lists every verb."

help-all:
	@awk -F' *(: ##!?|[|]) *' '/^# To/ { print (n++ ? "\n" : "") substr($$0, 3) } \
	  /^[a-z-]+: ##/ { printf "  make %-40s %s\n", $$1 " " $$2, $$3 }' Makefile

.PHONY: run chapter step diff try docs learn check hint why progress solution reset test bench simulate asan tsan stubs new-exercise soak fuzz mutants snippets lint format ci help help-all
