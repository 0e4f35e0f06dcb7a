/* SPDX-License-Identifier: GPL-2.0 */
/* What rill_run and its preload agree on: the environment between them. */
#ifndef RILL_RUN_H
#define RILL_RUN_H

#define RILL_RUN_LIB	"librill_run.so"

/* Full path of the preload, which keeps itself in LD_PRELOAD by it. */
#define RILL_RUN_PRELOAD "RILL_RUN_PRELOAD"
/* The address family of the module. */
#define RILL_RUN_FAMILY	"RILL_RUN_FAMILY"
/* The third argument of socket() for the wire. */
#define RILL_RUN_WIRE	"RILL_RUN_WIRE"
/* A file to which each socket gets a line; absent without --verify. */
#define RILL_RUN_LOG	"RILL_RUN_LOG"

#endif /* RILL_RUN_H */
