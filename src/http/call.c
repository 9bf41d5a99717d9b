/* Calls that a page makes in the name of its reader. */
#include "http/route.h"

#include <stdlib.h>

enum { UNPACKED_BYTES_MAX = LIMIT_ARENA_BYTES + LIMIT_RESPONSE_BYTES };

struct page_call {
	struct rpc_call call;
	const struct http_request *request;
	struct slice bytes;
	bool answered;
	enum code code;
	struct error *err;
};

static void copy_reply(struct page_call *page)
{
	const struct reply *reply = &page->call.reply;
	uint8_t *data = arena_alloc(page->request->arena, reply->size_bytes);
	if (data == NULL) {
		page->code = fail_out_of_memory(page->err);
		return;
	}
	page->bytes = slice_of(data, reply->size_bytes);
	for (size_t i = 0; i < reply->count; i++) {
		memcpy(data, reply->parts[i].data, reply->parts[i].size);
		data += reply->parts[i].size;
	}
}

static void respond(struct rpc_call *call, const struct error *err)
{
	struct page_call *page =
		(struct page_call *)((char *)call - offsetof(struct page_call, call));
	page->answered = true;
	page->code = CODE_OK;
	if (err == NULL) {
		copy_reply(page);
		return;
	}
	page->code = err->code;
	if (page->err != NULL)
		*page->err = *err;
}

static enum code unpack(const struct page_call *page, const ProtobufCMessageDescriptor *output,
	struct http_answer *ret, struct error *err)
{
	ProtobufCMessage *message = protobuf_c_message_unpack(
		output, &page->request->arena->allocator, page->bytes.size, page->bytes.data);
	if (message == NULL)
		return fail_out_of_memory(err);
	*ret = (struct http_answer){
		.bytes = page->bytes,
		.message = message,
		.revision = page->call.revision,
	};
	return CODE_OK;
}

static enum code dispatch(struct page_call *page, const ProtobufCMessage *message,
	const struct rpc_method_info *method, struct http_answer *ret, struct error *err)
{
	const struct http_request *request = page->request;
	struct rpc_call *call = &page->call;
	call->method = slice_of_text(method->name);
	call->peer = request->peer;
	call->arrival_ns = request->arrival_ns;
	call->respond = respond;
	if (message != NULL) {
		call->payload = arena_pack(request->arena, message);
		if (call->payload.data == NULL)
			return fail_out_of_memory(err);
	}
	http_read_headers(request, call);
	call->trusted = request->trusted;
	rpc_dispatch(request->rpc, call);
	if (!page->answered)
		return fail(err, CODE_INTERNAL, "%s was not answered at once", method->name);
	return page->code == CODE_OK ? unpack(page, method->output, ret, err) : page->code;
}

enum code http_call(const struct http_request *request, const char *method,
	const ProtobufCMessage *message, struct http_answer *ret, struct error *err)
{
	struct rpc_method_info info;
	if (!rpc_describe(request->rpc, slice_of_text(method), &info) ||
		(info.access != RPC_READ && info.access != RPC_NONE))
		return fail(err, CODE_INTERNAL, "%s is no method that reads", method);
	struct arena arena;
	struct page_call page = { .request = request, .err = err };
	arena_init(&arena, LIMIT_ARENA_BYTES);
	page.call.arena = &arena;
	enum code code = dispatch(&page, message, &info, ret, err);
	arena_done(&arena);
	return code;
}
