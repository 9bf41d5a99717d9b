#include "support/content.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <times.h>

/* A request with everything that it points to. */
struct drawn {
	Lectern__V1__Post post;
	Google__Protobuf__Timestamp publish_time, expire_time;
	Lectern__V1__TermRef tags[SKETCH_LIST_MAX], categories[SKETCH_LIST_MAX];
	Lectern__V1__TermRef *tag_list[SKETCH_LIST_MAX], *category_list[SKETCH_LIST_MAX];
	Google__Protobuf__FieldMask mask;
	char *paths[SKETCH_LIST_MAX];
};

static size_t draw_terms(
	const char *const *names, Lectern__V1__TermRef *refs, Lectern__V1__TermRef **list)
{
	size_t count = 0;
	for (; count < SKETCH_LIST_MAX && names[count] != NULL; count++) {
		lectern__v1__term_ref__init(&refs[count]);
		refs[count].name = text(names[count]);
		list[count] = &refs[count];
	}
	return count;
}

static void draw(const struct sketch *sketch, struct drawn *ret)
{
	Lectern__V1__Post *post = &ret->post;
	lectern__v1__post__init(post);
	google__protobuf__field_mask__init(&ret->mask);
	post->id = sketch->id;
	post->slug = text(sketch->slug);
	post->title = text(sketch->title);
	post->body = text(sketch->body);
	post->etag = text(sketch->etag);
	post->state = sketch->state;
	post->body_format = sketch->format;
	timestamp_from_us(&ret->publish_time, sketch->publish_time_us);
	timestamp_from_us(&ret->expire_time, sketch->expire_time_us);
	post->publish_time = sketch->publish_time_us == 0 ? NULL : &ret->publish_time;
	post->expire_time = sketch->expire_time_us == 0 ? NULL : &ret->expire_time;
	post->n_tags = draw_terms(sketch->tags, ret->tags, ret->tag_list);
	post->tags = ret->tag_list;
	post->n_categories = draw_terms(sketch->categories, ret->categories, ret->category_list);
	post->categories = ret->category_list;
	while (ret->mask.n_paths < SKETCH_LIST_MAX && sketch->mask[ret->mask.n_paths] != NULL) {
		ret->paths[ret->mask.n_paths] = text(sketch->mask[ret->mask.n_paths]);
		ret->mask.n_paths++;
	}
	ret->mask.paths = ret->paths;
}

enum code create_post(struct local_server *server, const struct sketch *sketch, struct answer *ret)
{
	struct drawn drawn;
	Lectern__V1__CreatePostRequest request = LECTERN__V1__CREATE_POST_REQUEST__INIT;
	draw(sketch, &drawn);
	request.post = &drawn.post;
	request.request_id = text(sketch->request_id);
	request.validate_only = sketch->validate_only;
	request.create_missing_terms = !sketch->only_known_terms;
	return call(server, "PostService/CreatePost", &request.base, ret);
}

enum code update_post(struct local_server *server, const struct sketch *sketch, struct answer *ret)
{
	struct drawn drawn;
	Lectern__V1__UpdatePostRequest request = LECTERN__V1__UPDATE_POST_REQUEST__INIT;
	draw(sketch, &drawn);
	request.post = &drawn.post;
	request.update_mask = drawn.mask.n_paths == 0 ? NULL : &drawn.mask;
	request.request_id = text(sketch->request_id);
	request.allow_missing = sketch->allow_missing;
	request.validate_only = sketch->validate_only;
	request.create_missing_terms = !sketch->only_known_terms;
	return call(server, "PostService/UpdatePost", &request.base, ret);
}

static void expect(const char *what, enum code code, const struct answer *answer)
{
	if (code == CODE_OK)
		return;
	fprintf(stderr, "%s: %s: %s\n", what, code_name(code), answer->err.text);
	abort();
}

const Lectern__V1__Post *new_post(
	struct local_server *server, const struct sketch *sketch, struct answer *ret)
{
	expect("create post", create_post(server, sketch, ret), ret);
	return ((const Lectern__V1__CreatePostResponse *)ret->message)->post;
}

