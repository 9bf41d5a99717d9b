/*
 * Errors of the client library.
 *
 * Numbers are those of google.rpc.Code (google/rpc/code.proto), for errors of the server and of the
 * library alike.
 */
#ifndef LECTERN_ERROR_H
#define LECTERN_ERROR_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define LECTERN_API __attribute__((visibility("default")))
#else
#define LECTERN_API
#endif

enum lectern_code {
	LECTERN_OK = 0,
	LECTERN_CANCELLED = 1, /* the client was closed during the call */
	LECTERN_UNKNOWN = 2,
	LECTERN_INVALID_ARGUMENT = 3,  /* fix the request; error.field tells where */
	LECTERN_DEADLINE_EXCEEDED = 4, /* no answer in time; a write may have happened */
	LECTERN_NOT_FOUND = 5,
	LECTERN_ALREADY_EXISTS = 6,
	LECTERN_PERMISSION_DENIED = 7,
	LECTERN_RESOURCE_EXHAUSTED = 8, /* a limit; repeat later if retry_after_ms is not 0 */
	LECTERN_FAILED_PRECONDITION = 9,
	LECTERN_ABORTED = 10,	   /* a stale etag: read again, then decide */
	LECTERN_OUT_OF_RANGE = 11, /* changes that are no longer kept, or not there yet */
	LECTERN_UNIMPLEMENTED = 12,
	LECTERN_INTERNAL = 13,
	LECTERN_UNAVAILABLE = 14, /* not connected or stopping; safe to repeat */
	LECTERN_DATA_LOSS = 15,
	LECTERN_UNAUTHENTICATED = 16,
};

/* Filled on failure only. The caller owns it; it holds no pointers and needs no cleaning up. */
struct lectern_error {
	enum lectern_code code;
	char message[1024];	 /* English, for a developer; never empty */
	char reason[64];	 /* UPPER_SNAKE for programs, for example "SLUG_TAKEN"; may be "" */
	char field[128];	 /* path of the wrong field of the request; may be "" */
	uint32_t retry_after_ms; /* when a repeat may succeed; 0: a repeat does not help */
	char etag[64];		 /* after "ETAG_MISMATCH" the current one; else "" */
	/* After an OUT_OF_RANGE of ListChanges the oldest change that the server still has; else 0.
	 */
	uint64_t oldest_revision;
};

/* "NOT_FOUND" and so on; "UNKNOWN" for other numbers. */
LECTERN_API const char *lectern_code_name(enum lectern_code code);

#ifdef __cplusplus
}
#endif
#endif
