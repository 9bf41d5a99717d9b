#include "cli/term.h"

#include "base/text.h"
#include "cli/rpc.h"
#include "codec/message.h"

#include <lectern/v1/author.pb-c.h>
#include <lectern/v1/category.pb-c.h>
#include <lectern/v1/tag.pb-c.h>

const struct term_kind tag_kind = {
	.name = "tag",
	.plural = "tags",
	.service = &lectern__v1__tag_service__descriptor,
	.descriptor = &lectern__v1__tag__descriptor,
	.get = "GetTag",
	.list = "ListTags",
	.create = "CreateTag",
	.update = "UpdateTag",
	.delete_ = "DeleteTag",
	.merge = "MergeTags",
};
const struct term_kind category_kind = {
	.name = "category",
	.plural = "categories",
	.service = &lectern__v1__category_service__descriptor,
	.descriptor = &lectern__v1__category__descriptor,
	.get = "GetCategory",
	.list = "ListCategories",
	.create = "CreateCategory",
	.update = "UpdateCategory",
	.delete_ = "DeleteCategory",
	.merge = "MergeCategories",
};
const struct term_kind author_kind = {
	.name = "author",
	.plural = "authors",
	.service = &lectern__v1__author_service__descriptor,
	.descriptor = &lectern__v1__author__descriptor,
	.get = "GetAuthor",
	.list = "ListAuthors",
	.create = "CreateAuthor",
	.update = "UpdateAuthor",
	.delete_ = "DeleteAuthor",
	.merge = "MergeAuthors",
};

static enum exit_status get_by(struct cli *cli, const struct term_kind *kind, const char *field,
	const char *text, const ProtobufCMessage **ret)
{
	ProtobufCMessage *request = rpc_request(cli, kind->service, kind->get);
	if (request == NULL)
		return cli->problem.status;
	message_set_text(request, field, text);
	enum exit_status status = rpc_call(cli, kind->service, kind->get, request, ret);
	if (status == EXIT_STATUS_OK && message_child(*ret, kind->name) == NULL)
		status = problem_tool(cli, "the answer holds no %s", kind->name);
	return status;
}

enum exit_status term_get(struct cli *cli, const struct term_kind *kind, const char *text,
	const ProtobufCMessage **ret)
{
	enum exit_status status = exit_status_of(LECTERN_NOT_FOUND);
	if (text_is_slug(slice_of_text(text)))
		status = get_by(cli, kind, "slug", text, ret);
	if (status == exit_status_of(LECTERN_NOT_FOUND))
		status = get_by(cli, kind, "name", text, ret);
	return status;
}

enum exit_status term_find(struct cli *cli, const struct term_kind *kind, const char *text,
	const ProtobufCMessage **ret)
{
	const ProtobufCMessage *response;
	enum exit_status status = term_get(cli, kind, text, &response);
	if (status == EXIT_STATUS_OK)
		*ret = message_child(response, kind->name);
	return status;
}