const Lectern__V1__Post *changed_post(
	struct local_server *server, const struct sketch *sketch, struct answer *ret)
{
	expect("update post", update_post(server, sketch, ret), ret);
	return ((const Lectern__V1__UpdatePostResponse *)ret->message)->post;
}

enum code move_post(struct local_server *server, const char *verb, uint64_t id, const char *etag,
	struct answer *ret)
{
	/* The requests of all verbs begin alike but for the number of etag in that of Delete,
	 * which is the same, too. */
	char method[64];
	Lectern__V1__PublishPostRequest request = LECTERN__V1__PUBLISH_POST_REQUEST__INIT;
	request.key_case = LECTERN__V1__PUBLISH_POST_REQUEST__KEY_ID;
	request.id = id;
	request.etag = text(etag);
	snprintf(method, sizeof method, "PostService/%sPost", verb);
	return call(server, method, &request.base, ret);
}

enum code find_post(struct local_server *server, uint64_t id, struct answer *ret)
{
	Lectern__V1__GetPostRequest request = LECTERN__V1__GET_POST_REQUEST__INIT;
	request.key_case = LECTERN__V1__GET_POST_REQUEST__KEY_ID;
	request.id = id;
	return call(server, "PostService/GetPost", &request.base, ret);
}

const Lectern__V1__Post *read_post(struct local_server *server, uint64_t id, struct answer *ret)
{
	expect("get post", find_post(server, id, ret), ret);
	return ((const Lectern__V1__GetPostResponse *)ret->message)->post;
}

const Lectern__V1__GetPostResponse *read_slug(
	struct local_server *server, const char *slug, struct answer *ret)
{
	Lectern__V1__GetPostRequest request = LECTERN__V1__GET_POST_REQUEST__INIT;
	request.key_case = LECTERN__V1__GET_POST_REQUEST__KEY_SLUG;
	request.slug = text(slug);
	return call_ok(server, "PostService/GetPost", &request.base, ret);
}

uint64_t new_tag(struct local_server *server, const char *name)
{
	struct answer answer = { 0 };
	Lectern__V1__Tag tag = LECTERN__V1__TAG__INIT;
	Lectern__V1__CreateTagRequest request = LECTERN__V1__CREATE_TAG_REQUEST__INIT;
	tag.name = text(name);
	request.tag = &tag;
	const Lectern__V1__CreateTagResponse *response =
		call_ok(server, "TagService/CreateTag", &request.base, &answer);
	uint64_t id = response->tag->id;
	answer_done(&answer);
	return id;
}

uint64_t new_category(struct local_server *server, const char *name, uint64_t parent)
{
	struct answer answer = { 0 };
	Lectern__V1__Category category = LECTERN__V1__CATEGORY__INIT;
	Lectern__V1__TermRef ref = LECTERN__V1__TERM_REF__INIT;
	Lectern__V1__CreateCategoryRequest request = LECTERN__V1__CREATE_CATEGORY_REQUEST__INIT;
	category.name = text(name);
	ref.id = parent;
	category.parent = parent == 0 ? NULL : &ref;
	request.category = &category;
	const Lectern__V1__CreateCategoryResponse *response =
		call_ok(server, "CategoryService/CreateCategory", &request.base, &answer);
	uint64_t id = response->category->id;
	answer_done(&answer);
	return id;
}

const Lectern__V1__Tag *read_tag(struct local_server *server, uint64_t id, struct answer *ret)
{
	Lectern__V1__GetTagRequest request = LECTERN__V1__GET_TAG_REQUEST__INIT;
	request.key_case = LECTERN__V1__GET_TAG_REQUEST__KEY_ID;
	request.id = id;
	const Lectern__V1__GetTagResponse *response =
		call_ok(server, "TagService/GetTag", &request.base, ret);
	return response->tag;
}

const Lectern__V1__Category *read_category(
	struct local_server *server, uint64_t id, struct answer *ret)
{
	Lectern__V1__GetCategoryRequest request = LECTERN__V1__GET_CATEGORY_REQUEST__INIT;
	request.key_case = LECTERN__V1__GET_CATEGORY_REQUEST__KEY_ID;
	request.id = id;
	const Lectern__V1__GetCategoryResponse *response =
		call_ok(server, "CategoryService/GetCategory", &request.base, ret);
	return response->category;
}
