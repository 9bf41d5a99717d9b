// The rows of ../contract.jsonl through lectern.js: as JSON, then encoded, then by GET where a method
// only reads; see ../README.md.
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { fromJson, toJson } from "@bufbuild/protobuf";
import { createTransport, explain } from "./lectern.js";

const services = new Map();
for (const name of "admin archive author category change health import post search tag".split(" ")) {
	for (const found of Object.values(await import(`./gen/lectern/v1/${name}_pb.js`))) {
		if (found.kind === "service") services.set(found.typeName, found);
	}
}

function methodOf(path) {
	const [service, name] = path.split("/");
	const known = services.get(`lectern.v1.${service}`);
	const method = known?.methods.find((entry) => entry.name === name);
	// A method that there is not: another one under its name.
	const other = services.get("lectern.v1.HealthService").methods[0];
	return method ?? { ...other, name, parent: { ...other.parent, typeName: `lectern.v1.${service}` } };
}

// What stands at "posts.0.slug"; undefined where there is nothing.
function at(value, path) {
	return path.split(".").reduce((here, step) => here?.[step], value);
}

function same(want, got) {
	if (want === null) return got === undefined;
	if (typeof want === "string" && want.startsWith("~")) return new RegExp(want.slice(1)).test(got);
	return isDeepStrictEqual(want, got);
}

async function call(transport, row) {
	const method = methodOf(row.method);
	const header = new Headers();
	if (row.min_revision) header.set("lectern-min-revision", row.min_revision);
	const timeout = row.timeout_ms;
	try {
		const request = fromJson(method.input, row.request);
		const response = await transport.unary(method, undefined, timeout, header, request);
		return { code: "OK", reason: "", field: "", response: toJson(method.output, response.message) };
	} catch (thrown) {
		return { ...explain(thrown), response: {} };
	}
}

function differences(row, got, denied) {
	const want = denied
		? { code: "PERMISSION_DENIED", reason: "SCOPE_INSUFFICIENT" }
		: { code: "OK", ...row };
	const wrong = ["code", "reason", "field"]
		.filter((name) => want[name] !== undefined && want[name] !== got[name])
		.map((name) => `${name} is ${got[name]}, not ${want[name]} (${got.message})`);
	if (want.code !== "OK" || wrong.length > 0) return wrong;
	return Object.entries(row.response)
		.filter(([path, value]) => !same(value, at(got.response, path)))
		.map(([path, value]) => `${path} is ${JSON.stringify(at(got.response, path))}, not ${JSON.stringify(value)}`);
}

async function run(name, options) {
	const tokenFile = process.env.LECTERN_TOKEN_FILE;
	const url = process.env.LECTERN_CONTRACT_HTTP;
	const common = { caFile: process.env.LECTERN_TLS_CA, ...options };
	const known = createTransport(url, { tokenFile, ...common });
	const unknown = createTransport(url, common);
	const saved = { client: `node-${name}` };
	const count = { done: 0, failed: 0, skipped: 0 };
	for (const line of readFileSync(process.argv[2], "utf8").trim().split("\n")) {
		const row = JSON.parse(line.replace(/\$\{(\w+)\}/g, (text, variable) => saved[variable] ?? text));
		// Connect's library sends whole messages only.
		const unfit = row.request === undefined;
		if (unfit || (row.needs === "tokens" && !tokenFile)) {
			console.log(`skip: ${name}: ${row.label}`);
			count.skipped++;
			continue;
		}
		count.done++;
		const got = await call(row.token === false ? unknown : known, row);
		const wrong = differences(row, got, tokenFile && row.needs === "write");
		console.log([`${wrong.length ? "FAILED" : "ok"}: ${name}: ${row.label}`, ...wrong].join("\n    "));
		if (wrong.length > 0) count.failed++;
		if (got.code === "OK") {
			for (const [variable, path] of Object.entries(row.save ?? {})) {
				saved[variable] = String(at(got.response, path));
			}
		}
	}
	const { done, failed, skipped } = count;
	console.log(`node, ${name}: ${done} calls, ${failed} with another answer, ${skipped} rows not for this client`);
	return failed;
}

let failed = await run("json", { useBinaryFormat: false });
failed += await run("binary", { useBinaryFormat: true });
failed += await run("get", { useBinaryFormat: false, useHttpGet: true });
process.exit(failed > 0 ? 1 : 0);
