/*
 * One object of a table of a Ghost export: a post, a tag, a user or a relation. Only the fields
 * that are listed here are ever read. An export holds hashes of passwords, keys and addresses
 * beside them, and those are passed over without being kept, in this table as in all others.
 */
#pragma once
#include "base/arena.h"
#include "importers/json_walk.h"

enum ghost_field {
	GHOST_ID,
	GHOST_UUID,
	GHOST_NAME,
	GHOST_SLUG,
	GHOST_DESCRIPTION,
	GHOST_VISIBILITY,
	GHOST_BIO,
	GHOST_WEBSITE,
	GHOST_PROFILE_IMAGE,
	GHOST_IMAGE, /* of posts and users before 1.0 */
	GHOST_POST_ID,
	GHOST_TAG_ID,
	GHOST_AUTHOR_ID,
	GHOST_AUTHOR,
	GHOST_SORT_ORDER,
	GHOST_TITLE,
	GHOST_TYPE,
	GHOST_PAGE,
	GHOST_STATUS,
	GHOST_HTML,
	GHOST_MARKDOWN,
	GHOST_MOBILEDOC,
	GHOST_LEXICAL,
	GHOST_CUSTOM_EXCERPT,
	GHOST_FEATURE_IMAGE,
	GHOST_FEATURED,
	GHOST_CANONICAL_URL,
	GHOST_LOCALE,
	GHOST_LANGUAGE,
	GHOST_CREATED_AT,
	GHOST_UPDATED_AT,
	GHOST_PUBLISHED_AT,
	GHOST_TAGS,
	GHOST_AUTHORS,
	GHOST_FIELDS,
};

#define GHOST_BIT(field) (UINT64_C(1) << (field))

enum { GHOST_RECORD_BYTES_MAX = 16 * 1024 * 1024 }; /* of the fields that are read, as JSON */

struct ghost_value {
	size_t start; /* in the record's text */
	size_t size;
	bool is_set;
	bool is_text; /* unquoted already */
};

struct ghost_record {
	struct buffer text;
	struct ghost_value values[GHOST_FIELDS];
	uint64_t line;	   /* where it begins */
	char problem[160]; /* what is wrong with the record or with the value asked for last */
};

void ghost_record_init(struct ghost_record *record);
void ghost_record_done(struct ghost_record *record);

/* Reads the next value of the walk. False only where the walk cannot go on; the record is to be
 * refused where it has a problem. `fields` are the bits of those to be read. */
bool ghost_record_read(struct ghost_record *record, struct json_walk *walk, uint64_t fields)
	NODISCARD;

/* In the export, and not null. */
bool ghost_record_has(const struct ghost_record *record, enum ghost_field field);

/* The JSON text of a value; empty without one. */
struct slice ghost_record_json(const struct ghost_record *record, enum ghost_field field);

/* The values; those that are missing or null are "", false and 0. False, with the record's problem,
 * if the value is none of that kind. A text, of which numbers are taken, too, is borrowed from the
 * record. */
bool ghost_record_text(struct ghost_record *record, enum ghost_field field, struct slice *ret)
	NODISCARD;
bool ghost_record_flag(struct ghost_record *record, enum ghost_field field, bool *ret) NODISCARD;
bool ghost_record_time(struct ghost_record *record, enum ghost_field field, int64_t *ret_us)
	NODISCARD;

/* Stands for an id, a text or a number: the same for the same id. 0: there is none. */
uint64_t ghost_record_key(struct ghost_record *record, enum ghost_field field);
uint64_t ghost_key(struct slice id);

/* A number from 0 to UINT32_MAX, cut to fit; `missing` where there is none. */
uint32_t ghost_record_order(struct ghost_record *record, enum ghost_field field, uint32_t missing);
