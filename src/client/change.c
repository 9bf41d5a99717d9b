/* The parts of a change, and where a store is. */
#include "client/change.h"

#include "base/limits.h"
#include "client/failure.h"
#include "client/invoke.h"
#include "client/objects.h"
#include "client/watch.h"

#include <lectern/v1/admin.pb-c.h>
#include <stdio.h>
#include <string.h>

enum { INFO_BYTES_MAX = 4 * 1024 * 1024 };

static void arena_freep(struct arena *arena)
{
	arena_done(arena);
}

enum lectern_code lectern_get_position(lectern_client *client, uint32_t timeout_ms,
	struct lectern_position *ret, struct lectern_error *err)
{
	AUTO(arena_freep) struct arena arena;
	arena_init(&arena, INFO_BYTES_MAX);
	Lectern__V1__GetServerInfoRequest request = LECTERN__V1__GET_SERVER_INFO_REQUEST__INIT;
	ProtobufCMessage *message;
	enum lectern_code code = invoke(client, "lectern.v1.AdminService/GetServerInfo",
		&request.base, timeout_ms, NULL, &lectern__v1__get_server_info_response__descriptor,
		&arena, &message, NULL, err);
	if (code != LECTERN_OK)
		return code;
	const Lectern__V1__GetServerInfoResponse *info = (const void *)message;
	if (!epoch_is_valid(info->epoch))
		return failure(err, LECTERN_INTERNAL, "MALFORMED_RESPONSE",
			"the epoch of the answer is longer than %d bytes", LIMIT_EPOCH_BYTES);
	*ret = (struct lectern_position){ .revision = info->revision };
	snprintf(ret->epoch, sizeof ret->epoch, "%s", info->epoch);
	return LECTERN_OK;
}

const Lectern__V1__Change *change_message(const lectern_change *change)
{
	return change->message;
}

/* The name of a number of an enum without what all its names begin with. */
static const char *name_of(
	const ProtobufCEnumDescriptor *descriptor, int number, const char *prefix)
{
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(descriptor, number);
	return value == NULL || number == 0 ? "UNKNOWN" : value->name + strlen(prefix);
}

const char *lectern_entity_name(enum lectern_entity entity)
{
	return name_of(&lectern__v1__entity__descriptor, (int)entity, "ENTITY_");
}

const char *lectern_change_kind_name(enum lectern_change_kind kind)
{
	return name_of(&lectern__v1__change_kind__descriptor, (int)kind, "CHANGE_KIND_");
}

uint64_t lectern_change_revision(const lectern_change *change)
{
	return change->message->revision;
}

int64_t lectern_change_time_us(const lectern_change *change)
{
	return time_us_of(change->message->time);
}

enum lectern_entity lectern_change_entity(const lectern_change *change)
{
	return (enum lectern_entity)change->message->entity;
}

enum lectern_change_kind lectern_change_kind(const lectern_change *change)
{
	return (enum lectern_change_kind)change->message->kind;
}

uint64_t lectern_change_id(const lectern_change *change)
{
	return change->message->id;
}

const char *lectern_change_slug(const lectern_change *change)
{
	return change->message->slug;
}

const char *lectern_change_former_slug(const lectern_change *change)
{
	return change->message->former_slug;
}

const char *lectern_change_etag(const lectern_change *change)
{
	return change->message->etag;
}

static const char *state_name(Lectern__V1__PostState state)
{
	if (state == LECTERN__V1__POST_STATE__POST_STATE_UNSPECIFIED)
		return "";
	return name_of(&lectern__v1__post_state__descriptor, (int)state, "POST_STATE_");
}

const char *lectern_change_state(const lectern_change *change)
{
	return state_name(change->message->state);
}

const char *lectern_change_former_state(const lectern_change *change)
{
	return state_name(change->message->former_state);
}

size_t lectern_change_term_count(const lectern_change *change)
{
	return change->message->n_terms;
}

static const Lectern__V1__AffectedTerm *term_at(const lectern_change *change, size_t index)
{
	return index < change->message->n_terms ? change->message->terms[index] : NULL;
}

enum lectern_entity lectern_change_term_entity(const lectern_change *change, size_t index)
{
	const Lectern__V1__AffectedTerm *term = term_at(change, index);
	return (enum lectern_entity)(term == NULL ? 0 : term->entity);
}

uint64_t lectern_change_term_id(const lectern_change *change, size_t index)
{
	const Lectern__V1__AffectedTerm *term = term_at(change, index);
	return term == NULL ? 0 : term->id;
}

const char *lectern_change_term_slug(const lectern_change *change, size_t index)
{
	const Lectern__V1__AffectedTerm *term = term_at(change, index);
	return term == NULL ? NULL : term->slug;
}

uint64_t lectern_change_merged_into_id(const lectern_change *change)
{
	const Lectern__V1__AffectedTerm *term = change->message->merged_into;
	return term == NULL ? 0 : term->id;
}

const char *lectern_change_merged_into_slug(const lectern_change *change)
{
	const Lectern__V1__AffectedTerm *term = change->message->merged_into;
	return term == NULL ? "" : term->slug;
}
