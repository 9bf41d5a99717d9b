/*
 * The checksum behind the value of every entry but those of TABLE_META: the lower half of a 64-bit
 * XXH3 over the number of the table, the key and the value, little-endian. docs/store-format.md.
 */
#pragma once
#include "store/txn.h"

enum { CHECKSUM_BYTES = 4 };

/* Writes the value and its checksum to `out`, which has room for both. */
void checksum_append(enum table table, struct slice key, struct slice value, uint8_t *out);

/* Takes the checksum off a value as it is stored; false if it is not that of the entry. */
bool checksum_strip(enum table table, struct slice key, struct slice *value);
