/* What the fields of posts and terms must be beyond their size: slugs, URLs, keys, times. Fields
 * that the schema does not know are taken out of what goes into the store: they have no bounds. */
#pragma once
#include "base/arena.h"
#include "base/error.h"

#include <lectern/v1/author.pb-c.h>
#include <lectern/v1/post.pb-c.h>
#include <stdbool.h>

/* Checks the fields of a post that a caller may set and trims its times.
 * INVALID_ARGUMENT with the field's path. */
enum code check_post(Lectern__V1__Post *post, bool create_missing_terms, struct error *err)
	NODISCARD;

/* One line of text for people: not blank if required, no control characters. `what` is the field's
 * path. */
enum code check_line(const char *text, bool required, const char *field, struct error *err)
	NODISCARD;

/* Empty, or a slug that a caller may choose. */
enum code check_slug(const char *slug, const char *field, struct error *err) NODISCARD;

/* Empty, or a URL of http or https. */
enum code check_url(const char *url, const char *field, struct error *err) NODISCARD;

/* Empty, or a BCP 47 tag. */
enum code check_language(const char *language, const char *field, struct error *err) NODISCARD;

/* Who and why: one line each. NULL is allowed. */
enum code check_note(const Lectern__V1__ChangeNote *note, const char *field, struct error *err)
	NODISCARD;

/* Former slugs: each one that a caller may choose. `field` is the list's path. */
enum code check_aliases(char *const *aliases, size_t count, const char *field, struct error *err)
	NODISCARD;

/* Cuts a time to microseconds. NULL is allowed. */
void trim_time(Google__Protobuf__Timestamp *time);

/* Keys of the allowed characters, each once. prefix: "post", "tag" and so on. */
enum code check_attributes(Lectern__V1__Attribute *const *attributes, size_t count,
	const char *prefix, struct error *err) NODISCARD;
