#include "grpc_store.h"

#include <cstdlib>
#include <cstring>
#include <endian.h>
#include <lectern/v1/post.pb.h>
#include <lectern/v1/tag.pb.h>
#include <map>

namespace
{
constexpr size_t MAP_BYTES = size_t(64) << 30;
constexpr unsigned READERS_MAX = 512;
constexpr unsigned DATABASES = 4;
constexpr size_t ID_BYTES = 8, ARCHIVE_KEY_BYTES = 24, TAG_HEAD_BYTES = 16;

void check(int rc, const char *what)
{
	if (rc == 0)
		return;
	fprintf(stderr, "bench.grpc_server: %s: %s\n", what, mdb_strerror(rc));
	exit(1);
}

void append(std::string *out, uint64_t number)
{
	uint64_t big = htobe64(number);
	out->append(reinterpret_cast<const char *>(&big), sizeof big);
}

std::string bytes_of(uint64_t number)
{
	std::string bytes;
	append(&bytes, number);
	return bytes;
}

uint64_t number_at(const void *bytes)
{
	uint64_t big;
	memcpy(&big, bytes, sizeof big);
	return be64toh(big);
}

MDB_val value_of(std::string_view bytes)
{
	return { bytes.size(), const_cast<char *>(bytes.data()) };
}

std::string_view view_of(MDB_val value)
{
	return { static_cast<const char *>(value.mv_data), value.mv_size };
}

void put(MDB_txn *txn, MDB_dbi dbi, std::string_view key, std::string_view value)
{
	MDB_val k = value_of(key), v = value_of(value);
	check(mdb_put(txn, dbi, &k, &v, 0), "put");
}

MDB_env *open_env(const char *directory, unsigned flags)
{
	MDB_env *env;
	check(mdb_env_create(&env), "create");
	check(mdb_env_set_mapsize(env, MAP_BYTES), "map");
	check(mdb_env_set_maxreaders(env, READERS_MAX), "readers");
	check(mdb_env_set_maxdbs(env, DATABASES), "databases");
	check(mdb_env_open(env, directory, flags | MDB_NOTLS, 0644), directory);
	return env;
}

struct Databases {
	MDB_dbi posts, slugs, tags, archives;
	Databases(MDB_txn *txn, unsigned flags)
	{
		check(mdb_dbi_open(txn, "posts", flags, &posts), "posts");
		check(mdb_dbi_open(txn, "slugs", flags, &slugs), "slugs");
		check(mdb_dbi_open(txn, "tags", flags, &tags), "tags");
		check(mdb_dbi_open(txn, "archives", flags, &archives), "archives");
	}
};

// False at the end of the stream.
bool read_value(FILE *values, std::string *ret)
{
	unsigned char head[12];
	size_t size = fread(head, 1, sizeof head, values);
	if (size == 0 && feof(values))
		return false;
	uint32_t big;
	memcpy(&big, head + ID_BYTES, sizeof big);
	ret->resize(be32toh(big));
	if (size != sizeof head || fread(ret->data(), 1, ret->size(), values) != ret->size()) {
		fprintf(stderr, "bench.grpc_server: the values end in the middle of one\n");
		exit(1);
	}
	return true;
}

// Newest first.
std::string archive_key(uint64_t tag_id, const lectern::v1::Post &post)
{
	const auto &time = post.publish_time();
	uint64_t us = uint64_t(time.seconds()) * 1000000 + uint64_t(time.nanos()) / 1000;
	std::string key;
	append(&key, tag_id);
	append(&key, ~us);
	append(&key, ~post.id());
	return key;
}
} // namespace

