/* What of a record is content: without that which every server computes for itself. */
#pragma once
#include "base/arena.h"

#include <lectern/v1/post.pb-c.h>

/* Copies that share their texts with the record: without ids, etag, rendered text and counts. NULL
 * when out of memory. */
Lectern__V1__Post *content_of_post(const Lectern__V1__Post *post, struct arena *arena) NODISCARD;
ProtobufCMessage *content_of_term(const ProtobufCMessage *term, struct arena *arena) NODISCARD;
