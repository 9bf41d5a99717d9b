#include "support/archive.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <times.h>

#include <cmocka.h>

uint64_t publish_part(int64_t time_us, const char *series, uint32_t part)
{
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	Lectern__V1__SeriesRef ref = LECTERN__V1__SERIES_REF__INIT;
	Google__Protobuf__Timestamp time;
	Lectern__V1__CreatePostRequest request = LECTERN__V1__CREATE_POST_REQUEST__INIT;
	post.title = text("P");
	post.state = PUBLISHED;
	timestamp_from_us(&time, time_us);
	post.publish_time = &time;
	ref.name = text(series);
	ref.part = part;
	post.series = &ref;
	request.post = &post;
	const Lectern__V1__CreatePostResponse *response =
		call_ok(&server, "PostService/CreatePost", &request.base, &answer);
	return response->post->id;
}

enum code try_archive(const struct query *query, int page_size, const char *token)
{
	Lectern__V1__TermKey key = LECTERN__V1__TERM_KEY__INIT;
	Lectern__V1__ArchiveDate date = LECTERN__V1__ARCHIVE_DATE__INIT;
	Lectern__V1__GetArchiveRequest request = LECTERN__V1__GET_ARCHIVE_REQUEST__INIT;
	request.kind = query->kind;
	key.key_case = LECTERN__V1__TERM_KEY__KEY_NAME;
	key.name = text(query->name);
	date.year = query->year;
	if (query->name != NULL)
		request.term = &key;
	if (query->year != 0)
		request.date = &date;
	request.time_zone = text(query->zone);
	request.direct_only = query->direct_only;
	request.view = query->view;
	request.page_size = page_size;
	request.page_token = text(token);
	return call(&server, "ArchiveService/GetArchive", &request.base, &answer);
}

const Lectern__V1__GetArchiveResponse *page_of(
	const struct query *query, int page_size, const char *token)
{
	if (try_archive(query, page_size, token) != CODE_OK)
		fail_msg("%s", answer.err.text);
	return (const Lectern__V1__GetArchiveResponse *)answer.message;
}

uint64_t id_of(const Lectern__V1__Post *post)
{
	return post == NULL ? 0 : post->id;
}
