/* Changes for people: one line each, in columns that stay where they are. */
#pragma once
#include "base/buffer.h"

#include <lectern/v1/change.pb-c.h>

/* "    12  2026-01-02 03:04:05  updated  post 7        draft > published      hello (was hi)" */
void change_text(struct buffer *out, const Lectern__V1__Change *change);
