#!/usr/bin/env bash
# Prints everything that the server at LECTERN_SERVER shows of its store, a line of JSON each, with
# the keys sorted: what must stay when a newer version opens the store. `lectern` and jq are in PATH.
set -euo pipefail
export LC_ALL=C.UTF-8
posts_max=150 # above the last id

lectern call AdminService/GetServerInfo |
	jq -Sc '{info: {revision, postCount, publishedPostCount, tagCount, categoryCount, authorCount}}'
for kind in tag category author; do
	lectern "$kind" list --all --page-size 10 -o jsonl | jq -Sc --arg kind "$kind" '{($kind): .}'
done

# Every post in full, also those in the trash; those that were purged fail.
for ((id = 1; id <= posts_max; id++)); do
	printf '{"method":"PostService/GetPost","request":{"id":%d,"view":"POST_VIEW_FULL"}}\n' "$id"
done | { lectern batch || true; } | jq -Sc '.response // {error: .error.code}'

# Fields that answers of the version that made a store did not have.
without_new_fields() {
	jq -Sc 'if has("PostService/GetPost") then . else del(.[].formerSlug) end'
}

# By former slugs and aliases.
ask() {
	jq -r "$1" | sort | while IFS= read -r slug; do
		printf '{"method":"%s","request":{"slug":"%s"}}\n' "$2" "$slug"
	done | lectern batch | jq -Sc --arg method "$2" '{($method): .response}' | without_new_fields
}
lectern post list --all --filter 'create_time:*' --order-by create_time -o jsonl |
	ask '.aliases[]?' PostService/GetPost
lectern tag list --all -o jsonl | ask '.aliases[]?' TagService/GetTag
lectern category list --all -o jsonl | ask '.aliases[]?' CategoryService/GetCategory
lectern author list --all -o jsonl | ask '.aliases[]?' AuthorService/GetAuthor

# Orders and counts of archives.
lectern archive dates -o jsonl | jq -Sc '{month: .}'
archives() {
	jq -r .slug | sort -u | while IFS= read -r slug; do
		printf '{"method":"ArchiveService/GetArchive","request":{"kind":"ARCHIVE_KIND_%s",
			"term":{"slug":"%s"},"pageSize":1000}}' "$1" "$slug" | tr -d '\n\t'
		printf '\n'
	done | lectern batch |
		jq -Sc --arg kind "$1" '.response | {($kind): .totalSize, posts: [.posts[]?.id]}'
}
lectern tag list --all -o jsonl | archives TAG
lectern category list --all -o jsonl | archives CATEGORY
lectern author list --all -o jsonl | archives AUTHOR
lectern post list --all -o jsonl | jq -c '.series // empty' | archives SERIES
