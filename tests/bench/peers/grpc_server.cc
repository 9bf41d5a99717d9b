// bench.grpc_server: GetPost and GetArchive of lectern.v1 by gRPC's callback API over LMDB.
//
//   bench.grpc_server load DIRECTORY <VALUES   makes the store from the output of bench.values
//   bench.grpc_server serve DIRECTORY          prints "ready tcp://HOST:PORT"
//
// As gRPC's own advice on performance has it: the callback API, whose reactors cost no thread. The
// methods are raw, so that the bytes of a stored post are copied once, from the map of LMDB into
// the slice that goes to the socket, and never parsed; requests are parsed as usual.
#include "grpc_store.h"

#include <csignal>
#include <cstring>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <lectern/v1/archive.grpc.pb.h>
#include <lectern/v1/post.grpc.pb.h>
#include <memory>

namespace
{
using grpc::ByteBuffer;
using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;
using grpc::Status;
using grpc::StatusCode;

constexpr uint32_t BYTES_TYPE = 2;
constexpr uint32_t POST_OF_GET = 1;
constexpr uint32_t TAG = 1, POSTS = 6, NEXT_PAGE_TOKEN = 7, TOTAL_SIZE = 8;
constexpr size_t PAGE_SIZE_DEFAULT = 10, PAGE_SIZE_MAX = 1000;

size_t varint_size(uint64_t value)
{
	size_t size = 1;
	while (value >= 0x80) {
		value >>= 7;
		size++;
	}
	return size;
}

uint8_t *put_varint(uint8_t *out, uint64_t value)
{
	while (value >= 0x80) {
		*out++ = uint8_t(value | 0x80);
		value >>= 7;
	}
	*out++ = uint8_t(value);
	return out;
}

// Field numbers below 16 only, whose tag is one byte.
size_t field_size(std::string_view bytes)
{
	return 1 + varint_size(bytes.size()) + bytes.size();
}

uint8_t *put_field(uint8_t *out, uint32_t number, std::string_view bytes)
{
	*out++ = uint8_t(number << 3 | BYTES_TYPE);
	out = put_varint(out, bytes.size());
	memcpy(out, bytes.data(), bytes.size());
	return out + bytes.size();
}

void take(grpc_slice slice, ByteBuffer *ret)
{
	grpc::Slice owned(slice, grpc::Slice::STEAL_REF);
	ByteBuffer buffer(&owned, 1);
	ret->Swap(&buffer);
}

template <class Request> bool parse(const ByteBuffer *bytes, Request *ret)
{
	ByteBuffer copy(*bytes); // of the reference, not of the bytes
	return grpc::SerializationTraits<Request>::Deserialize(&copy, ret).ok();
}

Status get_post(const Store &store, const ByteBuffer *bytes, ByteBuffer *ret)
{
	lectern::v1::GetPostRequest request;
	if (!parse(bytes, &request))
		return { StatusCode::INVALID_ARGUMENT, "no GetPostRequest" };
	if (request.view() != lectern::v1::POST_VIEW_FULL)
		return { StatusCode::UNIMPLEMENTED, "only the FULL view" };
	Reader reader(store);
	std::string_view post;
	if (!reader.find_post(request.slug(), &post))
		return { StatusCode::NOT_FOUND, "there is no such post" };
	grpc_slice slice = grpc_slice_malloc(field_size(post));
	put_field(GRPC_SLICE_START_PTR(slice), POST_OF_GET, post);
	take(slice, ret);
	return Status::OK;
}

Status get_archive(const Store &store, const ByteBuffer *bytes, ByteBuffer *ret)
{
	lectern::v1::GetArchiveRequest request;
	if (!parse(bytes, &request))
		return { StatusCode::INVALID_ARGUMENT, "no GetArchiveRequest" };
	if (request.view() != lectern::v1::POST_VIEW_FULL ||
		request.kind() != lectern::v1::ARCHIVE_KIND_TAG)
		return { StatusCode::UNIMPLEMENTED, "only tags, and only the FULL view" };
	size_t limit = request.page_size() <= 0 ? PAGE_SIZE_DEFAULT : size_t(request.page_size());
	Reader reader(store);
	Tag tag;
	if (!reader.find_tag(request.term().slug(), &tag))
		return { StatusCode::NOT_FOUND, "there is no such tag" };
	std::vector<std::string_view> posts;
	std::string next;
	posts.reserve(PAGE_SIZE_DEFAULT);
	reader.read_archive(tag.id, limit < PAGE_SIZE_MAX ? limit : PAGE_SIZE_MAX, &posts, &next);
	size_t size = field_size(tag.message) + field_size(next) + 1 + varint_size(tag.count);
	for (std::string_view post : posts)
		size += field_size(post);
	grpc_slice slice = grpc_slice_malloc(size);
	uint8_t *out = put_field(GRPC_SLICE_START_PTR(slice), TAG, tag.message);
	for (std::string_view post : posts)
		out = put_field(out, POSTS, post);
	out = put_field(out, NEXT_PAGE_TOKEN, next);
	*out++ = uint8_t(TOTAL_SIZE << 3);
	put_varint(out, tag.count);
	take(slice, ret);
	return Status::OK;
}

ServerUnaryReactor *finish(CallbackServerContext *context, const Status &status)
{
	ServerUnaryReactor *reactor = context->DefaultReactor();
	reactor->Finish(status);
	return reactor;
}

using RawPosts =
	lectern::v1::PostService::WithRawCallbackMethod_GetPost<lectern::v1::PostService::Service>;
class Posts final : public RawPosts
{
      public:
	explicit Posts(const Store &store) : store_(store)
	{
	}
	ServerUnaryReactor *GetPost(CallbackServerContext *context, const ByteBuffer *request,
		ByteBuffer *response) override
	{
		return finish(context, get_post(store_, request, response));
	}

