# SPDX-License-Identifier: GPL-2.0-or-later
# n_matenet: kernel module, library, tools and tests.  "make help" lists what there is.

# Kernel to build the module for, and where all results go.
KDIR   ?= /lib/modules/$(shell uname -r)/build
O      ?= $(CURDIR)/build
PREFIX ?= /usr
PROFILE ?= smp
# By the environment only: the kernel's makefiles take an O= of a command line for theirs.
override O := $(abspath $(O))
MAKEOVERRIDES := $(filter-out O=%,$(MAKEOVERRIDES))
export O PREFIX DESTDIR LONG
MAKEFLAGS += --no-print-directory

KREL   = $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' $(KDIR)/include/generated/utsrelease.h 2>/dev/null)
KBUILD = $(O)/kmod/$(KREL)
KMAKE  = $(MAKE) -C $(KDIR) M=$(KBUILD)

all: modules userspace

help:
	@sed -n 's/^#: //p' $(firstword $(MAKEFILE_LIST))

#: make                build the module for the running kernel (or KDIR=) and all of userspace
#: make modules        only the kernel module    (W=1 C=2: with warnings and sparse)
#: make userspace      only library, matetool and matesim
#: make install        module, library, tools, header, man pages, udev rule (DESTDIR=, PREFIX=)
#: make install-dkms   the module's sources, for DKMS to build it for each kernel (DESTDIR=)
#: make demo           in a VM: attach, scan a simulated hub, show what the devices say
#: make check          all tests; T="SUITE.. SUITE/PROFILE.." for some (tests/run -h)
#:                     LONG=1: with those that take minutes
#: make static         what checkers say of the sources, from checkpatch to shellcheck
#: make check-debug    what races, on a kernel full of checks (Linux 6.1, built once)
#: make coverage       lines and branches that the tests visit, file by file; fails if one of the
#:                     kernel code is neither visited nor in tests/coverage/kernel.unvisited
#: make check-matrix   on the kernels of other Debian releases; K="NAME.." S=STEP,.. for some
#:                     (tests/matrix/run -h); TABLE=1: also writes the table of Documentation
#: make fuzz           frames, decoders, parsers with libFuzzer, each for FUZZ_SECONDS=60
#: make fuzz-driver    the interface of the driver in one guest after the other, until there have
#:                     been FUZZ_OPS=1000000 operations; FIGURES=DIR: also the sum, as a table
#: make bench          measure: a table, $O/bench/report.json; FIGURES=DIR: also tables and plots
#: make usb-table      measure: the table of USB adapters in Documentation
#: make campaign       hours of faults on the wire: tables, $O/campaign; FIGURES=DIR: also
#:                     tables and plot
#: make kinds          kinds of UART in each role: the table in Documentation is made anew
#: make vm-shell       a shell in a VM with all of this in it (PROFILE=smp, timing, uml or debug)
#: make deps           install the Debian packages that all this needs
#: make stage          build everything that goes into the VM
#: make clean          remove everything that was built
#:
#: KDIR=DIR  kernel to build the module for        O=DIR  where results go (build/)

# Sources are copied, so that one checkout builds for any number of kernels.
modules: kdir-exists
	@mkdir -p $(KBUILD)/tests
	@cp -ru Kbuild kernel include $(KBUILD)/
	@cp -ru tests/uart $(KBUILD)/tests/
	@+$(KMAKE) modules

kdir-exists:
	@test -n "$(KREL)" || { echo "make: $(KDIR): no kernel headers there;" \
		"install linux-headers-$$(uname -r) or give KDIR=" >&2; exit 1; }

userspace:
	@$(MAKE) -C userspace

# The module only where there are headers: the tools are of use on another machine
# too.  Not by modules_install, which wants a signing key and the kernel's System.map.
install: userspace
	@$(MAKE) -C userspace install
	@if [ -n "$(KREL)" ]; then \
		$(MAKE) modules && \
		install -D -m 644 -t $(DESTDIR)/lib/modules/$(KREL)/extra $(KBUILD)/n_matenet.ko && \
		{ [ -n "$(DESTDIR)" ] || depmod $(KREL); }; \
	else \
		echo "make: $(KDIR): no kernel headers there, module not installed" >&2; \
	fi

VERSION = $(shell sed -n 's/^VERSION *= //p' userspace/Makefile)
SOURCES = $(DESTDIR)/usr/src/n_matenet-$(VERSION)

install-dkms:
	@rm -rf $(SOURCES)
	@install -d $(SOURCES)
	@cp -r Kbuild dkms.conf kernel include $(SOURCES)/

clean:
	rm -rf $(O)

# ---- tests, in the VM and out of it ------------------------------------------

VM     = tests/vm/vm
STAGE  = $(O)/stage
SUITES = wire driver alloc kinds tool site compat bench usb campaign fuzzer

