# SPDX-License-Identifier: GPL-2.0-or-later
# n_matenet: kernel module, library, tools and tests.  "make help" lists what there is.

# Kernel to build the module for, and where all results go.
KDIR   ?= /lib/modules/$(shell uname -r)/build
O      ?= $(CURDIR)/build
PREFIX ?= /usr
export O PREFIX DESTDIR

KREL   = $(shell cat $(KDIR)/include/config/kernel.release 2>/dev/null)
KBUILD = $(O)/kmod/$(KREL)
KMAKE  = $(MAKE) -C $(KDIR) M=$(KBUILD)

all: modules userspace

help:
	@sed -n 's/^#: //p' $(firstword $(MAKEFILE_LIST))

#: make                build the module for the running kernel (or KDIR=) and all of userspace
#: make modules        only the kernel module    (W=1 C=2: with warnings and sparse)
#: make userspace      only library, matetool and matesim
#: make install        module, library, tools, header, man pages, udev rule (DESTDIR=, PREFIX=)
#: make clean          remove everything that was built

# Sources are copied, so that one checkout builds for any number of kernels.
modules: kdir-exists
	@mkdir -p $(KBUILD)/tests
	@cp -ru Kbuild kernel include $(KBUILD)/
	@cp -ru tests/uart $(KBUILD)/tests/
	$(KMAKE) modules

kdir-exists:
	@test -n "$(KREL)" || { echo "make: $(KDIR): no kernel headers there;" \
		"install linux-headers-$$(uname -r) or give KDIR=" >&2; exit 1; }

userspace:
	$(MAKE) -C userspace

clean:
	rm -rf $(O)

.PHONY: all help modules kdir-exists userspace clean
