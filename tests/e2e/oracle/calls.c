#include "e2e/oracle/calls.h"

#include "e2e/oracle/failure.h"
#include "e2e/oracle/filter.h"

#include <inttypes.h>
#include <string.h>

enum { TIMEOUT_MS = 20000, REQUEST_BYTES = 256 * 1024 };

lectern_client *oracle_connect(const char *url)
{
	struct lectern_client_options options = { .url = url, .timeout_ms = TIMEOUT_MS };
	struct lectern_error err;
	lectern_client *client;
	if (lectern_client_open(&options, &client, &err) != LECTERN_OK)
		oracle_fail("connect to %s: %s", url, err.message);
	return client;
}

static enum lectern_code exchange(lectern_client *client, const char *method,
	const ProtobufCMessage *request, lectern_reply **ret, struct lectern_error *err)
{
	uint8_t bytes[REQUEST_BYTES];
	if (protobuf_c_message_get_packed_size(request) > sizeof bytes)
		oracle_fail("%s: the request is too big for the test", method);
	struct lectern_call call = { .method = method,
		.request = bytes,
		.request_size_bytes = protobuf_c_message_pack(request, bytes) };
	return lectern_call(client, &call, ret, err);
}

void *oracle_call(lectern_client *client, const char *method, const ProtobufCMessage *request,
	const ProtobufCMessageDescriptor *response, uint64_t *ret_revision)
{
	struct lectern_error err;
	lectern_reply *reply;
	size_t size;
	if (exchange(client, method, request, &reply, &err) != LECTERN_OK)
		oracle_fail("%s: %s %s: %s", method, lectern_code_name(err.code), err.reason,
			err.message);
	const uint8_t *data = lectern_reply_data(reply, &size);
	void *message = protobuf_c_message_unpack(response, NULL, size, data);
	if (message == NULL)
		oracle_fail("%s: the response is no %s", method, response->name);
	*ret_revision = lectern_reply_revision(reply);
	lectern_reply_free(reply);
	return message;
}

void oracle_free(void *response)
{
	protobuf_c_message_free_unpacked(response, NULL);
}

bool oracle_try(lectern_client *client, const char *method, const ProtobufCMessage *request,
	struct lectern_error *err)
{
	lectern_reply *reply;
	if (exchange(client, method, request, &reply, err) != LECTERN_OK)
		return false;
	lectern_reply_free(reply);
	return true;
}

int64_t oracle_time_us(const Google__Protobuf__Timestamp *time)
{
	return time->seconds * 1000000 + time->nanos / 1000;
}

/* --- posts --- */

static void check_time(
	const char *field, bool has, int64_t want_us, const Google__Protobuf__Timestamp *got)
{
	char want_text[64];
	char got_text[64] = "none";
	if (has == (got != NULL) && (!has || want_us == oracle_time_us(got)))
		return;
	oracle_time_text(want_us, NULL, want_text);
	if (got != NULL)
		oracle_time_text(oracle_time_us(got), NULL, got_text);
	oracle_fail("%s is %s, not %s", field, got_text, has ? want_text : "none");
}

static void check_terms(const struct oracle_content *content, enum oracle_term_kind kind,
	const struct oracle_terms *want, Lectern__V1__TermRef **got, size_t got_count)
{
	if ((size_t)want->count != got_count)
		oracle_fail("kind of term %d: %zu of them, not %d", kind, got_count, want->count);
	for (int i = 0; i < want->count; i++) {
		const struct oracle_term *term = &content->terms[kind][want->items[i]];
		if (got[i]->id != term->id || strcmp(got[i]->slug, term->slug) != 0 ||
			strcmp(got[i]->name, term->name) != 0)
			oracle_fail("term %d is %s, not %s", i, got[i]->slug, term->slug);
	}
}

static void check_series(const struct oracle_content *content, const struct oracle_post *want,
	const Lectern__V1__SeriesRef *got)
{
	if ((want->series >= 0) != (got != NULL))
		oracle_fail("series is %s", got == NULL ? "missing" : got->slug);
	if (got == NULL)
		return;
	const struct oracle_term *term = &content->terms[ORACLE_IN_SERIES][want->series];
	if (strcmp(got->slug, term->slug) != 0 || got->part != want->part)
		oracle_fail("part %u of %s, not part %u of %s", got->part, got->slug, want->part,
			term->slug);
}