      private:
	const Store &store_;
};

using RawArchives = lectern::v1::ArchiveService::WithRawCallbackMethod_GetArchive<
	lectern::v1::ArchiveService::Service>;
class Archives final : public RawArchives
{
      public:
	explicit Archives(const Store &store) : store_(store)
	{
	}
	ServerUnaryReactor *GetArchive(CallbackServerContext *context, const ByteBuffer *request,
		ByteBuffer *response) override
	{
		return finish(context, get_archive(store_, request, response));
	}

      private:
	const Store &store_;
};

int serve(const char *directory)
{
	sigset_t ends;
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, nullptr); // in all threads
	static Store store(directory); // which threads of gRPC may use to the end of the process
	Posts posts(store);
	Archives archives(store);
	grpc::ServerBuilder builder;
	int port = 0;
	builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
	// What gRPC's own benchmarks set: none of the filters that look after deadlines, sizes and
	// ages, which takes about a tenth off. The rest is at its defaults; other sizes of reads,
	// no probes of bandwidth, and optimization targets made no difference.
	builder.AddChannelArgument(GRPC_ARG_MINIMAL_STACK, 1);
	builder.AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, 0);
	builder.RegisterService(&posts);
	builder.RegisterService(&archives);
	std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
	if (server == nullptr || port == 0) {
		fprintf(stderr, "bench.grpc_server: cannot listen\n");
		return 1;
	}
	printf("ready tcp://127.0.0.1:%d\n", port);
	fflush(stdout);
	int number;
	sigwait(&ends, &number);
	server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));
	server->Wait();
	return 0;
}
} // namespace

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		printf("gRPC %s\n", grpc::Version().c_str());
		return 0;
	}
	if (argc == 3 && strcmp(argv[1], "load") == 0) {
		Store::load(argv[2], stdin);
		return 0;
	}
	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		return serve(argv[2]);
	fputs("usage: bench.grpc_server load DIRECTORY <VALUES | serve DIRECTORY | --version\n",
		stderr);
	return 2;
}
