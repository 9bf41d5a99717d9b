/* Lines "name  value", aligned. */
#pragma once
#include "base/buffer.h"

#include <google/protobuf/timestamp.pb-c.h>
#include <stdint.h>

/* Columns of the name; nothing is appended for an empty value. */
void fact_text(struct buffer *out, int columns, const char *name, const char *value);
void fact_number(struct buffer *out, int columns, const char *name, uint64_t value);
/* Nothing for NULL. */
void fact_time(
	struct buffer *out, int columns, const char *name, const Google__Protobuf__Timestamp *time);
/* "1536 (1.5 KiB)" */
void fact_bytes(struct buffer *out, int columns, const char *name, uint64_t value);
