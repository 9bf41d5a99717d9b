"""Checks an Atom feed against RFC 4287 and a sitemap against sitemaps.org's protocol.

usage: site_check.py atom|sitemap|index FILE

Says what is wrong on standard error and ends with 1; else prints one line for each entry: the
feed's title for a feed's title, the address for a sitemap's address.
"""

import re
import sys
import xml.etree.ElementTree as tree
from urllib.parse import urlsplit

ATOM = "{http://www.w3.org/2005/Atom}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
TIME = re.compile(r"^\d{4}-(0[1-9]|1[0-2])-([0-2]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?Z$")
TEXTS = {"title", "subtitle", "summary", "rights"}
ONE = {"feed": ["id", "title", "updated"], "entry": ["id", "title", "updated"]}
AT_MOST_ONE = {
    "feed": ["generator", "icon", "logo", "rights", "subtitle"],
    "entry": ["content", "published", "rights", "source", "summary"],
}
KNOWN = {
    "feed": {"id", "title", "updated", "subtitle", "link", "author", "generator", "entry", "category"},
    "entry": {"id", "title", "updated", "published", "link", "author", "category", "summary", "content"},
}

problems = []


def complain(where, text):
    problems.append(f"{where}: {text}")


def is_iri(text):
    parts = urlsplit(text)
    return parts.scheme.isalpha() and (parts.netloc != "" or parts.scheme == "urn") and not re.search(r"\s", text)


def local(element):
    return element.tag.replace(ATOM, "")


def check_person(where, person):
    names = person.findall(ATOM + "name")
    if len(names) != 1 or not (names[0].text or "").strip():
        complain(where, "a person has not exactly one name")
    for uri in person.findall(ATOM + "uri"):
        if not is_iri(uri.text or ""):
            complain(where, f"uri of a person: {uri.text!r}")


def check_links(where, element):
    seen = set()
    for link in element.findall(ATOM + "link"):
        if not is_iri(link.get("href", "")):
            complain(where, f"link to {link.get('href')!r}")
        key = (link.get("rel", "alternate"), link.get("type"), link.get("hreflang"))
        if key in seen:
            complain(where, f"two links {key}")
        seen.add(key)
    return seen


def check_common(where, kind, element):
    names = [local(child) for child in element]
    for name in set(names) - KNOWN[kind]:
        complain(where, f"has the element {name}")
    for name in ONE[kind]:
        if names.count(name) != 1:
            complain(where, f"{names.count(name)} elements {name}")
    for name in AT_MOST_ONE[kind]:
        if names.count(name) > 1:
            complain(where, f"{names.count(name)} elements {name}")
    identifier = element.findtext(ATOM + "id") or ""
    if not is_iri(identifier):
        complain(where, f"its id is {identifier!r}")
    for name in ("updated", "published"):
        for time in element.findall(ATOM + name):
            if not TIME.match(time.text or ""):
                complain(where, f"{name} is {time.text!r}")
    for child in element:
        if local(child) in TEXTS and child.get("type", "text") not in ("text", "html"):
            complain(where, f"type {child.get('type')} of {local(child)}")
        if local(child) == "author":
            check_person(where, child)
        if local(child) == "category" and not child.get("term"):
            complain(where, "a category without a term")
        if len(child) and local(child) not in ("author", "entry"):
            complain(where, f"elements in {local(child)}")
        lang = child.get(LANG, "x")
        if not re.match(r"^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$", lang):
            complain(where, f"language {lang!r}")
    if not (element.findtext(ATOM + "title") or "").strip():
        complain(where, "an empty title")
    return identifier


def check_atom(root):
    if root.tag != ATOM + "feed":
        return complain("document", f"its root is {root.tag}")
    check_common("feed", "feed", root)
    links = check_links("feed", root)
    if not any(rel == "self" for rel, _, _ in links):
        complain("feed", "no link to itself")
    entries = root.findall(ATOM + "entry")
    identifiers = set()
    for number, entry in enumerate(entries, 1):
        where = f"entry {number}"
        identifier = check_common(where, "entry", entry)
        if identifier in identifiers:
            complain(where, "its id is that of another one")
        identifiers.add(identifier)
        alternate = any(rel == "alternate" for rel, _, _ in check_links(where, entry))
        content = entry.find(ATOM + "content")
        if content is None and not alternate:
            complain(where, "neither content nor an alternate link")
        if content is not None and content.get("type") != "html":
            complain(where, f"content of the type {content.get('type')}")
        if entry.find(ATOM + "author") is None and root.find(ATOM + "author") is None:
            complain(where, "no author")
        print(entry.findtext(ATOM + "title"))
    newest = max((entry.findtext(ATOM + "updated") for entry in entries), default=None)
    if newest is not None and root.findtext(ATOM + "updated") < newest[:19]:
        complain("feed", "it is older than its newest entry")


def check_addresses(root, name, child):
    if root.tag != SITEMAP + name:
        return complain("document", f"its root is {root.tag}")
    if len(root) > 50000:
        complain("document", f"{len(root)} addresses")
    hosts = set()
    for element in root:
        if element.tag != SITEMAP + child:
            complain("document", f"has the element {element.tag}")
        location = element.findtext(SITEMAP + "loc") or ""
        if not is_iri(location) or len(location) >= 2048:
            complain("address", f"{location!r}")
        hosts.add(urlsplit(location).netloc)
        lastmod = element.findtext(SITEMAP + "lastmod")
        if lastmod is not None and not TIME.match(lastmod):
            complain(location, f"lastmod {lastmod!r}")
        print(location)
    if len(hosts) > 1:
        complain("document", f"addresses of several hosts: {sorted(hosts)}")


def main():
    kind, path = sys.argv[1:]
    with open(path, "rb") as file:
        root = tree.fromstring(file.read())
    if kind == "atom":
        check_atom(root)
    elif kind == "sitemap":
        check_addresses(root, "urlset", "url")
    else:
        check_addresses(root, "sitemapindex", "sitemap")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


sys.exit(main())
