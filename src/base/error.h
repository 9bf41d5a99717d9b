/*
 * Errors: a code whose number is google.rpc.Code, and a caller-owned struct with the text.
 *
 * Every function that can fail returns a code and takes the struct as its last parameter; NULL is
 * allowed there. The struct is written on failure only. Texts say what was wrong and what to do.
 */
#pragma once
#include "base/attributes.h"

#include <stdint.h>

/* Numbers of google.rpc.Code (google/rpc/code.proto of the googleapis repository). */
enum code {
	CODE_OK = 0,
	CODE_CANCELLED = 1,
	CODE_UNKNOWN = 2,
	CODE_INVALID_ARGUMENT = 3,
	CODE_DEADLINE_EXCEEDED = 4,
	CODE_NOT_FOUND = 5,
	CODE_ALREADY_EXISTS = 6,
	CODE_PERMISSION_DENIED = 7,
	CODE_RESOURCE_EXHAUSTED = 8,
	CODE_FAILED_PRECONDITION = 9,
	CODE_ABORTED = 10,
	CODE_OUT_OF_RANGE = 11,
	CODE_UNIMPLEMENTED = 12,
	CODE_INTERNAL = 13,
	CODE_UNAVAILABLE = 14,
	CODE_DATA_LOSS = 15,
	CODE_UNAUTHENTICATED = 16,
};

enum {
	ERROR_FACTS_MAX = 4,
	ERROR_KEY_BYTES_MAX = 32,   /* of a fact */
	ERROR_VALUE_BYTES_MAX = 64, /* of a fact, without the NUL */
};

/* One thing that programs may want to know about an error, as text. */
struct error_fact {
	const char *key; /* lower snake case, a string literal */
	char value[ERROR_VALUE_BYTES_MAX + 1];
};

struct error {
	enum code code;
	char text[512];
	/* UPPER_SNAKE constant for programs, a string literal; NULL means the code's name. */
	const char *reason;
	/* Path of the wrong request field, or "". */
	char field[128];
	/* When a repeat may succeed, in milliseconds; 0 means that a repeat does not help. */
	uint32_t retry_ms;
	/* What error_tell() was told. */
	unsigned fact_count;
	struct error_fact facts[ERROR_FACTS_MAX];
};

/* "NOT_FOUND" and so on; "UNKNOWN" for a number that is none of them. */
const char *code_name(enum code code);

/* Fills *err and returns the code. */
enum code fail(struct error *err, enum code code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The same with a reason (a string literal) that programs may compare. */
enum code fail_reason(struct error *err, enum code code, const char *reason, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

/* A wrong request field: code, reason, the field's path; the text is "FIELD: ...". */
enum code fail_field(struct error *err, enum code code, const char *reason, const char *field,
	const char *fmt, ...) PRINTF_LIKE(5, 6);

/* RESOURCE_EXHAUSTED, OUT_OF_MEMORY: a call has used up its arena, or the machine its memory. */
enum code fail_out_of_memory(struct error *err);

/* UNAVAILABLE, STOPPING, with a delay: the server ends, another one or the next one may answer. */
enum code fail_stopping(struct error *err);

/* Adds a fact to an error that fail_reason() or fail_field() has filled. A value that is too long
 * is cut, a fact beyond the last place is left out. NULL is allowed for err. */
void error_tell(struct error *err, const char *key, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Puts "what: " before the text that is already in *err; the rest of it is kept. */
enum code wrap(struct error *err, enum code code, const char *fmt, ...) PRINTF_LIKE(3, 4);
