#include "importers/item_notes.h"

#include <lectern/v1/tag.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static Lectern__V1__TermRef ref(const char *slug, const char *name)
{
	Lectern__V1__TermRef ret = LECTERN__V1__TERM_REF__INIT;
	ret.slug = (char *)(uintptr_t)slug;
	ret.name = (char *)(uintptr_t)name;
	return ret;
}

static const struct {
	const char *label, *slug, *tag_slug, *tag_name;
	const char *stored_slug, *stored_tag;
	const char *note;
} cases[] = {
	{ "nothing", "a", "", "Python", "a", "Python", "" },
	{ "a slug made by the server", "", "", "Python", "a", "Python", "" },
	{ "a slug that was taken", "a", "", "Python", "a-2", "Python", "slug \"a\" is \"a-2\"" },
	{ "another case", "a", "", "PYTHON", "a", "Python", "tag \"PYTHON\" is \"Python\"" },
	{ "another width", "a", "", "Ｐython", "a", "Python", "tag \"Ｐython\" is \"Python\"" },
	{ "by slug", "a", "python", "PYTHON", "a", "Python", "" },
	{ "an alias: no note, the name is another one", "a", "", "Py", "a", "Python", "" },
	{ "both", "a", "", "PYTHON", "b", "Python",
		"slug \"a\" is \"b\"; tag \"PYTHON\" is \"Python\"" },
};

static void differences(void **state)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		Lectern__V1__Post wanted = LECTERN__V1__POST__INIT;
		Lectern__V1__Post stored = LECTERN__V1__POST__INIT;
		Lectern__V1__TermRef tag = ref(cases[i].tag_slug, cases[i].tag_name);
		Lectern__V1__TermRef stored_tag = ref("python", cases[i].stored_tag);
		Lectern__V1__TermRef *tags[] = { &tag };
		Lectern__V1__TermRef *stored_tags[] = { &stored_tag };
		wanted.slug = (char *)(uintptr_t)cases[i].slug;
		stored.slug = (char *)(uintptr_t)cases[i].stored_slug;
		wanted.tags = tags;
		stored.tags = stored_tags;
		wanted.n_tags = stored.n_tags = 1;
		struct import_item item = { .kind = IMPORT_POST, .message = &wanted.base };
		item_note_differences(&item, &stored.base);
		if (strcmp(item.reason, cases[i].note) != 0)
			fail_msg("%s: %s", cases[i].label, item.reason);
	}
}

/* Notes that do not fit are cut, never within a character. */
static void notes_are_cut(void **state)
{
	struct import_item item = { .kind = IMPORT_POST };
	for (int i = 0; i < 100; i++)
		item_note(&item, "é%d", i);
	assert_in_range(strlen(item.reason), 250, 255);
	assert_memory_equal(item.reason, "é0; é1; ", strlen("é0; é1; "));
	for (size_t i = 0; item.reason[i] != '\0'; i++)
		if ((unsigned char)item.reason[i] == 0xC3)
			assert_int_equal((unsigned char)item.reason[i + 1], 0xA9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(differences),
		cmocka_unit_test(notes_are_cut),
	};
	return cmocka_run_group_tests_name("item_notes", tests, NULL, NULL);
}
