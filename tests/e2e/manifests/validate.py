"""Checks manifests against the schemas of Kubernetes, of two operators and of Compose.

validate.py kubernetes VERSION FILE...     strict: no field that the schema does not know
validate.py crd DEFINITION FILE...         a custom resource against its CustomResourceDefinition
validate.py compose FILE...                with the schema that check-jsonschema carries

Ends with 1 and a line for each problem.
"""

import importlib.util
import json
import pathlib
import sys

import jsonschema
import yaml


def documents(files):
    for file in files:
        with open(file, encoding="utf-8") as stream:
            for document in yaml.safe_load_all(stream):
                if document is not None:
                    yield file, document


def closed(schema):
    """The schema, with objects that list their properties closed for others."""
    if isinstance(schema, dict):
        schema = {key: closed(value) for key, value in schema.items()}
        if "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
            schema.setdefault("additionalProperties", False)
        return schema
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    return schema


def check(validator, file, document):
    count = 0
    for error in sorted(validator.iter_errors(document), key=lambda e: list(map(str, e.path))):
        where = ".".join(map(str, error.absolute_path)) or "(top)"
        print(f"{file}: {where}: {error.message}")
        count += 1
    return count


def kubernetes(version, files):
    import kubernetes_validate

    count = 0
    for file, document in documents(files):
        try:
            kubernetes_validate.validate(document, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            print(f"{file}: {document.get('kind')}: {error.message}")
            count += 1
    return count


def crd(definition, files):
    definition = next(documents([definition]))[1]
    wanted = definition["spec"]["names"]["kind"]
    count = seen = 0
    for file, document in documents(files):
        if document["kind"] != wanted:
            continue
        seen += 1
        version = document["apiVersion"].split("/")[1]
        schema = [v for v in definition["spec"]["versions"] if v["name"] == version and v["served"]]
        schema = closed(schema[0]["schema"]["openAPIV3Schema"])
        schema["properties"]["metadata"] = {"type": "object"}
        count += check(jsonschema.Draft7Validator(schema), file, document)
    if seen == 0:
        print(f"no {wanted} in {files}")
    return count + (seen == 0)


def compose(files):
    # Only its files: it is installed without what it imports.
    package = importlib.util.find_spec("check_jsonschema").submodule_search_locations[0]
    schema = pathlib.Path(package) / "builtin_schemas/vendor/compose-spec.json"
    schema = json.loads(schema.read_text(encoding="utf-8"))
    validator = jsonschema.validators.validator_for(schema)(schema)
    return sum(check(validator, file, document) for file, document in documents(files))


def main():
    kind, arguments = sys.argv[1], sys.argv[2:]
    if kind == "kubernetes":
        count = kubernetes(arguments[0], arguments[1:])
    elif kind == "crd":
        count = crd(arguments[0], arguments[1:])
    else:
        count = compose(arguments)
    sys.exit(1 if count else 0)


main()
