/* A store with pages of every kind that nobody has open, whose data file is damaged and put back.
 */
#pragma once
#include "base/error.h"
#include "support/random.h"
#include "support/store_fixture.h"
#include "support/store_image.h"

struct closed_store {
	struct store_fixture fixture; /* its store is NULL but while a test opens it */
	char path[128];		      /* of the data file */
	struct store_image image;     /* the sound file */
};

void closed_store_make(struct closed_store *store, struct random *random);
void closed_store_remove(struct closed_store *store);

/* For cmocka: one of a fixed seed, made before a group of tests, put back before each of them and
 * removed after the last one. */
extern struct closed_store closed;
int closed_store_group_setup(void **state);
int closed_store_group_teardown(void **state);
int closed_store_setup(void **state);

/* Puts the sound file back. */
void closed_store_restore(struct closed_store *store);
/* Overwrites bytes of the file. `at` points into the image, where their place is. */
void closed_store_overwrite(
	struct closed_store *store, const uint8_t *at, const void *bytes, size_t size);

/* What the verifier says of all pages of the file; the test fails if it is something else. */
void closed_store_assert_accepted(struct closed_store *store, const char *label);
void closed_store_assert_refused(struct closed_store *store, const char *label, enum code code,
	const char *reason, const char *text);
/* DATA_LOSS, STORE_DAMAGED */
void closed_store_assert_damaged(struct closed_store *store, const char *label, const char *text);
