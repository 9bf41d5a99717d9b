#include "importers/front_matter_path.h"

#include "base/rfc3339.h"
#include "base/text.h"
#include "importers/digest.h"

#include <strings.h>

enum { KEPT_ORIGIN_BYTES = 160 }; /* of a path that is too long, before its digest */

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool is_one_of(struct slice text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (slice_equals(text, slice_of_text(*words)))
			return true;
	return false;
}

/* Takes the first folder off a path: "a/b/c" gives "a" and leaves "b/c". */
static bool take_folder(struct slice *path, struct slice *ret)
{
	const uint8_t *slash = path->size == 0 ? NULL : memchr(path->data, '/', path->size);
	if (slash == NULL)
		return false;
	size_t size = (size_t)(slash - path->data);
	*ret = slice_of(path->data, size);
	*path = slice_of(slash + 1, path->size - size - 1);
	return true;
}

static struct slice name_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slice_of_text(slash == NULL ? path : slash + 1);
}

static bool is_configuration(struct slice name)
{
	static const char *const names[] = { "_config.yml", "_config.yaml", "_config.toml",
		"hugo.toml", "hugo.yaml", "hugo.yml", "hugo.json", "config.toml", "config.yaml",
		NULL };
	return is_one_of(name, names);
}

static bool has_folder(const char *relative, const char *folder)
{
	struct slice path = slice_of_text(relative);
	struct slice one;
	while (take_folder(&path, &one))
		if (slice_equals(one, slice_of_text(folder)))
			return true;
	return false;
}

void front_matter_sites_find(
	const struct input_file *files, size_t count, struct front_matter_sites *ret)
{
	*ret = (struct front_matter_sites){ .count = 0 };
	for (size_t i = 0; i < count; i++) {
		struct slice name = name_of(files[i].path);
		ret->has_posts =
			ret->has_posts || has_folder(files[i].path + files[i].relative, "_posts");
		if (ret->count < SITES_MAX && is_configuration(name))
			ret->folders[ret->count++] =
				slice_of(files[i].path, strlen(files[i].path) - name.size);
	}
}

/* The path from the innermost folder that holds a site. */
static struct slice path_in_site(
	const struct input_file *file, const struct front_matter_sites *sites)
{
	size_t start = file->relative;
	for (size_t i = 0; i < sites->count; i++) {
		struct slice folder = sites->folders[i];
		if (folder.size > start && strlen(file->path) > folder.size &&
			memcmp(file->path, folder.data, folder.size) == 0)
			start = folder.size;
	}
	return slice_of_text(file->path + start);
}

/* Why nothing in the first folder of the path, or in any of them, is content. */
static const char *find_left_out(struct slice path, bool first)
{
	static const char *const always[] = { "_site", "_layouts", "_includes", "_data", "_sass",
		"_plugins", "node_modules", ".git", NULL };
	static const char *const at_top[] = { "public", "themes", "layouts", "static", "assets",
		"archetypes", "data", "resources", "vendor", "i18n", NULL };
	struct slice folder;
	for (; take_folder(&path, &folder); first = false)
		if (is_one_of(folder, always) || (first && is_one_of(folder, at_top)))
			return "it lies in a folder that holds no posts, but parts or results of "
			       "the "
			       "site";
	return NULL;
}

static enum front_matter_markup markup_of(const char *extension)
{
	static const struct {
		const char *extension;
		enum front_matter_markup markup;
	} known[] = { { ".md", MARKUP_MARKDOWN }, { ".markdown", MARKUP_MARKDOWN },
		{ ".mdown", MARKUP_MARKDOWN }, { ".mkd", MARKUP_MARKDOWN },
		{ ".mkdn", MARKUP_MARKDOWN }, { ".html", MARKUP_HTML }, { ".htm", MARKUP_HTML },
		{ ".mdx", MARKUP_FOREIGN }, { ".textile", MARKUP_FOREIGN },
		{ ".adoc", MARKUP_FOREIGN }, { ".asciidoc", MARKUP_FOREIGN },
		{ ".org", MARKUP_FOREIGN }, { ".rst", MARKUP_FOREIGN },
		{ ".pandoc", MARKUP_FOREIGN }, { ".haml", MARKUP_FOREIGN } };
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strcasecmp(extension, known[i].extension) == 0)
			return known[i].markup;
	return MARKUP_NONE;
}

