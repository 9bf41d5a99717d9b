#include "client/objects.h"

#include <stdlib.h>
#include <string.h>
#include <times.h>

struct lectern_post *post_new(void)
{
	struct lectern_post *post = calloc(1, sizeof *post);
	if (post != NULL)
		arena_init(&post->arena, OBJECT_BYTES_MAX);
	return post;
}

void lectern_post_free(lectern_post *post)
{
	if (post == NULL)
		return;
	arena_done(&post->arena);
	free(post);
}

void post_freep(struct lectern_post **post)
{
	lectern_post_free(*post);
}

uint64_t lectern_post_id(const lectern_post *post)
{
	return post->message->id;
}

const char *lectern_post_slug(const lectern_post *post)
{
	return post->message->slug;
}

const char *lectern_post_title(const lectern_post *post)
{
	return post->message->title;
}

const char *lectern_post_excerpt(const lectern_post *post)
{
	return post->message->excerpt;
}

const char *lectern_post_state(const lectern_post *post)
{
	static const char prefix[] = "POST_STATE_";
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(
		&lectern__v1__post_state__descriptor, (int)post->message->state);
	return value == NULL ? "UNKNOWN" : value->name + strlen(prefix);
}

const char *lectern_post_etag(const lectern_post *post)
{
	return post->message->etag;
}

const char *lectern_post_body(const lectern_post *post)
{
	return post->message->body;
}

const char *lectern_post_html(const lectern_post *post)
{
	return post->message->html;
}

int64_t time_us_of(const Google__Protobuf__Timestamp *timestamp)
{
	return timestamp != NULL && timestamp_is_valid(timestamp) ? timestamp_to_us(timestamp)
								  : LECTERN_TIME_UNSET;
}

int64_t lectern_post_publish_time_us(const lectern_post *post)
{
	return time_us_of(post->message->publish_time);
}

int64_t lectern_post_update_time_us(const lectern_post *post)
{
	return time_us_of(post->message->update_time);
}

uint32_t lectern_post_word_count(const lectern_post *post)
{
	return post->message->word_count;
}

size_t lectern_post_tag_count(const lectern_post *post)
{
	return post->message->n_tags;
}

const char *lectern_post_tag_name(const lectern_post *post, size_t index)
{
	return index < post->message->n_tags ? post->message->tags[index]->name : NULL;
}

size_t lectern_post_category_count(const lectern_post *post)
{
	return post->message->n_categories;
}

const char *lectern_post_category_name(const lectern_post *post, size_t index)
{
	return index < post->message->n_categories ? post->message->categories[index]->name : NULL;
}
