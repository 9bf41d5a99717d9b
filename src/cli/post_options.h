/* Options of `post create` and `post update` that stand for a field. */
#pragma once
#include "cli/option.h"

#define POST_FIELD_ROWS \
	{ .id = OPTION_TITLE, \
		.name = "title", \
		.value = "TITLE", \
		.field = "title", \
		.help = "The title" }, \
		{ .id = OPTION_SLUG, \
			.name = "slug", \
			.value = "SLUG", \
			.field = "slug", \
			.help = "The slug (default: made from the title)" }, \
		{ .id = OPTION_EXCERPT, \
			.name = "excerpt", \
			.value = "TEXT", \
			.field = "excerpt", \
			.help = "Plain text for lists" }, \
		{ .id = OPTION_BODY_FILE, \
			.name = "body-file", \
			.value = "FILE", \
			.field = "body", \
			.words = WORDS_FILE, \
			.help = "Read the body from a file, - for standard input" }, \
		{ .id = OPTION_BODY_FORMAT, \
			.name = "body-format", \
			.value = "FORMAT", \
			.field = "body_format", \
			.words = "markdown html", \
			.help = "How the body is written" }, \
		{ .id = OPTION_TAG, \
			.name = "tag", \
			.value = "TAG", \
			.field = "tags", \
			.repeatable = true, \
			.help = "A tag, by slug or name" }, \
		{ .id = OPTION_CATEGORY, \
			.name = "category", \
			.value = "CATEGORY", \
			.field = "categories", \
			.repeatable = true, \
			.help = "A category, by slug or name" }, \
		{ .id = OPTION_AUTHOR, \
			.name = "author", \
			.value = "AUTHOR", \
			.field = "authors", \
			.repeatable = true, \
			.help = "An author, by slug or name" }, \
		{ .id = OPTION_STATE, \
			.name = "state", \
			.value = "STATE", \
			.field = "state", \
			.words = STATE_WORDS, \
			.help = "Where the post stands in its life" }, \
		{ .id = OPTION_PUBLISH_TIME, \
			.name = "publish-time", \
			.value = "TIME", \
			.field = "publish_time", \
			.help = "When it is public, as 2026-01-02T03:04:05Z" }, \
		{ .id = OPTION_EXPIRE_TIME, \
			.name = "expire-time", \
			.value = "TIME", \
			.field = "expire_time", \
			.help = "Until when it is public" }, \
		{ .id = OPTION_SERIES, \
			.name = "series", \
			.value = "NAME", \
			.field = "series.name", \
			.help = "The series it is a part of" }, \
		{ .id = OPTION_PART, \
			.name = "part", \
			.value = "N", \
			.field = "series.part", \
			.help = "Its place in the series" }, \
		{ .id = OPTION_LANGUAGE, \
			.name = "language", \
			.value = "TAG", \
			.field = "language", \
			.help = "BCP 47 tag, for example en" }, \
		{ .id = OPTION_FEATURED, \
			.name = "featured", \
			.field = "featured", \
			.help = "Mark it for prominent display" }, \
		{ .id = OPTION_COVER_IMAGE_URL, \
			.name = "cover-image-url", \
			.value = "URL", \
			.field = "cover_image_url", \
			.help = "A picture for it" }, \
		{ .id = OPTION_CANONICAL_URL, \
			.name = "canonical-url", \
			.value = "URL", \
			.field = "canonical_url", \
			.help = "Where it was first published" }, \
		{ .id = OPTION_ATTRIBUTE, \
			.name = "attribute", \
			.value = "KEY=VALUE", \
			.field = "attributes", \
			.repeatable = true, \
			.help = "A pair for your own use" }, \
		OPTION_ROW_SET, \
	{ \
		.id = OPTION_CREATE_MISSING, .name = "create-missing", \
		.help = "Make the tags, categories and authors that do not exist" \
	}
