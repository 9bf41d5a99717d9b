#!/bin/bash
# Makes corpus/payload anew: messages in text form, encoded by protoc, behind the two bytes that
# payload_fuzz.c reads first. Needs protoc. long_tag was found by the fuzzer and is kept.
set -euo pipefail
cd "$(dirname "$0")"
include=$(dirname "$(find /usr/include -path '*google/protobuf/timestamp.proto' | head -1)")/../..
mkdir -p corpus/payload

# make NAME MESSAGE-NUMBER MEMORY FILE TYPE, text form on standard input
make() {
	{
		printf '%b%b' "$2" "$3"
		protoc -I ../../proto -I "$include" --encode="$5" "$4"
	} >"corpus/payload/$1"
}

post=lectern/v1/post.proto
make create_post '\x00' '\x00' $post lectern.v1.CreatePostRequest <<'TEXT'
post { title: "Notes – draft" slug: "notes" state: POST_STATE_PUBLISHED
  publish_time { seconds: 1700000000 nanos: 5000 }
  tags { name: "Python" } tags { slug: "web" } categories { id: 3 }
  series { name: "Series" part: 2 } attributes { key: "k" value: "v" } body: "# Body\n\ntext" }
request_id: "r1" create_missing_terms: true
TEXT
make create_post_low_memory '\x00' '\x04' $post lectern.v1.CreatePostRequest <<'TEXT'
post { title: "T" tags { name: "a" } tags { name: "b" } tags { name: "c" } }
TEXT
make update_post '\x01' '\x00' $post lectern.v1.UpdatePostRequest <<'TEXT'
post { id: 7 etag: "e" excerpt: "x" expire_time { seconds: 253402300799 nanos: 999999999 } }
update_mask { paths: "excerpt" paths: "expire_time" } validate_only: true
TEXT
make batch_get_tags '\x02' '\x00' lectern/v1/tag.proto lectern.v1.BatchGetTagsRequest <<'TEXT'
keys { id: 1 } keys { slug: "python" } keys { name: "Deep Learning" } keys {}
TEXT
make update_category '\x03' '\x00' lectern/v1/category.proto lectern.v1.UpdateCategoryRequest <<'TEXT'
category { id: 2 name: "News" attributes { key: "k" } } update_mask { paths: "*" }
TEXT
make get_archive '\x04' '\x00' lectern/v1/archive.proto lectern.v1.GetArchiveRequest <<'TEXT'
kind: ARCHIVE_KIND_TAG term { slug: "python" } view: POST_VIEW_FULL page_size: -1
date { year: 2024 month: 2 }
TEXT
descriptor=google/protobuf/descriptor.proto
make nested '\x05' '\x00' $descriptor google.protobuf.DescriptorProto <<'TEXT'
name: "A" nested_type { name: "B" nested_type { name: "C" field { name: "f" number: 1 } } }
reserved_name: "r" options { deprecated: true }
TEXT
make packed '\x06' '\x00' $descriptor google.protobuf.SourceCodeInfo <<'TEXT'
location { path: 4 path: 300 span: 1 span: 70000 leading_comments: "c" }
location { path: 1 leading_detached_comments: "d" }
TEXT
