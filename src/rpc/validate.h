/*
 * Checks an encoded message before it is unpacked: what protobuf-c would accept and must not reach
 * a service is refused here, in one walk over the bytes and without allocating.
 */
#pragma once
#include "base/slice.h"
#include "rpc/plan.h"

/*
 * INVALID_ARGUMENT with the path of the field and one of these reasons: MALFORMED_MESSAGE,
 * WRONG_WIRE_TYPE, INVALID_UTF8, EMBEDDED_NUL, FIELD_TOO_LONG, TOO_MANY_ENTRIES, DUPLICATE_FIELD (a
 * sub-message that is sent twice, which protobuf would merge), NESTED_TOO_DEEP,
 * TOO_MANY_UNKNOWN_FIELDS, TIME_OUT_OF_RANGE.
 */
enum code validate_message(const struct plan_message *plan, struct slice payload, struct error *err)
	NODISCARD;