deps:
	@tests/vm/deps $(DEPS)

# A guest's kernel, and our modules for it.
guests: guest-uml guest-debian
guest-uml: guest-%: deps
	@dir=$$(tests/vm/kernel $*) && $(MAKE) modules plant UART9=m ARCH=um KDIR=$$dir/kdir
guest-debian guest-debug: guest-%: deps
	@dir=$$(tests/vm/kernel $*) && $(MAKE) modules plant UART9=m KDIR=$$dir/kdir

# The module with faults on request that the rig's own test loads.
plant: modules
	@mkdir -p $(KBUILD)/plant
	@cp -u tests/vm/plant/* $(KBUILD)/plant/
	@$(MAKE) -C $(KDIR) M=$(KBUILD)/plant modules

stage: guests stage-tree

# What has not changed keeps its time, so that the initramfs is not made again.
stage-tree: stage-files
	@rsync -rlpc --delete $(STAGE).new/ $(STAGE)/

stage-files: deps
	@rm -rf $(STAGE).new
	@$(MAKE) -C userspace
	@$(MAKE) -C userspace install DESTDIR=$(STAGE).new PREFIX=/usr
	@for suite in $(SUITES); do \
		$(MAKE) -C tests/$$suite all && \
		$(MAKE) -C tests/$$suite install DESTDIR=$(STAGE).new || exit; \
	done
	@install -t $(STAGE).new/usr/libexec/matenet-tests tests/vm/suite $(wildcard tests/vm/demo.sh)

unit: deps
	@$(MAKE) -C tests/unit

static: deps
	@tests/static/static.t

check: DEPS = --examples
check: stage unit
	@tests/run $(T)

check-debug: DEPS = --debug
check-debug: guest-debug stage-tree
	@tests/run -p debug $(T)

# A build of its own, below $O.  What has been counted before is not part of it.
coverage: export COVERAGE = y
coverage: override O := $(O)/coverage
coverage: deps
	@rm -rf $(O)/log
	@[ ! -d $(O) ] || find $(O) -name '*.gcda' -delete
	@CFLAGS='-g --coverage' $(MAKE) guest-uml stage-tree unit	# tests link the library, too
	@tests/run $(COVERAGE_T)
	@tests/coverage/report.py $(O) $(if $(FIGURES),--rst $(FIGURES)/coverage-figures.rst)

COVERAGE_T = driver/uml alloc/uml kinds/uml tool/uml site/uml wire/uml unit/host

# Kernels and compilers of other releases are fetched the first time.
check-matrix: DEPS = --matrix
check-matrix: stage-tree
	@tests/matrix/run $(if $(TABLE),-t Documentation/testing/matrix-table.rst) $(if $(S),-s $(S)) $(K)

# The targets and what they are measured by: Documentation/performance.rst.
bench: guest-debian stage-tree
	@tests/bench/run $(if $(FIGURES),--figures $(FIGURES))

# Documentation/userspace-api/matenet/uart-usb.inc.
usb-table: guest-debian stage-tree
	@$(MAKE) -C tests/usb table

# What is meant by it: Documentation/faults.rst.
campaign: stage
	@tests/campaign/run
	@tests/campaign/run -p timing 1e-3 1e-2
	@tests/campaign/report.py $(O)/campaign $(FIGURES)

kinds: guest-uml stage-tree
	@tests/kinds/run

FUZZ_SECONDS ?= 60
fuzz: deps
	@$(MAKE) -C tests/fuzz run FUZZ_SECONDS=$(FUZZ_SECONDS)

# What there has been is in $O/fuzzing: begun again it goes on.
FUZZ_OPS ?= 1000000
fuzz-driver: DEPS = --debug
fuzz-driver: guest-debug stage-tree
	@tests/fuzzer/many -n $(FUZZ_OPS) $(if $(FIGURES),--rst $(FIGURES)/fuzzing-figures.rst)

vm-shell: DEPS = $(if $(filter debug,$(PROFILE)),--debug)
vm-shell: stage $(if $(filter debug,$(PROFILE)),guest-debug)
	@$(VM) -p $(PROFILE) -i

# Building is not what one wants to see here, nor to wait for: Debian's kernel only.
demo: deps
	@mkdir -p $(O)/log
	@echo "Building (log: $(O)/log/build.log) ..."
	@$(MAKE) guest-debian stage-tree >$(O)/log/build.log 2>&1 || { tail -n 30 $(O)/log/build.log; exit 1; }
	@$(VM) -p smp /usr/libexec/matenet-tests/demo.sh

.PHONY: all help modules kdir-exists userspace install install-dkms clean deps guests guest-uml guest-debian \
	guest-debug plant stage stage-tree stage-files unit static check check-debug check-matrix coverage bench campaign kinds usb-table fuzz fuzz-driver vm-shell demo
