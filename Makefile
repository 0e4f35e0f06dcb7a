# SPDX-License-Identifier: GPL-2.0
#
# Rill: builds the module out of tree, and runs everything around it.
# What goes into the module stands in Kbuild; `make help` lists the targets.

KDIR	?= /lib/modules/$(shell uname -r)/build
W	?= 1
BUILD	:= $(CURDIR)/build
TOOL_CFLAGS ?= -O2 -g
TOOL_FLAGS := -std=gnu11 -Wall -Wextra -Werror -Iinclude/uapi

TOOLS	:= $(BUILD)/rillcp $(BUILD)/rill_bench $(BUILD)/rill_flow $(BUILD)/rill_run \
	   $(BUILD)/librill_run.so

# rill_run --bpf wants clang and libbpf, which the others do without.
ifneq ($(and $(wildcard /usr/include/bpf/libbpf.h),$(shell command -v clang)),)
TOOLS	+= $(BUILD)/rill_run_bpf $(BUILD)/rill_run_bpf.o
endif

# Everything that may be set on the command line.  A typing error there would
# otherwise be ignored without a word.
KNOWN	:= KDIR W V C CC CF ARCH SUBARCH LLVM CROSS_COMPILE DESTDIR TOOL_CFLAGS \
	   INSTALL_MOD_PATH INSTALL_MOD_DIR KBUILD_MODPOST_WARN \
	   KERNEL DELAY LOSS SIZE FILE DOOR CPUS \
	   FIGURES PAIRS TIME CONNECTIONS A B MIN ICOUNT STAGES \
	   SET RTT REORDER BUFFER RATE REPEATS DRAWS SEED FLOWS STAGGER INTERVAL
GIVEN	:= $(foreach v,$(.VARIABLES),$(if $(filter command line,$(origin $v)),$v))
UNKNOWN	:= $(strip $(filter-out $(KNOWN) MAKEFLAGS MAKEOVERRIDES,$(filter-out -%,$(GIVEN))))
ifneq ($(UNKNOWN),)
$(error unknown parameter $(UNKNOWN), see `make help`)
endif

.PHONY: all modules modules_install clean tools demo check bench compare fairness conformance lint kunit help

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
$(BUILD)/rill_flow: tools/lab/rill_flow.c
$(BUILD)/rill_run: tools/rill_run/rill_run.c tools/rill_run/rill_run.h
$(BUILD)/librill_run.so: tools/rill_run/preload.c tools/rill_run/rill_run.h
$(BUILD)/librill_run.so: TOOL_FLAGS += -shared -fPIC
$(BUILD)/rill_run_bpf: tools/rill_run/rill_run_bpf.c
$(BUILD)/rill_run_bpf: TOOL_LIBS := -lbpf
$(BUILD)/rill_run_bpf.o: tools/rill_run/rill_run.bpf.c
$(TOOLS): include/uapi/linux/rill.h Makefile
$(BUILD)/%.o:
	@mkdir -p $(@D)
	clang -O2 -g -Wall -Werror -target bpf -I/usr/include/$(shell uname -m)-linux-gnu -c -o $@ $<

$(filter-out %.o,$(TOOLS)):
	@mkdir -p $(@D)
	$(CC) $(TOOL_FLAGS) $(TOOL_CFLAGS) -o $@ $(filter %.c,$^) $(TOOL_LIBS)

# These set up whatever they need; parameters reach them by the environment.
demo:
	@tools/demo/demo

bench:
	@tools/bench/bench

compare:
	@tools/lab/compare

fairness:
	@tools/lab/fairness

conformance:
	@tools/conformance/conformance

lint:
	@tools/lint/lint

kunit:
	@tools/check/check kunit

check:
	@tools/check/check

help:
	@cat Documentation/help.txt