void Store::load(const char *directory, FILE *values)
{
	MDB_env *env = open_env(directory, 0);
	MDB_txn *txn;
	check(mdb_txn_begin(env, nullptr, 0, &txn), "begin");
	Databases dbis(txn, MDB_CREATE);
	std::map<uint64_t, lectern::v1::Tag> tags;
	std::string value;
	while (read_value(values, &value)) {
		lectern::v1::Post post;
		if (!post.ParseFromString(value)) {
			fprintf(stderr, "bench.grpc_server: a value is no post\n");
			exit(1);
		}
		put(txn, dbis.posts, bytes_of(post.id()), value);
		put(txn, dbis.slugs, post.slug(), bytes_of(post.id()));
		for (const auto &ref : post.tags()) {
			lectern::v1::Tag &tag = tags[ref.id()];
			tag.set_id(ref.id());
			tag.set_slug(ref.slug());
			tag.set_name(ref.name());
			tag.set_post_count(tag.post_count() + 1);
			put(txn, dbis.archives, archive_key(ref.id(), post), bytes_of(post.id()));
		}
	}
	for (const auto &[id, tag] : tags)
		put(txn, dbis.tags, tag.slug(),
			bytes_of(id) + bytes_of(tag.post_count()) + tag.SerializeAsString());
	check(mdb_txn_commit(txn), "commit");
	mdb_env_close(env);
}

Store::Store(const char *directory) : env_(open_env(directory, MDB_RDONLY))
{
	MDB_txn *txn;
	check(mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn), "begin");
	Databases dbis(txn, 0);
	check(mdb_txn_commit(txn), "commit");
	posts_ = dbis.posts;
	slugs_ = dbis.slugs;
	tags_ = dbis.tags;
	archives_ = dbis.archives;
}

namespace
{
struct Kept {
	MDB_txn *txn = nullptr;
	MDB_cursor *cursor = nullptr;
	~Kept()
	{
		if (cursor != nullptr)
			mdb_cursor_close(cursor);
		if (txn != nullptr)
			mdb_txn_abort(txn);
	}
};
thread_local Kept kept;
} // namespace

Reader::Reader(const Store &store) : store_(store)
{
	if (kept.txn == nullptr) {
		check(mdb_txn_begin(store.env_, nullptr, MDB_RDONLY, &kept.txn), "begin");
		check(mdb_cursor_open(kept.txn, store.archives_, &kept.cursor), "cursor");
	} else {
		check(mdb_txn_renew(kept.txn), "renew");
		check(mdb_cursor_renew(kept.txn, kept.cursor), "renew the cursor");
	}
	txn_ = kept.txn;
	cursor_ = kept.cursor;
}

Reader::~Reader()
{
	mdb_txn_reset(txn_);
}

bool Reader::find_by_id(MDB_val id, std::string_view *ret)
{
	MDB_val value;
	if (mdb_get(txn_, store_.posts_, &id, &value) != 0)
		return false;
	*ret = view_of(value);
	return true;
}

bool Reader::find_post(std::string_view slug, std::string_view *ret)
{
	MDB_val key = value_of(slug), id;
	return mdb_get(txn_, store_.slugs_, &key, &id) == 0 && find_by_id(id, ret);
}

bool Reader::find_tag(std::string_view slug, Tag *ret)
{
	MDB_val key = value_of(slug), value;
	if (mdb_get(txn_, store_.tags_, &key, &value) != 0)
		return false;
	std::string_view record = view_of(value);
	*ret = { number_at(record.data()), number_at(record.data() + ID_BYTES),
		record.substr(TAG_HEAD_BYTES) };
	return true;
}

void Reader::read_archive(
	uint64_t tag_id, size_t limit, std::vector<std::string_view> *ret, std::string *ret_next)
{
	uint64_t big = htobe64(tag_id);
	MDB_val key = { ID_BYTES, &big }, id;
	MDB_cursor_op op = MDB_SET_RANGE;
	while (mdb_cursor_get(cursor_, &key, &id, op) == 0 && key.mv_size == ARCHIVE_KEY_BYTES &&
		memcmp(key.mv_data, &big, ID_BYTES) == 0) {
		if (ret->size() == limit) {
			for (size_t i = ID_BYTES; i < ARCHIVE_KEY_BYTES; i++) {
				char digits[3];
				snprintf(digits, sizeof digits, "%02x",
					static_cast<unsigned char *>(key.mv_data)[i]);
				ret_next->append(digits, 2);
			}
			return;
		}
		std::string_view post;
		if (find_by_id(id, &post))
			ret->push_back(post);
		op = MDB_NEXT;
	}
}
