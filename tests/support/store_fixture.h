/* A store in a folder of its own, for tests of the store layer and below the services. */
#pragma once
#include "store/store.h"
#include "store/txn.h"

#include <lectern/store/v1/command.pb-c.h>

struct store_fixture {
	char directory[64];
	uint64_t map_bytes;
	struct store_retention retention; /* from the next reopening on */
	struct store *store;
};

/* Makes the folder and opens the store; the test fails if that fails. */
void store_fixture_open(struct store_fixture *fixture, uint64_t map_bytes);
void store_fixture_reopen(struct store_fixture *fixture);
/* Closes the store and removes the folder. */
void store_fixture_close(struct store_fixture *fixture);

/* What a command answered. */
struct write_result {
	struct error error; /* code is CODE_OK after success */
	uint64_t revision;
	uint8_t payload[65536];
	size_t payload_size;
};

/* Submits the command and waits for its answer. */
void store_fixture_apply(struct store_fixture *fixture, const Lectern__Store__V1__Command *command,
	struct write_result *ret);

/* Fails the test with the problems if the checker finds any. */
void store_fixture_assert_sound(struct store_fixture *fixture);
/* How many problems the checker finds; the first one's text. */
uint64_t store_fixture_problems(struct store_fixture *fixture, char *first, size_t first_bytes);
/* The entries of a table, as a snapshot has them. */
uint64_t store_fixture_entries(struct store_fixture *fixture, enum table table);