/* Reads 'digits' digits at most. */
static bool take_number(struct slice *text, size_t digits, int *ret)
{
	size_t size = 0;
	int value = 0;
	while (size < digits && size < text->size && is_digit(text->data[size]))
		value = value * 10 + (text->data[size++] - '0');
	*text = slice_of(text->data + size, text->size - size);
	*ret = value;
	return size > 0 && (digits != 4 || size == 4);
}

static bool take_mark(struct slice *text, char mark)
{
	if (text->size == 0 || text->data[0] != (uint8_t)mark)
		return false;
	*text = slice_of(text->data + 1, text->size - 1);
	return true;
}

/* "2019-07-02", "2019/7/2"; leaves what is behind it. */
static bool take_date(struct slice *text, char mark, int64_t *ret_us)
{
	struct slice rest = *text;
	int year;
	int month;
	int day;
	if (!take_number(&rest, 4, &year) || !take_mark(&rest, mark) ||
		!take_number(&rest, 2, &month) || !take_mark(&rest, mark) ||
		!take_number(&rest, 2, &day) || (rest.size > 0 && is_digit(rest.data[0])))
		return false;
	if (year < 1 || month < 1 || month > 12 || day < 1 ||
		day > (int)civil_days_in_month(year, (unsigned)month))
		return false;
	*ret_us = civil_date_start_us((struct civil_date){
		.year = year, .month = (unsigned)month, .day = (unsigned)day });
	*text = rest;
	return true;
}

/* Takes "2019-07-02-" off a name. */
static void take_name_date(struct slice *name, struct front_matter_path *ret)
{
	struct slice rest = *name;
	int64_t date_us;
	if (!take_date(&rest, '-', &date_us))
		return;
	if (rest.size > 0 && !take_mark(&rest, '-') && !take_mark(&rest, '_'))
		return;
	ret->has_date = true;
	ret->date_us = date_us;
	if (rest.size > 0)
		*name = rest;
}

/* A date in the folders of a path. */
static void find_folder_date(struct slice path, struct front_matter_path *ret)
{
	struct slice folder;
	do {
		struct slice rest = path;
		if (take_date(&rest, '/', &ret->date_us) && rest.size > 0 && rest.data[0] == '/') {
			ret->has_date = true;
			return;
		}
	} while (take_folder(&path, &folder));
}

/* Languages that sites are written in (ISO 639-1) and that no file's extension is called like. */
static bool is_language(struct slice text)
{
	static const char known[] =
		" af ar az be bg bn bs ca cs cy da de el en eo es et eu fa fi fr ga gl gu he hi hr "
		"hu hy id is it ja ka kk km kn ko lb lo lt lv mk ml mn mr ms mt my nb ne nl nn no "
		"pa pl pt ro ru si sk sl sq sr sv sw ta te th tl tr uk ur uz vi zh ";
	char word[5] = { ' ', 0, 0, ' ', 0 };
	if (text.size < 2 || (text.size > 2 && (text.size < 5 || text.size > 7)))
		return false;
	for (size_t i = 0; i < text.size; i++) {
		uint8_t c = text.data[i] | 0x20;
		if (i == 2 ? text.data[i] != '-' && text.data[i] != '_' : c < 'a' || c > 'z')
			return false;
	}
	word[1] = (char)(text.data[0] | 0x20);
	word[2] = (char)(text.data[1] | 0x20);
	return strstr(known, word) != NULL;
}

/* Takes ".en" or ".pt-br" off the end of a name. */
static void take_language(struct slice *name, struct front_matter_path *ret)
{
	size_t at = name->size;
	while (at > 0 && name->data[at - 1] != '.')
		at--;
	struct slice language = slice_of(name->data + at, name->size - at);
	if (at < 2 || !is_language(language))
		return;
	for (size_t i = 0; i < language.size; i++)
		ret->language[i] = language.data[i] == '_' ? '-' : (char)language.data[i];
	name->size = at - 1;
}

static void keep_stem(struct slice name, struct front_matter_path *ret)
{
	size_t size = name.size < sizeof ret->stem ? name.size : sizeof ret->stem - 1;
	memcpy(ret->stem, name.data, size);
	ret->stem[size] = '\0';
}

/* The last folder of the path. */
static struct slice last_folder(struct slice path)
{
	struct slice folder = slice_of(NULL, 0);
	while (take_folder(&path, &folder))
		;
	return folder;
}

static void read_name(struct slice path, struct front_matter_path *ret)
{
	struct slice folder;
	struct slice name = path;
	while (take_folder(&name, &folder))
		;
	name.size -= strlen(ret->extension);
	take_language(&name, ret);
	bool bundle = slice_equals(name, slice_of_text("index")) && last_folder(path).size > 0;
	if (bundle)
		name = last_folder(path);
	find_folder_date(path, ret);
	take_name_date(&name, ret);
	keep_stem(name, ret);
}

