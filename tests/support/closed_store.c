#include "support/closed_store.h"

#include "store/pages.h"
#include "support/store_fill.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

void closed_store_make(struct closed_store *store, struct random *random)
{
	store_fixture_open(&store->fixture, 0);
	snprintf(store->path, sizeof store->path, "%s/data.mdb", store->fixture.directory);
	store_fill(&store->fixture, random);
	store_close(store->fixture.store);
	store->fixture.store = NULL;
	store_image_load(&store->image, store->path);
	store_image_assert_all_kinds(&store->image);
}

void closed_store_remove(struct closed_store *store)
{
	store_image_done(&store->image);
	store_fixture_close(&store->fixture);
}

void closed_store_restore(struct closed_store *store)
{
	FILE *file = fopen(store->path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(store->image.bytes, 1, store->image.size, file), store->image.size);
	assert_int_equal(fclose(file), 0);
}

void closed_store_overwrite(
	struct closed_store *store, const uint8_t *at, const void *bytes, size_t size)
{
	int file = open(store->path, O_WRONLY | O_CLOEXEC);
	assert_true(file >= 0);
	assert_int_equal(pwrite(file, bytes, size, (off_t)(at - store->image.bytes)), size);
	close(file);
}

void closed_store_assert_accepted(struct closed_store *store, const char *label)
{
	struct pages_report report;
	struct error err;
	if (pages_verify(store->path, true, &report, &err) != CODE_OK)
		fail_msg("%s: %s", label, err.text);
}

void closed_store_assert_refused(struct closed_store *store, const char *label, enum code code,
	const char *reason, const char *text)
{
	struct pages_report report;
	struct error err;
	if (pages_verify(store->path, true, &report, &err) == CODE_OK)
		fail_msg("%s: accepted", label);
	if (err.code != code || strcmp(err.reason, reason) != 0 || strstr(err.text, text) == NULL)
		fail_msg("%s: %s", label, err.text);
	if (code == CODE_DATA_LOSS && strstr(err.text, "restore a backup") == NULL)
		fail_msg("%s: no word of a backup: %s", label, err.text);
}

void closed_store_assert_damaged(struct closed_store *store, const char *label, const char *text)
{
	closed_store_assert_refused(store, label, CODE_DATA_LOSS, "STORE_DAMAGED", text);
}

struct closed_store closed;

int closed_store_group_setup(void **state)
{
	(void)state;
	struct random random = { .state = 1 };
	closed_store_make(&closed, &random);
	return 0;
}

int closed_store_group_teardown(void **state)
{
	(void)state;
	closed_store_remove(&closed);
	return 0;
}

int closed_store_setup(void **state)
{
	(void)state;
	closed_store_restore(&closed);
	return 0;
}
