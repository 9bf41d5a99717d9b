/*
 * Forms that content is exported in, for other systems and for other Lectern servers. An exporter
 * is given every term and then every post, and writes them as they come: its memory grows at most
 * with the number of terms and, by some dozens of bytes, with that of the posts.
 */
#pragma once
#include "base/attributes.h"
#include "base/error.h"

#include <lectern/v1/author.pb-c.h>
#include <lectern/v1/category.pb-c.h>
#include <lectern/v1/post.pb-c.h>
#include <lectern/v1/tag.pb-c.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum export_kind { EXPORT_CATEGORY, EXPORT_TAG, EXPORT_AUTHOR };

/* Where an export goes. */
struct export_options {
	FILE *file;	       /* of forms that are one document; borrowed */
	const char *directory; /* of the others: exists and is empty; borrowed */
	int64_t now_us;	       /* for forms that tell when they were made */
};

struct export_format;

/* What every exporter begins with. */
struct exporter {
	const struct export_format *format;
};

struct export_format {
	const char *name;
	bool is_directory; /* not one document */
	bool trash;	   /* posts in the trash are wanted, too */
	bool history;	   /* former states of posts are wanted: revision() */
	/* Begins. On failure *ret is not set. */
	enum code (*open)(
		const struct export_options *options, struct exporter **ret, struct error *err);
	/* A Lectern__V1__Category, Tag or Author. Categories come first, parents before children,
	 * then tags, then authors, then posts. */
	enum code (*term)(struct exporter *exporter, enum export_kind kind,
		const ProtobufCMessage *term, struct error *err);
	/* A post in the FULL view. Posts come in the order of their create_time, the oldest first.
	 */
	enum code (*post)(
		struct exporter *exporter, const Lectern__V1__Post *post, struct error *err);
	/* Behind a post: its revisions, the newest (the current one) first. NULL without history.
	 */
	enum code (*revision)(struct exporter *exporter, const Lectern__V1__Post *post,
		const Lectern__V1__PostRevision *revision, struct error *err);
	/* After the last post: what stands at the end. May be NULL. */
	enum code (*finish)(struct exporter *exporter, struct error *err);
	/* Frees it, finished or not; takes NULL. */
	void (*close)(struct exporter *exporter);
};

extern const struct export_format front_matter_export, ghost_export, jsonl_export, wordpress_export;
