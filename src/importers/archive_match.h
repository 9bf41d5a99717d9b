/* Which posts of the archives are on the server already, and a slug for each. */
#pragma once
#include "importers/archive_index.h"
#include "importers/source.h"

/*
 * Sets slug and key of every post of the index.
 *
 * Posts whose titles give the same slug NAME get NAME, NAME-2 and so on. A post of the server with
 * one of these slugs is the same post if title and body are equal; else if the title is and it
 * carries the term of an archive that the post stands on (its body was changed); else if the body
 * is (its title was changed a little); else if it carries such a term, has the slug NAME and a
 * title that gives another slug (it was changed on the server). What is left gets the free slugs in
 * the order of appearance.
 */
enum code archive_match(
	struct archive_index *index, const struct post_lookup *lookup, struct error *err) NODISCARD;
