# SPDX-License-Identifier: GPL-2.0
#
# The work is in tools/build/; each target here is one line of help and one call.
# Inside a kernel build (make -C $KDIR M=$PWD) Kbuild is read instead of this.

B := tools/build
CONFIG ?= on
FASTWAKE_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/fastwake
export FASTWAKE_CACHE
ifdef KSRC
export KSRC
endif
export STOCK SEEDS PSI HOURS MLX5EMU BOCHS
ifdef KDIR
export KDIR
endif

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help deps tree refresh bisect-check kernel modules deb image toolbox bochs lanes lane \
	gates mutants demo bench-switch bench-fair bench-stages bench-event bench-follow bench-flood bench-uintr \
	selftests torture check check-all clean distclean

help: ## this list
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  \1|\2/p' $(MAKEFILE_LIST) | \
		awk -F'|' '{ printf "%-14s %s\n", $$1, $$2 }'
	@echo
	@echo "  KSRC=DIR            instead of the downloaded source: a 6.12.y tree of yours (give it each time)"
	@echo "  KDIR=DIR            for modules: a kernel you built with the patches"
	@echo "  FASTWAKE_CACHE=DIR  downloads and ccache ($(FASTWAKE_CACHE))"

deps: ## install the Debian packages that are missing (needs root if any is)
	@$(B)/deps

tree: deps ## build/linux: the kernel source with the patches as commits
	@$(B)/tree

refresh: ## write the commits of build/linux back to patches/
	@$(B)/refresh

bisect-check: tree ## compile what each patch touches, patch by patch
	@$(B)/bisect-check

kernel: tree ## build the kernel; CONFIG=on, debug, kcsan, rt, pti, scx, arm64, stock, mlx5, mlx5-debug, mlx5-kcsan, mlx5-stock, bench, bench-stock, mlx5-bench, mlx5-bench-stock
	@$(B)/kernel $(CONFIG)

modules: $(if $(KDIR),deps,kernel) ## build the modules for CONFIG, or for the kernel in KDIR=
	@$(B)/modules $(CONFIG)

deb: tree ## kernel packages for a real machine; DOTCONFIG=FILE (the running kernel's)
	@$(B)/deps deb
	@$(B)/deb $(DOTCONFIG)

image: modules ## the guest's initramfs for CONFIG
	@$(B)/image $(CONFIG)

toolbox: deps ## build/toolbox: a QEMU that has vfio-user-pci, with its libraries
	@$(B)/toolbox

bochs: deps ## build/bochs: an emulator of a CPU with user interrupts; STOCK=1 without its corrections
	@$(B)/bochs $(if $(STOCK),stock)

lanes: ## list the test lanes
	@$(B)/lane --list

lane: tree ## build what LANE=name needs, boot it, run its tests
	@$(B)/lane $(LANE)

gates: tree ## static checks: checkpatch, sparse, W=1, shellcheck, codespell, ...
	@$(B)/gates

mutants: tree ## boot a kernel with one fault after the other: do the tests notice? MUTANTS="N..."
	@$(B)/mutants $(MUTANTS)

demo: tree ## build everything, boot it, print the table; STOCK=1 SEEDS=N JSON=1
	@$(B)/demo $(if $(JSON),--json)

bench-switch: tree ## compare the ways to hand a CPU over, in the emulator; STOCK=1 SEEDS=N JSON=1
	@$(B)/bench switch $(if $(JSON),--json)

bench-fair: tree ## whether hand-overs cost others their share, in the emulator; STOCK=1 SEEDS=N JSON=1
	@$(B)/bench fair $(if $(JSON),--json)

bench-stages: tree ## where the instructions of each hand-over go, in the emulator; JSON=1
	@$(B)/bench stages $(if $(JSON),--json)

bench-event: tree ## from a completion event to its reader, in the emulator; STOCK=1 JSON=1 ROWS="--OPTION..."
	@$(B)/bench event $(if $(JSON),--json) $(ROWS)

bench-follow: tree ## how soon a CQ follows its reader to another CPU, in the emulator; JSON=1
	@$(B)/bench follow $(if $(JSON),--json)

bench-uintr: tree ## what a message costs, told by user interrupts and other ways, in Bochs; STOCK=1 JSON=1
	@$(B)/bench uintr $(if $(JSON),--json)

bench-flood: tree ## what a flood of completion events does to others, in the emulator; JSON=1
	@$(B)/bench flood $(if $(JSON),--json)

selftests: tree ## whether the kernel's own selftests say the same as on a stock kernel
	@$(B)/selftests

torture: tree ## wake-ups while everything happens to the threads; HOURS=N (1)
	@$(B)/torture

check: deps ## all tests; the last line is "N passed, N failed"
	@$(B)/check

check-all: deps ## check, the other lanes, the kernel's own selftests, mutants, a 32-bit build, each patch with all that it touches
	@$(B)/check --all

clean: ## remove what was built, keep source tree, downloads and ccache
	@$(B)/clean

distclean: ## remove build/ and what is ours in the cache folder
	@$(B)/clean --all
