/* The change log in few words, for tests with a local_server (call.h). What a function returns lies
 * in *ret and stays valid until the next use of it. */
#pragma once
#include "support/call.h"

#include <lectern/v1/change.pb-c.h>
#include <stddef.h>

/* ListChangesRequest; what is NULL or 0 is left out. */
struct change_question {
	uint64_t after;
	const char *epoch;
	int32_t page_size;
	uint32_t wait_ms;
	Lectern__V1__PostView view;
};

enum code try_changes(
	struct local_server *server, const struct change_question *question, struct answer *ret);
/* The same, and the program ends if it fails. */
const Lectern__V1__ListChangesResponse *changes(
	struct local_server *server, const struct change_question *question, struct answer *ret);
/* The first half of it; call_wait() is the other. */
struct started_call *start_changes(
	struct local_server *server, const struct change_question *question);

enum { CHANGE_TEXT_BYTES = 512 };

/* "3 POST UPDATED b was a, DRAFT to PUBLISHED: TAG x, CATEGORY y into TAG z": revision, entity,
 * kind, slug and what of the rest there is. */
void describe_change(const Lectern__V1__Change *change, char out[CHANGE_TEXT_BYTES]);

/* How many calls of ListChanges wait. */
uint32_t waiters_of(struct local_server *server);
/* Waits until there are so many. */
void await_waiters(struct local_server *server, uint32_t count);

/* The value of a fact of the error; "" if it is not there. */
const char *fact_of(const struct error *err, const char *key);
