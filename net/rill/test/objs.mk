# SPDX-License-Identifier: GPL-2.0
#
# The objects of rill_kunit.ko, relative to this directory. Each test file
# includes the core/ file it tests: core/ objects must not be linked as well.

rill-kunit-objs := \
	rill_kunit.o \
	seq_test.o \
	option_test.o \
	fastopen_test.o \
	cookie_test.o \
	rto_test.o \
	state_test.o \
	reasm_test.o \
	sack_test.o \
	urg_test.o \
	window_test.o \
	drs_test.o \
	nagle_test.o \
	cong_test.o \
	cong_reno_test.o \
	cong_cubic_test.o \
	cong_dctcp_test.o \
	hystart_test.o \
	board_test.o \
	rack_test.o \
	recov_test.o \
	plpmtu_test.o \
	ecn_test.o \
	paws_test.o \
	rate_test.o \
	chrono_test.o
