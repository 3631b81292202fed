# make help names the targets. Everything that is built or installed stays in this folder.
COUNT ?= 10000
OUT ?= dataset
SEED ?= 0
WORKERS ?=
BUILD ?= build
PYTHON3 ?= python3
SECONDS ?= 600

VENV := .venv/bin
JAXSMITH := $(BUILD)/jaxsmith
JOBS ?= $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
# Test programs at once: JAX's workers want 2 GB each.
TEST_JOBS ?= $(shell n=$(JOBS); test $$n -lt 8 && echo $$n || echo 8)
export PATH := $(CURDIR)/$(VENV):$(PATH)

# As one word of the shell's, whatever characters it has: $(call shell_word,OUT).
shell_word = '$(subst ','\'',$(value $(1)))'

CXX_FILES = $(shell find include src python tools tests bench cmake -type f \( -name "*.cc" -o -name "*.h" \))

.PHONY: help setup configure build tool dataset test test-cpp test-python lint format sanitize tidy docs bench bench-micro bench-capture bench-structures extraction calibrate reach conformance mutants repeatability fuzz clean

help:
	@echo 'make dataset [COUNT=10000] [OUT=dataset] [SEED=0] [WORKERS=n]   make a dataset; goes on where one was interrupted'
	@echo 'make test     build and run the tests, C++ and Python, and make lint'
	@echo 'make build    set up and compile'
	@echo 'make bench    CPU time per function against a plain JAX loop; the readers against the official ones'
	@echo 'make sanitize the C++ tests under address, undefined-behaviour and thread sanitizers; a little fuzzing'
	@echo 'make tidy     clang-tidy for all sources; make lint does those that changed'
	@echo 'make bench-micro     time of parsing, verifying, running, planning and rendering by themselves'
	@echo 'make bench-capture   what recording costs a program'
	@echo 'make bench-structures [COUNT=1000000]   how many plans have a structure of their own, and what repeats'
	@echo 'make extraction      extract functions of libraries and all of JAX'"'"'s own test harnesses'
	@echo 'make calibrate [LIKE="DIR …"]   fit how often planning takes what to functions of libraries, and of further datasets'
	@echo 'make reach           count which functions of JAX are rare, so that each has its turn'
	@echo 'make conformance     read and execute the texts of all of JAX'"'"'s own test harnesses without JAX'
	@echo 'make mutants         changes of texts that JAX shows in outputs must be found by the readers'
	@echo 'make repeatability   what workers say depends on nothing that they did before: 2000 functions, 500 of them in fresh processes'
	@echo 'make fuzz [SECONDS=600]   any bytes whatever to the readers, with sanitizers'
	@echo 'make format   lay out the sources as the checks want them'
	@echo 'make docs     regenerate the generated documentation'
	@echo 'make clean    remove what was built (not .venv, not datasets)'

setup:
	@$(PYTHON3) tools/relocate_environment.py
	@$(PYTHON3) tools/setup

# A folder that was configured for another place of the project, since moved or copied, names files and a Python there.
configure: setup
	@there=$$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' $(BUILD)/CMakeCache.txt 2>/dev/null); \
	if test -n "$$there" && ! test "$$there" -ef .; then \
	  echo "build: $(BUILD) was configured in $$there: configuring anew" >&2; \
	  rm -rf $(BUILD)/CMakeCache.txt $(BUILD)/CMakeFiles $(BUILD)/_deps $(BUILD)/build.ninja $(BUILD)/.ninja_*; \
	fi; \
	test -e $(BUILD)/build.ninja && exit; \
	mkdir -p $(BUILD) && \
	cmake -S . -B $(BUILD) -G Ninja -DPython3_EXECUTABLE="$$PWD/$(VENV)/python" $(CMAKE_FLAGS) \
	  > $(BUILD)/configure.log 2>&1 || { cat $(BUILD)/configure.log; rm -f $(BUILD)/build.ninja; exit 1; }

tool: configure
	@ninja -C $(BUILD) -j $(JOBS) --quiet jaxsmith jaxsmith_python_levels

build: configure
	@ninja -C $(BUILD) -j $(JOBS) --quiet

dataset: tool
	@$(JAXSMITH) generate --count $(COUNT) --out $(call shell_word,OUT) --seed $(SEED) $(if $(WORKERS),--workers $(WORKERS)) --resume

# One after the other, also where make has several jobs: each takes as many processors as there are.
test: build lint
	@$(MAKE) --no-print-directory test-cpp
	@$(MAKE) --no-print-directory test-python

lint: configure
	@$(VENV)/python tools/check_layers.py
	@$(VENV)/python tools/check_types.py
	@$(VENV)/python tools/check_python_layers.py
	@$(VENV)/python tools/check_determinism.py
	@$(VENV)/python tools/check_budgets.py
	@$(VENV)/ruff check --quiet .
	@$(VENV)/ruff format --check --quiet .
	@$(VENV)/clang-format --dry-run --Werror $(CXX_FILES)
	@$(VENV)/python tools/tidy.py --build $(BUILD) --most 12

