/* lectern.rpc.v1.Status made from an error: what a caller is told, in every transport. */
#pragma once
#include "base/attributes.h"
#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Room for the largest Status: two copies of the text and one of the field's path, the
 * reason, the facts, the type URLs. */
enum { STATUS_BYTES_MAX = 2048 };

/* Whose turn it is after the error: "caller", "retry" or "operator". */
const char *status_turn(const struct error *err);

/* Writes the message with its details; returns the bytes written. A reason of more than 64 bytes
 * and a fact with a key of more than ERROR_KEY_BYTES_MAX are left out. */
size_t status_write(const struct error *err, uint8_t out[STATUS_BYTES_MAX]);
