/* Whether the head of a request can only be read in one way. */
#pragma once
#include "http/route.h"

/* What a head says about the message as a whole. */
struct head {
	struct slice version; /* "HTTP/1.1" */
	uint64_t body_bytes;  /* as announced; 0 without a body or where it comes in chunks */
	bool chunked;
};

/* Splits the target of a request line, in origin or absolute form, into path and query. False where
 * it is neither. Characters beyond ASCII, which ought to be percent-encoded, are taken as they are:
 * people type them. */
bool head_split_target(struct slice target, struct http_request *request) NODISCARD;

/*
 * Refuses what servers and proxies are known to read differently, so that no request can hide in
 * another one: two lengths, a length beside chunks, codings, names that are no names. Returns the
 * HTTP status to refuse the request with, or 0. The connection must be closed then.
 */
unsigned head_check(const struct http_request *request, struct head *head, struct error *err);
