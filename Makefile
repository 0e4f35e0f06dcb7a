# SPDX-License-Identifier: GPL-2.0
#
# Rill: builds the module out of tree, and runs everything around it.
# What goes into the module stands in Kbuild; `make help` lists the targets.

KDIR	?= /lib/modules/$(shell uname -r)/build
W	?= 1
BUILD	:= $(CURDIR)/build
TOOL_CFLAGS ?= -O2 -g
TOOL_FLAGS := -std=gnu11 -Wall -Wextra -Werror -Iinclude/uapi

TOOLS	:= $(BUILD)/rillcp $(BUILD)/rill_bench

# Everything that may be set on the command line.  A typing error there would
# otherwise be ignored without a word.
KNOWN	:= KDIR W V C CC CF ARCH SUBARCH LLVM CROSS_COMPILE DESTDIR TOOL_CFLAGS \
	   INSTALL_MOD_PATH INSTALL_MOD_DIR KBUILD_MODPOST_WARN \
	   KERNEL DELAY LOSS SIZE FILE DOOR CPUS \
	   FIGURES PAIRS TIME CONNECTIONS A B MIN ICOUNT STAGES
GIVEN	:= $(foreach v,$(.VARIABLES),$(if $(filter command line,$(origin $v)),$v))
UNKNOWN	:= $(strip $(filter-out $(KNOWN) MAKEFLAGS MAKEOVERRIDES,$(filter-out -%,$(GIVEN))))
ifneq ($(UNKNOWN),)
$(error unknown parameter $(UNKNOWN), see `make help`)
endif

.PHONY: all modules modules_install clean tools demo check bench lint kunit help

all: modules

modules modules_install: | kdir
	$(MAKE) -C $(KDIR) M=$(CURDIR) W=$(W) $@

.PHONY: kdir
kdir:
	$(if $(wildcard $(KDIR)/Makefile),,$(error no kernel to build against in $(KDIR): install its linux-headers package or give KDIR=))@:

clean:
	@if [ -e '$(KDIR)/Makefile' ]; then $(MAKE) -C $(KDIR) M=$(CURDIR) clean; \
	 else find Kbuild net examples -type f \( -name '*.o' -o -name '.*.cmd' -o -name '.*.d' \) -delete; \
	      rm -f -- *.o *.ko *.mod *.mod.c .*.cmd Module.symvers modules.order; fi
	rm -rf $(BUILD)

tools: $(TOOLS)

$(BUILD)/rillcp: tools/demo/rillcp.c
$(BUILD)/rill_bench: tools/bench/rill_bench.c
$(TOOLS): include/uapi/linux/rill.h Makefile
$(TOOLS):
	@mkdir -p $(@D)
	$(CC) $(TOOL_FLAGS) $(TOOL_CFLAGS) -o $@ $(filter %.c,$^)

# These set up whatever they need; parameters reach them by the environment.
demo:
	@tools/demo/demo

bench:
	@tools/bench/bench

lint:
	@tools/lint/lint

kunit:
	@tools/check/check kunit

check:
	@tools/check/check

help:
	@cat Documentation/help.txt