static void check_view(const Lectern__V1__Post *got, Lectern__V1__PostView view)
{
	const bool html = view == LECTERN__V1__POST_VIEW__POST_VIEW_HTML ||
			  view == LECTERN__V1__POST_VIEW__POST_VIEW_FULL;
	const bool source = view == LECTERN__V1__POST_VIEW__POST_VIEW_SOURCE ||
			    view == LECTERN__V1__POST_VIEW__POST_VIEW_FULL;
	if (html != (got->html[0] != '\0') || source != (got->body[0] != '\0'))
		oracle_fail("view %d has %zu bytes of html and %zu of source", (int)view,
			strlen(got->html), strlen(got->body));
}

void oracle_check_post(const struct oracle_content *content, const struct oracle_post *want,
	const Lectern__V1__Post *got, Lectern__V1__PostView view)
{
	if (got->id != want->id)
		oracle_fail("post %" PRIu64 ", not %" PRIu64, got->id, want->id);
	if ((int)got->state != (int)want->state)
		oracle_fail("post %" PRIu64 ": state %d, not %d", want->id, (int)got->state,
			(int)want->state);
	if (strcmp(got->slug, want->slug) != 0)
		oracle_fail("slug %s, not %s", got->slug, want->slug);
	if (strcmp(got->title, want->title->text) != 0)
		oracle_fail("title %s, not %s", got->title, want->title->text);
	if ((uint32_t)atoi(got->excerpt) != want->excerpt)
		oracle_fail("post %" PRIu64 ": version %s, not %u", want->id, got->excerpt,
			want->excerpt);
	if (strcmp(got->language, oracle_languages[want->language]) != 0)
		oracle_fail("language \"%s\"", got->language);
	if ((bool)got->featured != want->featured)
		oracle_fail("featured is %d", got->featured);
	check_time("publish_time", want->has_publish, want->publish_us, got->publish_time);
	check_time("expire_time", want->has_expire, want->expire_us, got->expire_time);
	check_time("delete_time", want->has_delete, want->delete_us, got->delete_time);
	check_time("create_time", true, want->create_us, got->create_time);
	check_time("update_time", true, want->update_us, got->update_time);
	check_terms(content, ORACLE_TAG, &want->terms[ORACLE_TAG], got->tags, got->n_tags);
	check_terms(content, ORACLE_CATEGORY, &want->terms[ORACLE_CATEGORY], got->categories,
		got->n_categories);
	check_terms(
		content, ORACLE_AUTHOR, &want->terms[ORACLE_AUTHOR], got->authors, got->n_authors);
	check_series(content, want, got->series);
	check_view(got, view);
}

static void list_ids(char *out, size_t size, const struct oracle_post **want, size_t count)
{
	out[0] = '\0';
	for (size_t i = 0; i < count && strlen(out) + 24 < size; i++)
		sprintf(out + strlen(out), " %" PRIu64, want[i]->id);
}

static void list_got_ids(char *out, size_t size, Lectern__V1__Post **got, size_t count)
{
	out[0] = '\0';
	for (size_t i = 0; i < count && strlen(out) + 24 < size; i++)
		sprintf(out + strlen(out), " %" PRIu64, got[i]->id);
}

void oracle_check_posts(const struct oracle_content *content, const struct oracle_post **want,
	size_t want_count, Lectern__V1__Post **got, size_t got_count, Lectern__V1__PostView view)
{
	bool same = want_count == got_count;
	for (size_t i = 0; same && i < want_count; i++)
		same = want[i]->id == got[i]->id;
	if (!same) {
		char want_ids[4096];
		char got_ids[4096];
		list_ids(want_ids, sizeof want_ids, want, want_count);
		list_got_ids(got_ids, sizeof got_ids, got, got_count);
		oracle_fail("expected %zu posts:%s\ngot      %zu posts:%s", want_count, want_ids,
			got_count, got_ids);
	}
	for (size_t i = 0; i < want_count; i++)
		oracle_check_post(content, want[i], got[i], view);
}
