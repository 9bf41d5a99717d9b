#include "support/store_posts.h"

#include "store/check_sum.h"
#include "store/env.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void add_post(struct store_fixture *fixture, int number, size_t body_bytes)
{
	static struct write_result result;
	Lectern__Store__V1__Command command = LECTERN__STORE__V1__COMMAND__INIT;
	Lectern__Store__V1__PutPost put = LECTERN__STORE__V1__PUT_POST__INIT;
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	Lectern__V1__TermRef tag = LECTERN__V1__TERM_REF__INIT;
	Lectern__V1__TermRef *tags[] = { &tag };
	char title[32];
	char name[32];
	char *body = malloc(body_bytes + 64);
	assert_non_null(body);
	snprintf(title, sizeof title, "post-%d", number);
	snprintf(name, sizeof name, "Tag %d", number % 7);
	size_t size = (size_t)sprintf(body, "body of post-%d", number);
	while (size < body_bytes)
		body[size++] = '.';
	body[size] = '\0';
	tag.name = name;
	post.title = title;
	post.body = body;
	post.html = body;
	post.tags = tags;
	post.n_tags = 1;
	post.state = LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
	put.post = &post;
	put.field_mask = UINT64_MAX;
	put.slug_base = title;
	put.create_missing_terms = true;
	command.time_us = 1000;
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_PUT_POST;
	command.put_post = &put;
	store_fixture_apply(fixture, &command, &result);
	if (result.error.code != CODE_OK)
		fail_msg("%s: %s", title, result.error.text);
	free(body);
}

void store_posts_add(struct store_fixture *fixture, int first, int count, size_t body_bytes)
{
	for (int i = first; i < first + count; i++)
		add_post(fixture, i, body_bytes);
}

void store_posts_edit(
	struct store_fixture *fixture, void (*edit)(struct txn *txn, void *context), void *context)
{
	struct env env = { .lock_file = -1 };
	struct txn txn;
	struct error err;
	store_close(fixture->store);
	fixture->store = NULL;
	if (env_open(&env, fixture->directory, 0, &err) != CODE_OK)
		fail_msg("open store: %s", err.text);
	assert_int_equal(txn_begin_write(&env, &txn, &err), CODE_OK);
	edit(&txn, context);
	if (txn_commit(&txn, &err) != CODE_OK)
		fail_msg("edit store: %s", err.text);
	env_close(&env);
}

static uint64_t digest_table(struct txn *snapshot, enum table table)
{
	struct walk walk;
	uint64_t digest = (uint64_t)table;
	walk_start(&walk, snapshot, table, slice_of(NULL, 0));
	while (walk_next(&walk))
		if (table != TABLE_META || !slice_equals(walk.key, slice_of_text(META_EPOCH)))
			digest = check_hash(walk.value, check_hash(walk.key, digest));
	walk_end(&walk);
	return digest;
}

static uint64_t digest_from(struct store_fixture *fixture, enum table first, uint64_t *ret_revision)
{
	struct error err;
	struct txn *snapshot;
	uint64_t digest = 0;
	if (store_snapshot(fixture->store, &snapshot, &err) != CODE_OK)
		fail_msg("snapshot: %s", err.text);
	for (int table = first; table < TABLE_COUNT; table++)
		digest = digest * 31 + digest_table(snapshot, (enum table)table);
	*ret_revision = txn_revision(snapshot);
	if (txn_status(snapshot, &err) != CODE_OK)
		fail_msg("snapshot: %s", err.text);
	store_release(fixture->store, snapshot);
	return digest;
}

uint64_t store_posts_digest(struct store_fixture *fixture, uint64_t *ret_revision)
{
	return digest_from(fixture, TABLE_META, ret_revision);
}

uint64_t store_posts_digest_tables(struct store_fixture *fixture)
{
	uint64_t revision;
	return digest_from(fixture, TABLE_META + 1, &revision);
}

int count_files(const char *directory, char one[256])
{
	int count = 0;
	DIR *entries = opendir(directory);
	if (entries == NULL)
		return 0;
	for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		count++;
		if (one != NULL)
			strcpy(one, entry->d_name);
	}
	closedir(entries);
	return count;
}

uint8_t *read_whole(const char *path, size_t *ret_size)
{
	FILE *file = fopen(path, "rb");
	if (file == NULL)
		fail_msg("cannot open %s", path);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	*ret_size = (size_t)ftell(file);
	rewind(file);
	uint8_t *bytes = malloc(*ret_size + 1);
	assert_int_equal(fread(bytes, 1, *ret_size, file), *ret_size);
	fclose(file);
	return bytes;
}

void write_whole(const char *path, const uint8_t *bytes, size_t size)
{
	FILE *file = fopen(path, "wb");
	if (file == NULL)
		fail_msg("cannot make %s", path);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}
