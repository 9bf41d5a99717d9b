// What the gRPC peer keeps: posts, found by slug, and the archive of each tag, newest first. LMDB
// as in Lectern, with keys in big-endian order.
#pragma once
#include <cstdint>
#include <cstdio>
#include <lmdb.h>
#include <string>
#include <string_view>
#include <vector>

struct Tag {
	uint64_t id;
	uint64_t count;		  // of its posts
	std::string_view message; // lectern.v1.Tag
};

class Store
{
      public:
	// Makes a store from the stream of bench.values. Exits with a text where that fails.
	static void load(const char *directory, FILE *values);

	explicit Store(const char *directory);

      private:
	friend class Reader;
	MDB_env *env_;
	MDB_dbi posts_, slugs_, tags_, archives_;
};

// A snapshot. What it returns is in the map and valid as long as it lives. The transactions are
// kept, one for each thread, and renewed.
class Reader
{
      public:
	explicit Reader(const Store &store);
	~Reader();
	Reader(const Reader &) = delete;
	Reader &operator=(const Reader &) = delete;

	bool find_post(std::string_view slug, std::string_view *ret);
	bool find_tag(std::string_view slug, Tag *ret);
	// At most `limit` posts of the tag, newest first, and where the next page would begin.
	void read_archive(uint64_t tag_id, size_t limit, std::vector<std::string_view> *ret,
		std::string *ret_next);

      private:
	bool find_by_id(MDB_val id, std::string_view *ret);
	const Store &store_;
	MDB_txn *txn_;
	MDB_cursor *cursor_;
};
