/* The body of a Ghost post. */
#pragma once
#include "base/arena.h"
#include "importers/ghost_record.h"

#include <lectern/v1/post.pb-c.h>

/*
 * Sets body and format: the html of the export, which is what readers have seen. Where there is
 * none: the Markdown that Ghost kept before 1.0, or that of a document with one Markdown card and
 * nothing else. False, with the record's problem, where there is only a document that takes Ghost
 * to show, or the body is too long.
 */
bool ghost_body(struct ghost_record *record, struct arena *arena, Lectern__V1__Post *post)
	NODISCARD;
