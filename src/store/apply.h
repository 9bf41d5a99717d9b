/*
 * Applying commands: the only code that changes content. A pure function of the store and the
 * command; no clock, no randomness, no I/O. Everything that can be refused is checked before the
 * first write.
 */
#pragma once
#include "analysis/analyzer.h"
#include "base/arena.h"
#include "store/txn.h"

#include <google/protobuf/timestamp.pb-c.h>
#include <lectern/store/v1/command.pb-c.h>
#include <lectern/v1/change.pb-c.h>

struct search_prepared;

/* One command at work. */
struct apply {
	struct txn *txn;
	struct arena *arena;   /* lives as long as the result */
	struct arena *scratch; /* reset for each of the many posts that a term change touches */
	struct arena *words;   /* reset for each post whose words are indexed */
	struct analyzer *analyzer;
	uint64_t recent_posts;			/* that make search merge its changes */
	const struct search_prepared *prepared; /* of the command's post, or NULL */
	int64_t now_us;
	uint32_t revisions_kept; /* former ones, of each post */
	uint64_t revision;	 /* that the next change makes */
	struct slice payload;
};

struct apply_result {
	struct slice payload; /* the response message, encoded, in the arena */
	uint64_t revision;    /* of the store after the command */
};

/* Applies one command; the analyzer is a tool that is made once, prepared may be NULL. After a
 * failure txn_writes() tells whether the transaction is still as it was before. */
enum code apply_command(struct txn *txn, struct arena *arena, struct analyzer *analyzer,
	const struct search_prepared *prepared, const Lectern__Store__V1__Command *command,
	struct apply_result *ret, struct error *err) NODISCARD;

/* The earliest time at which ApplyDue has something to do for a post; false if never. */
bool apply_next_due_us(struct txn *txn, int64_t *ret);

/* Operations: apply_post.c, apply_state.c, apply_rollback.c, apply_term.c, apply_merge.c,
 * apply_import.c, apply_import_revision.c, apply_import_term.c, apply_retention.c. */
enum code apply_put_post(
	struct apply *apply, const Lectern__Store__V1__PutPost *op, struct error *err) NODISCARD;
enum code apply_move_post(
	struct apply *apply, const Lectern__Store__V1__MovePost *op, struct error *err) NODISCARD;
enum code apply_rollback_post(struct apply *apply, const Lectern__Store__V1__RollbackPost *op,
	struct error *err) NODISCARD;
enum code apply_put_term(
	struct apply *apply, const Lectern__Store__V1__PutTerm *op, struct error *err) NODISCARD;
enum code apply_delete_term(
	struct apply *apply, const Lectern__Store__V1__DeleteTerm *op, struct error *err) NODISCARD;
enum code apply_merge_terms(
	struct apply *apply, const Lectern__Store__V1__MergeTerms *op, struct error *err) NODISCARD;
enum code apply_due(struct apply *apply, const Lectern__Store__V1__ApplyDue *op, struct error *err)
	NODISCARD;
enum code apply_import_post(
	struct apply *apply, const Lectern__Store__V1__ImportPost *op, struct error *err) NODISCARD;
enum code apply_import_revision(struct apply *apply, const Lectern__Store__V1__ImportRevision *op,
	struct error *err) NODISCARD;
enum code apply_import_term(
	struct apply *apply, const Lectern__Store__V1__ImportTerm *op, struct error *err) NODISCARD;
enum code apply_retention(struct apply *apply, const Lectern__Store__V1__ApplyRetention *op,
	struct error *err) NODISCARD;

/* Tools of the operations. */

/* Writes the change log's entry of one change and moves to the next revision. The arena is for the
 * record. */
void apply_log_change(struct apply *apply, struct arena *arena, Lectern__V1__Change *change);

/* The etag that belongs to the revision that is being made; NULL when out of memory. */
char *apply_etag(struct apply *apply, struct arena *arena);

/* A response whose field 1 is the concatenation of two pieces of one message. */
void apply_answer(struct apply *apply, struct slice piece, struct slice more);

/* Adds `result`, an ImportResult, to the response as this field. */
void apply_answer_result(struct apply *apply, uint32_t field_number, int result);

/* CODE_OK if `expected` is empty or the current etag, else ABORTED with both. */
enum code apply_check_etag(
	const char *expected, const char *current, const char *what, struct error *err) NODISCARD;

/* Whether the mask of a PutPost or PutTerm has the field. */
static inline bool mask_has(uint64_t mask, unsigned field_number)
{
	return (mask >> field_number & 1) != 0;
}

/* A slug that is free in its space, "BASE", "BASE-2" and so on; NULL when out of memory. */
char *apply_free_slug(struct apply *apply, enum slug_space space, const char *base);

/* What happens to slug and aliases when an entity gets (another) slug or goes. former_slug is NULL
 * for a new entity. The lists are the record's; *aliases is replaced in the arena. */
void apply_slug_change(struct apply *apply, enum slug_space space, uint64_t id,
	const char *former_slug, const char *slug, char ***aliases, size_t *alias_count);
