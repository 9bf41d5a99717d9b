/*
 * A tokens file. What is refused names a line of it; of what is taken each entry is found by its id
 * and by its name, and has what a token needs.
 */
#include "auth/tokens_file.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_entry(const struct tokens *tokens, const struct token_entry *entry)
{
	require(tokens_find(tokens, entry->id) == entry);
	require(tokens_find_name(tokens, entry->name) == entry);
	require(token_name_is_valid(entry->name));
	require(entry->scope >= RPC_SCOPE_READ && entry->scope <= RPC_SCOPE_ADMIN);
	require(strlen(entry->id) == TOKEN_ID_BYTES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tokens *tokens = NULL;
	struct error err = { .text = "" };
	unsigned line = 0;
	if (tokens_parse("f", slice_of(data, size), &tokens, &err) == CODE_OK) {
		require(tokens->count <= TOKENS_MAX);
		for (size_t i = 0; i < tokens->count; i++)
			check_entry(tokens, &tokens->entries[i]);
	} else if (size <= TOKENS_FILE_BYTES) {
		require(sscanf(err.text, "f:%u: ", &line) == 1 && line >= 1 && line <= size);
		require(strstr(err.text, "lectern_") == NULL);
	}
	tokens_free(tokens);
	return 0;
}
