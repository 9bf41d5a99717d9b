// A client for Lectern servers over HTTP, from nothing but Connect's own library.
//
// npm install @connectrpc/connect @connectrpc/connect-node @bufbuild/protobuf @bufbuild/protoc-gen-es
// protoc -I proto --plugin=node_modules/.bin/protoc-gen-es --es_out=gen --es_opt=target=js,import_extension=js \
//     $(find proto -name '*.proto')
import { readFileSync } from "node:fs";
import { fromBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { BadRequestSchema, ErrorInfoSchema } from "./gen/lectern/rpc/v1/status_pb.js";

// baseUrl: http://HOST:7480 or https://HOST:7480. Options: tokenFile, caFile, and those of
// createConnectTransport, such as useHttpGet (reads by GET, for caches) and useBinaryFormat.
export function createTransport(baseUrl, { tokenFile, caFile, ...options } = {}) {
	const token = tokenFile && readFileSync(tokenFile, "ascii").split("\n")[0].trim();
	const authorize = (next) => (request) => {
		if (token && !request.header.has("authorization")) {
			request.header.set("authorization", `Bearer ${token}`);
		}
		return next(request);
	};
	return createConnectTransport({
		baseUrl,
		httpVersion: "1.1",
		defaultTimeoutMs: 10000, // without one it waits for ever
		nodeOptions: caFile ? { ca: readFileSync(caFile) } : {},
		...options,
		interceptors: [authorize, ...(options.interceptors ?? [])],
	});
}

// connect("http://127.0.0.1:7480", PostService).getPost({...})
export function connect(baseUrl, service, options) {
	return createClient(service, createTransport(baseUrl, options));
}

// What docs/errors.md says about an error: {code: "NOT_FOUND", reason: "POST_NOT_FOUND", field: ""}.
// The types of the details are google.rpc's; Lectern's own are the same on the wire.
export function explain(thrown) {
	const error = ConnectError.from(thrown);
	const detail = (name, schema) => {
		const found = error.details.find((entry) => entry.type === name);
		return found && fromBinary(schema, found.value);
	};
	return {
		code: Code[error.code].replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase(),
		reason: detail("google.rpc.ErrorInfo", ErrorInfoSchema)?.reason ?? "",
		field: detail("google.rpc.BadRequest", BadRequestSchema)?.fieldViolations[0]?.field ?? "",
		message: error.rawMessage,
	};
}