/* Gives an entity one more former slug, which is free and in the command's arena. */
void apply_slug_adopt(struct apply *apply, enum slug_space space, uint64_t id, const char *slug,
	char ***aliases, size_t *alias_count);
void apply_slug_remove(struct apply *apply, enum slug_space space, const char *slug,
	char *const *aliases, size_t alias_count);

/* Whether the slug is one that apply_free_slug() makes of another one that is taken. */
bool apply_slug_is_numbered(const char *slug, const char *base);

bool apply_slug_is_in(char *const *list, size_t count, const char *slug);

/* Puts those of `wanted` that are free, and not the entity's own slug, before its aliases, as far
 * as there is room: the last ones. Nothing is written, and those that are there stay, so a repeat
 * adds nothing. Returns how many were added: the first ones of the list, which TABLE_SLUG does not
 * have yet. */
size_t apply_slug_gather(struct apply *apply, enum slug_space space, const char *slug,
	char *const *wanted, size_t wanted_count, char ***aliases, size_t *alias_count);
/* Writes the entries of those that were added. */
void apply_slug_put_added(struct apply *apply, enum slug_space space, uint64_t id,
	char *const *aliases, size_t added);

/* What leads from a post's origin to it; old is NULL for a new post, post for one that goes. */
void apply_origin_change(
	struct apply *apply, const Lectern__V1__Post *old, const Lectern__V1__Post *post);

/* Takes the next number of a sequence in TABLE_META, from 1. */
uint64_t apply_next_id(struct apply *apply, const char *meta_name);

/* A timestamp in the arena; NULL when out of memory. */
Google__Protobuf__Timestamp *apply_timestamp(struct arena *arena, int64_t time_us);

/* Finds the term that a reference means: 0 and an error if there is none (NOT_FOUND) or if it is
 * not clear (FAILED_PRECONDITION, INVALID_ARGUMENT). */
uint64_t apply_find_term(struct apply *apply, uint8_t kind, const Lectern__V1__TermRef *ref,
	const char *field, struct error *err);

/* Makes a term by name (or slug) in the way that create_missing_terms does; its id. */
uint64_t apply_make_term(struct apply *apply, uint8_t kind, const Lectern__V1__TermRef *ref);

/* A reference to an existing term as a record holds it; NULL when out of memory or missing. */
Lectern__V1__TermRef *apply_term_ref(
	struct apply *apply, struct arena *arena, uint8_t kind, uint64_t id);

/* Writes a new term with slug and name, all its index entries and its change; the id. Times that it
 * does not have are now. */
uint64_t apply_insert_term(struct apply *apply, uint8_t kind, Lectern__Store__V1__Term *term);

/* Checks that every term that the masked fields name exists or may be made, before the first write.
 */
enum code apply_check_refs(struct apply *apply, const Lectern__V1__Post *from, uint64_t mask,
	bool create_missing, struct error *err) NODISCARD;

/* Gives the post the masked terms of `from` as complete references, each once; makes those that
 * are missing. */
void apply_take_refs(
	struct apply *apply, Lectern__V1__Post *post, const Lectern__V1__Post *from, uint64_t mask);

/* Removes a series that no post names any more. */
void apply_drop_unused_series(struct apply *apply, uint64_t id);

/* One change of one post. */
struct post_change {
	const Lectern__V1__Post *old; /* NULL: it is new */
	Lectern__V1__Post *post;      /* NULL: it goes for good. Gets revision, etag and aliases */
	bool content;		      /* the heavy part is to be written too */
	Lectern__V1__ChangeKind kind;
	const char *author;  /* for the history; may be "" */
	const char *summary; /* for the history; "": what differs */
	/* For the history; NULL: now. */
	const Google__Protobuf__Timestamp *time;
};

/* Does it: records, index entries, history, change log. The arena is for all that takes. A new post
 * may have the revision from which it counts on. */
void apply_store_post(struct apply *apply, struct arena *arena, const struct post_change *change);

/* Takes author and summary from the note of a command, which may be NULL. */
static inline void apply_take_note(struct post_change *change, const Lectern__V1__ChangeNote *note)
{
	change->author = note == NULL ? "" : note->author;
	change->summary = note == NULL ? "" : note->summary;
}

/* Whether the stored heavy part is what the post would be written with. */
bool apply_post_has_content(struct apply *apply, const Lectern__V1__Post *post);

/* Whether a write would change nothing that anybody can see. */
bool apply_post_is_unchanged(struct apply *apply, const Lectern__V1__Post *old,
	const Lectern__V1__Post *post, bool content);

/* Makes a post's state and times agree with each other and with the time of the write. */
enum code apply_settle_state(struct apply *apply, Lectern__V1__Post *post, struct error *err)
	NODISCARD;

/* The title of a new post must not be blank. */
enum code apply_check_title(const Lectern__V1__Post *post, struct error *err) NODISCARD;
/* FAILED_PRECONDITION, POST_TRASHED if the post is in the trash. */
enum code apply_check_not_trashed(const Lectern__V1__Post *post, struct error *err) NODISCARD;

