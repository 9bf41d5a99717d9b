"""The rows of ../contract.jsonl through lectern_client.py; see ../README.md."""

import base64
import importlib
import json
import os
import re
import sys

from google.protobuf import descriptor_pool, json_format, message_factory

from lectern_client import Client, LecternError

for name in "admin archive author category change health import post search tag term".split():
    importlib.import_module(f"lectern.v1.{name}_pb2")


def message_types(method):
    service, name = method.split("/")
    try:
        found = descriptor_pool.Default().FindServiceByName("lectern.v1." + service)
        descriptor = found.methods_by_name[name]
    except KeyError:  # a method that there is not: any type will do
        return (message_types("HealthService/Check"))
    return tuple(map(message_factory.GetMessageClass, (descriptor.input_type, descriptor.output_type)))


def at(value, path):
    """What stands at "posts.0.slug"; None where there is nothing."""
    for step in path.split("."):
        if isinstance(value, list):
            value = len(value) if step == "length" else dict(enumerate(value)).get(int(step))
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def same(want, got):
    if isinstance(want, str) and want.startswith("~"):
        return isinstance(got, str) and re.search(want[1:], got) is not None
    return want == got


def call(client, row):
    input_type, output_type = message_types(row["method"])
    if "payload" in row:
        request = base64.b64decode(row["payload"])
    else:
        request = json_format.ParseDict(row["request"], input_type())
    try:
        response = client.call(
            row["method"], request, output_type, timeout_ms=row.get("timeout_ms"),
            min_revision=int(row.get("min_revision", 0)), token=row.get("token", True))
    except LecternError as error:
        return error.code, error.reason, error.field, {}
    return "OK", "", "", json_format.MessageToDict(response)


def differences(row, outcome, denied):
    code, reason, field, response = outcome
    want = {"code": row.get("code", "OK"), "reason": row.get("reason"), "field": row.get("field")}
    if denied:
        want = {"code": "PERMISSION_DENIED", "reason": "SCOPE_INSUFFICIENT", "field": None}
    for name, got in (("code", code), ("reason", reason), ("field", field)):
        if want[name] is not None and want[name] != got:
            yield f"{name} is {got!r}, not {want[name]!r}"
    if want["code"] == code == "OK":
        for path, value in row.get("response", {}).items():
            if not same(value, at(response, path)):
                yield f"{path} is {at(response, path)!r}, not {value!r}"


def main():
    token_file = os.environ.get("LECTERN_TOKEN_FILE")
    client = Client(os.environ["LECTERN_CONTRACT_URL"], token_file, os.environ.get("LECTERN_TLS_CA"))
    saved = {"client": "python"}
    failed = count = skipped = 0
    for line in open(sys.argv[1], encoding="utf-8"):
        row = json.loads(re.sub(r"\$\{(\w+)\}", lambda name: saved.get(name[1], name[0]), line))
        label = row["label"]
        if row.get("needs") == "tokens" and not token_file:
            print("skip:", label)
            skipped += 1
            continue
        count += 1
        outcome = call(client, row)
        wrong = list(differences(row, outcome, token_file and row.get("needs") == "write"))
        print("\n    ".join([("FAILED: " if wrong else "ok: ") + label, *wrong]))
        failed += bool(wrong)
        for name, path in row.get("save", {}).items():
            if outcome[0] == "OK":
                saved[name] = str(at(outcome[3], path))
    print(f"python: {count} calls, {failed} with another answer, {skipped} rows not for this client")
    client.close()
    return failed > 0


sys.exit(main())
