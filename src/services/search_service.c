#include "services/services_private.h"

#include <lectern/v1/search.pb-c.h>

static const struct rpc_method methods[] = {
	{ .name = "SearchPosts", .access = RPC_READ },
	{ .name = "SuggestTerms", .access = RPC_READ },
};

const struct rpc_service search_service = {
	.descriptor = &lectern__v1__search_service__descriptor,
	.methods = methods,
	.method_count = sizeof methods / sizeof *methods,
};