static bool is_line(struct slice text)
{
	for (size_t i = 0; i < text.size; i++)
		if (text.data[i] < 0x20 || text.data[i] == 0x7F ||
			(text.data[i] == 0xC2 && i + 1 < text.size && text.data[i + 1] < 0xA0))
			return false;
	return text_find_invalid(text) == text.size;
}

static void shorten_origin(struct slice path, struct front_matter_path *ret)
{
	struct digest digest = digest_of(path);
	size_t size = is_line(path) ? text_cut(path, KEPT_ORIGIN_BYTES) : 0;
	memcpy(ret->origin, path.data, size);
	ret->origin[size++] = '~';
	digest_hex(&digest, ret->origin + size);
}

/* The path without folders that are content's own: content at the beginning, _posts, _drafts. */
static void make_origin(const char *relative, struct front_matter_path *ret)
{
	static const char *const dropped[] = { "_posts", "_drafts", NULL };
	char text[4096];
	size_t size = 0;
	struct slice path = slice_of_text(relative);
	struct slice folder;
	bool first = true;
	for (; take_folder(&path, &folder); first = false) {
		bool content = first && slice_equals(folder, slice_of_text("content"));
		ret->top_content = content;
		if (content || is_one_of(folder, dropped))
			continue;
		if (size + folder.size + 1 >= sizeof text)
			break;
		memcpy(text + size, folder.data, folder.size);
		size += folder.size;
		text[size++] = '/';
	}
	struct slice origin = slice_of_text(relative);
	if (size + path.size < sizeof text) {
		memcpy(text + size, path.data, path.size);
		origin = slice_of(text, size + path.size);
	}
	if (origin.size > ORIGIN_BYTES_MAX || !is_line(origin)) {
		shorten_origin(origin, ret);
		return;
	}
	memcpy(ret->origin, origin.data, origin.size);
	ret->origin[origin.size] = '\0';
}

/* The folder that was named, without what is around it. */
static struct slice named_folder(const struct input_file *file)
{
	size_t end = file->relative;
	while (end > 0 && file->path[end - 1] == '/')
		end--;
	size_t start = end;
	while (start > 0 && file->path[start - 1] != '/')
		start--;
	return slice_of(file->path + start, end - start);
}

static void look_at_folder(struct slice folder, struct front_matter_path *ret)
{
	ret->in_posts = ret->in_posts || slice_equals(folder, slice_of_text("_posts"));
	ret->in_drafts = ret->in_drafts || slice_equals(folder, slice_of_text("_drafts"));
	ret->in_pages = ret->in_pages || slice_equals(folder, slice_of_text("_pages"));
}

static void read_folders(
	const struct input_file *file, struct slice in_site, struct front_matter_path *ret)
{
	struct slice path = slice_of_text(file->path + file->relative);
	struct slice folder;
	look_at_folder(named_folder(file), ret);
	while (take_folder(&path, &folder))
		look_at_folder(folder, ret);
	path = in_site;
	while (take_folder(&path, &folder)) {
		if (!slice_equals(folder, slice_of_text("_posts")))
			continue;
		ret->category_folders =
			slice_of(in_site.data, (size_t)(folder.data - in_site.data));
		break;
	}
}

static bool is_readme(const char *stem)
{
	static const char *const names[] = { "readme", "license", "licence", "changelog",
		"contributing", "code_of_conduct", "code-of-conduct" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcasecmp(stem, names[i]) == 0)
			return true;
	return false;
}

void front_matter_path_read(const struct input_file *file, const struct front_matter_sites *sites,
	struct front_matter_path *ret)
{
	const char *relative = file->path + file->relative;
	struct slice in_site = path_in_site(file, sites);
	struct slice name = name_of(relative);
	const char *dot = strrchr((const char *)name.data, '.');
	*ret = (struct front_matter_path){ .extension = dot == NULL ? "" : dot };
	ret->markup = markup_of(ret->extension);
	ret->left_out = find_left_out(slice_of_text(relative), file->listed);
	if (ret->left_out == NULL)
		ret->left_out = find_left_out(in_site, file->listed);
	read_folders(file, in_site, ret);
	read_name(slice_of_text(relative), ret);
	make_origin(relative, ret);
	ret->readme = is_readme(ret->stem);
	if (ret->left_out == NULL && strcmp(ret->stem, "_index") == 0)
		ret->left_out = "it describes a section, not a post";
}