format: setup
	@$(VENV)/ruff format --quiet .
# Only what is laid out otherwise is written: a file that is written is compiled.
	@$(VENV)/clang-format --dry-run --Werror $(CXX_FILES) 2>&1 | sed -n 's/^\(.*\):[0-9]*:[0-9]*: error: .*/\1/p' | sort -u \
	  | xargs -r $(VENV)/clang-format -i

test-cpp: build
	@ctest --test-dir $(BUILD) --parallel $(TEST_JOBS) --output-on-failure --quiet --no-tests=error --output-log $(BUILD)/ctest.log \
	  || { cat $(BUILD)/ctest.log; exit 1; }
	@grep -E "tests passed|Total Test time|\((Skipped|Disabled|Not Run)\)" $(BUILD)/ctest.log

test-python: build
	@JAXSMITH=$(abspath $(JAXSMITH)) $(VENV)/python -m pytest -q -n $(TEST_JOBS) --dist loadfile tests

# What the presets of CMakePresets.json build, they build in folders of their own.
sanitize: build
	@for preset in asan-ubsan tsan; do \
	  CMAKE_BUILD_PARALLEL_LEVEL=$(JOBS) CTEST_PARALLEL_LEVEL=$(JOBS) cmake --workflow --preset $$preset || exit 1; done
	@JAXSMITH=$(abspath $(JAXSMITH)) $(VENV)/python -m pytest -q -m sanitized tests

tidy: configure
	@$(VENV)/python tools/tidy.py --build $(BUILD)

docs: tool
	@$(JAXSMITH) schema > docs/schema.md

bench: build
	@$(VENV)/python bench/run.py --jaxsmith $(JAXSMITH)
	@test -e $(BUILD)/bench-rows/manifest.json || $(JAXSMITH) generate --count 600 --redo 0 --out $(BUILD)/bench-rows
	@JAX_PLATFORMS=cpu PYTHONPATH=python $(VENV)/python bench/reading.py $(BUILD)/bench-rows

bench-micro: build
	@cmake -B $(BUILD) -DJAXSMITH_BENCH=ON > /dev/null
	@ninja -C $(BUILD) -j $(JOBS) --quiet jaxsmith_bench
	@$(BUILD)/jaxsmith_bench

bench-structures: COUNT = 1000000
bench-structures: build
	@ninja -C $(BUILD) -j $(JOBS) --quiet jaxsmith_structures
	@$(BUILD)/jaxsmith_structures $(COUNT) $(SEED)

bench-capture: tool
	@$(VENV)/python bench/capture.py --jaxsmith $(JAXSMITH)

extraction: tool
	@$(VENV)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
	  -r tools/requirements-libraries.txt
	@JAX_PLATFORMS=cpu PYTHONPATH=python JAXSMITH=$(abspath $(JAXSMITH)) $(VENV)/python tests/extraction_suite.py \
	  --save $(BUILD)/extraction --table docs/extraction.md

# By planning alone; another table gives other plans.
reach: tool
	@PYTHONPATH=python $(JAXSMITH) calibrate --reach --python $(VENV)/python --write src/plan/jax/reach.def

# Functions of libraries alone: the harnesses are one primitive each, and say nothing of how often.
calibrate: tool
	@$(VENV)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
	  -r tools/requirements-libraries.txt
	@test -e $(BUILD)/libraries/manifest.json || \
	  JAX_PLATFORMS=cpu PYTHONPATH=python JAXSMITH=$(abspath $(JAXSMITH)) $(VENV)/python tests/extraction_suite.py \
	  --harnesses 0 --save $(BUILD)/libraries
	@$(JAXSMITH) calibrate $(BUILD)/libraries $(LIKE) --write src/plan/jax/calibration.def

conformance: tool
	@JAX_PLATFORMS=cpu PYTHONPATH=python JAXSMITH=$(abspath $(JAXSMITH)) $(VENV)/python tests/conformance.py \
	  --table docs/conformance.md

mutants: tool
	@test -e $(call shell_word,OUT)/manifest.json || $(MAKE) dataset
	@JAX_PLATFORMS=cpu PYTHONPATH=python JAXSMITH=$(abspath $(JAXSMITH)) $(VENV)/python tests/mutants.py $(call shell_word,OUT)

repeatability: build
	@PYTHONPATH=python JAXSMITH=$(abspath $(JAXSMITH)) $(VENV)/python tests/repeatability.py

fuzz: tool
	@JAXSMITH=$(abspath $(JAXSMITH)) $(VENV)/python tools/fuzz --seconds $(SECONDS) --build $(BUILD)/fuzz

clean:
	rm -rf $(BUILD) .pytest_cache .ruff_cache