/* The post that the key names. With allow_missing a missing one is CODE_OK and NULL. */
enum code apply_load_post(struct apply *apply, const Lectern__Store__V1__Key *key,
	bool allow_missing, Lectern__V1__Post **ret, struct error *err) NODISCARD;

/* Gives the post the masked fields of `from`, all but slug and terms. */
void apply_take_fields(Lectern__V1__Post *post, const Lectern__V1__Post *from, uint64_t mask);

/* The response that holds the post. */
void apply_answer_post(struct apply *apply, const Lectern__V1__Post *post);

/* The same for terms. */
enum code apply_load_term(struct apply *apply, uint8_t kind, const Lectern__Store__V1__Key *key,
	bool allow_missing, Lectern__Store__V1__Term **ret, struct error *err) NODISCARD;
void apply_answer_term(struct apply *apply, uint8_t kind, const Lectern__Store__V1__Term *term);

/* Adds a term to those that a change affects, which have room for it. False if it failed, and the
 * transaction with it. */
bool apply_log_affected(struct apply *apply, struct arena *arena, uint8_t kind, uint64_t id,
	Lectern__V1__Change *change);

/* The log's entry of a term; old is NULL for a new one, term NULL for one that goes; then
 * merged_into may tell which one it became. */
void apply_log_term(struct apply *apply, struct arena *arena, uint8_t kind,
	const Lectern__Store__V1__Term *old, const Lectern__Store__V1__Term *term,
	const Lectern__Store__V1__Term *merged_into);

/* Writes a term in place of another one with all that follows from it: the posts that show it, the
 * categories below it, the lists of a category that moves. Logs. Its update_time is set. */
void apply_store_term(struct apply *apply, uint8_t kind, const Lectern__Store__V1__Term *old,
	Lectern__Store__V1__Term *term);

/* Gives the term the masked fields of `from`, all but slug and parent. */
void apply_take_term_fields(
	Lectern__Store__V1__Term *term, const Lectern__Store__V1__Term *from, uint64_t mask);

/* Finds the parent that `from` names and checks that the tree stays a tree of bounded depth. */
enum code apply_take_parent(struct apply *apply, Lectern__Store__V1__Term *term,
	const Lectern__Store__V1__Term *from, struct error *err) NODISCARD;

/* CODE_OK unless the name is empty or, of a tag, another one's. */
enum code apply_check_term_name(struct apply *apply, uint8_t kind,
	const Lectern__Store__V1__Term *term, struct error *err) NODISCARD;

/* Whether both records are the same. */
bool apply_term_is_unchanged(struct apply *apply, const Lectern__Store__V1__Term *old,
	const Lectern__Store__V1__Term *term);

/* CODE_OK if the category may stand below the parent: no cycle, not too deep. */
enum code apply_check_parent(struct apply *apply, uint64_t category_id, uint64_t parent_id,
	const char *field, struct error *err) NODISCARD;

/* Takes a term out of all tables but the lists of posts, which are empty by now. */
void apply_remove_term(struct apply *apply, uint8_t kind, const Lectern__Store__V1__Term *term);

/* The history of posts. */

/* The line of one revision. */
void apply_history_put(struct apply *apply, struct arena *arena, uint64_t id, uint64_t number,
	const Lectern__Store__V1__Revision *revision);

/* What the history has to take in when a post is written, before the records of `old` are
 * overwritten; content tells whether the heavy part will be. */
void apply_history_add(struct apply *apply, struct arena *arena, const struct post_change *change);
/* All of it, for a post that goes. */
void apply_history_remove(struct apply *apply, uint64_t id);

/* What search and suggestions hold of a post; NULL: it is not there. To be called while the store
 * still has the records of `before`. If `content` is not set, the html stays as it is there. */
void apply_index_post(struct apply *apply, const Lectern__V1__Post *before,
	const Lectern__V1__Post *after, bool content);

/* What suggestions hold of a term; NULL: no such name. */
void apply_suggest_term(
	struct apply *apply, uint8_t kind, uint64_t id, const char *before, const char *after);

/* Orders ids for qsort() and bsearch(). */
int apply_compare_ids(const void *a, const void *b);

/* Every post of a list and of its hidden twin; ids in the arena. NULL when out of memory. */
uint64_t *apply_posts_of_term(
	struct apply *apply, uint8_t list, uint64_t term_id, size_t *ret_count);

/* Gives one post other references of one kind: those to `from_ids` become one to the replacement,
 * once; NULL takes it off. `summary` is for the history. */
struct touch {
	uint8_t kind;
	const uint64_t *from_ids; /* sorted */
	size_t from_count;
	const Lectern__Store__V1__Term *replacement;
	const char *summary;
};
void apply_touch_post(struct apply *apply, uint64_t post_id, const struct touch *touch);

/* Does so to all posts that carry the one term of the touch. */
void apply_touch_posts(struct apply *apply, const struct touch *touch);

/* Gives the categories below a category its new slug and name. */
void apply_touch_children(struct apply *apply, const Lectern__Store__V1__Term *term);

/* Takes posts out of all their lists, before a category moves, or puts them back into what are
 * theirs then, after it has moved. */
void apply_relist(struct apply *apply, const uint64_t *ids, size_t count, bool after);
