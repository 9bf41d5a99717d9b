#include "support/changes.h"

#include "base/buffer.h"

#include <inttypes.h>
#include <lectern/v1/admin.pb-c.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void ask(const struct change_question *question, Lectern__V1__ListChangesRequest *ret)
{
	lectern__v1__list_changes_request__init(ret);
	ret->after_revision = question->after;
	ret->epoch = text(question->epoch);
	ret->page_size = question->page_size;
	ret->wait_ms = question->wait_ms;
	ret->view = question->view;
}

struct started_call *start_changes(
	struct local_server *server, const struct change_question *question)
{
	Lectern__V1__ListChangesRequest request;
	ask(question, &request);
	return call_start(server, "ChangeService/ListChanges", &request.base);
}

enum code try_changes(
	struct local_server *server, const struct change_question *question, struct answer *ret)
{
	return call_wait(start_changes(server, question), ret);
}

const Lectern__V1__ListChangesResponse *changes(
	struct local_server *server, const struct change_question *question, struct answer *ret)
{
	Lectern__V1__ListChangesRequest request;
	ask(question, &request);
	return call_ok(server, "ChangeService/ListChanges", &request.base, ret);
}

/* "TAG" of "ENTITY_TAG". */
static const char *name_of(const ProtobufCEnumDescriptor *type, int value, const char *prefix)
{
	const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(type, value);
	return found == NULL ? "?" : found->name + strlen(prefix);
}

static const char *entity_name(Lectern__V1__Entity entity)
{
	return name_of(&lectern__v1__entity__descriptor, (int)entity, "ENTITY_");
}

static const char *state_name(Lectern__V1__PostState state)
{
	return name_of(&lectern__v1__post_state__descriptor, (int)state, "POST_STATE_");
}

void describe_change(const Lectern__V1__Change *change, char out[CHANGE_TEXT_BYTES])
{
	struct buffer line;
	buffer_init(&line, CHANGE_TEXT_BYTES);
	buffer_printf(&line, "%" PRIu64 " %s %s %s", change->revision, entity_name(change->entity),
		name_of(&lectern__v1__change_kind__descriptor, (int)change->kind, "CHANGE_KIND_"),
		change->slug);
	if (change->former_slug[0] != '\0')
		buffer_printf(&line, " was %s", change->former_slug);
	if (change->entity == LECTERN__V1__ENTITY__ENTITY_POST)
		buffer_printf(&line, ", %s to %s", state_name(change->former_state),
			state_name(change->state));
	for (size_t i = 0; i < change->n_terms; i++)
		buffer_printf(&line, "%s %s %s", i == 0 ? ":" : ",",
			entity_name(change->terms[i]->entity), change->terms[i]->slug);
	if (change->merged_into != NULL)
		buffer_printf(&line, " into %s %s", entity_name(change->merged_into->entity),
			change->merged_into->slug);
	snprintf(out, CHANGE_TEXT_BYTES, "%s", buffer_text(&line));
	buffer_done(&line);
}

uint32_t waiters_of(struct local_server *server)
{
	struct answer answer = { 0 };
	Lectern__V1__GetStatsRequest request = LECTERN__V1__GET_STATS_REQUEST__INIT;
	const Lectern__V1__GetStatsResponse *stats =
		call_ok(server, "AdminService/GetStats", &request.base, &answer);
	uint32_t count = stats->change_waiters;
	answer_done(&answer);
	return count;
}

void await_waiters(struct local_server *server, uint32_t count)
{
	while (waiters_of(server) != count)
		sched_yield();
}

const char *fact_of(const struct error *err, const char *key)
{
	for (unsigned i = 0; i < err->fact_count; i++)
		if (strcmp(err->facts[i].key, key) == 0)
			return err->facts[i].value;
	return "";
}
