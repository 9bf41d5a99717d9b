/* Tags, categories and authors: one shape, so that one set of functions serves all three. */
#pragma once
#include "base/attributes.h"
#include "cli/cli.h"

#include <protobuf-c/protobuf-c.h>

struct term_kind {
	const char *name;   /* "tag", also the field of responses that hold one */
	const char *plural; /* "tags", also the field of a list */
	const ProtobufCServiceDescriptor *service;
	const ProtobufCMessageDescriptor *descriptor;
	const char *get;
	const char *list;
	const char *create;
	const char *update;
	const char *delete_;
	const char *merge;
};

extern const struct term_kind tag_kind;
extern const struct term_kind category_kind;
extern const struct term_kind author_kind;

/* Gets the response that holds the term with that slug or, if there is none, with that name. */
enum exit_status term_get(struct cli *cli, const struct term_kind *kind, const char *text,
	const ProtobufCMessage **ret) NODISCARD;

/* The term alone. */
enum exit_status term_find(struct cli *cli, const struct term_kind *kind, const char *text,
	const ProtobufCMessage **ret) NODISCARD;
