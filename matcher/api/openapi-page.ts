import { createHash } from "node:crypto";
import type { Json, JsonObject } from "./openapi.ts";

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24; background: #fff }
h2 { margin-top: 2.5rem; border-bottom: 1px solid #d0d7de } code, pre { font: 13px/1.45 ui-monospace, monospace }
details { border: 1px solid #d0d7de; border-radius: 6px; margin: .4rem 0; padding: .4rem .8rem } summary { cursor: pointer }
b.get { color: #0b6bcb } b.post { color: #1a7f37 } td, th { text-align: left; vertical-align: top; padding: .15rem .8rem .15rem 0 }
small { color: #57606a } @media (prefers-color-scheme: dark) { body { background: #0d1117; color: #e6edf3 } small { color: #8b949e } }
`;

/** Lets the page load nothing at all, from here or elsewhere: it is complete as it comes. */
export const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** The document as a page: no script, nothing to load. */
export function openApiPage(document: JsonObject): string {
  const { info, tags, paths, components } = document as unknown as {
    info: { title: string; description: string };
    tags: { name: string; description: string }[];
    paths: Record<string, Record<string, Operation>>;
    components: { schemas: Record<string, JsonObject> };
  };
  const operations = Object.entries(paths).flatMap(([path, methods]) => {
    return Object.entries(methods).map(([method, operation]) => ({ path, method, operation }));
  });
  const chapters = tags.map(({ name, description }) => {
    const own = operations.filter(({ operation }) => operation.tags.includes(name));
    return `<h2>${escaped(name)}</h2><p>${escaped(description)}</p>${own.map(operationBlock).join("")}`;
  });
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) =>
      `<details id="${escaped(name)}"><summary><code>${escaped(name)}</code></summary>${schemaTable(schema)}</details>`,
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escaped(info.title)} API</title>
<meta name="viewport" content="width=device-width"><style>${STYLE}</style></head><body>
<h1>${escaped(info.title)} API</h1><p>${escaped(info.description)}</p><p>As a document: <a href="/v1/openapi.json">/v1/openapi.json</a></p>
${chapters.join("\n")}<h2>Schemas</h2>${schemas.join("\n")}</body></html>`;
}

interface Operation {
  summary: string;
  tags: string[];
  security?: unknown[];
  parameters: { name: string; in: string; required: boolean; schema: JsonObject }[];
  requestBody?: { content: Record<string, { schema: JsonObject }> };
  responses: Record<string, { description: string; content: Record<string, { schema: JsonObject }> }>;
}

function operationBlock({ path, method, operation }: { path: string; method: string; operation: Operation }): string {
  const body = operation.requestBody?.content["application/json"]?.schema;
  const parameters = operation.parameters.map(
    ({ name, in: place, required, schema }) =>
      `<tr><td><code>${escaped(name)}</code></td><td>${place}${required ? "" : ", optional"}</td><td>${typeText(schema)}</td></tr>`,
  );
  const answers = Object.entries(operation.responses).map(([status, { description, content }]) => {
    const schema = Object.values(content)[0]?.schema;
    return `<tr><td>${escaped(status)}</td><td>${escaped(description)}</td><td>${schema === undefined ? "" : typeText(schema)}</td></tr>`;
  });
  return `<details><summary><b class="${method}">${method.toUpperCase()}</b> <code>${escaped(path)}</code> <small>${escaped(operation.summary)}${
    operation.security === undefined ? "" : " (session)"
  }</small></summary><table>${parameters.join("")}${
    body === undefined ? "" : `<tr><td>body</td><td></td><td>${typeText(body)}</td></tr>`
  }${answers.join("")}</table></details>`;
}

function schemaTable(schema: JsonObject): string {
  const properties = schema.properties as Record<string, JsonObject> | undefined;
  if (properties === undefined) return `<p>${typeText(schema)}</p>`;
  const required = (schema.required ?? []) as string[];
  const rows = Object.entries(properties).map(
    ([name, field]) =>
      `<tr><td><code>${escaped(name)}</code>${required.includes(name) ? "" : " <small>optional</small>"}</td><td>${typeText(field)}</td><td>${escaped(field.description ?? "")}</td></tr>`,
  );
  return `${schema.description === undefined ? "" : `<p>${escaped(schema.description)}</p>`}<table>${rows.join("")}</table>`;
}

/** A schema in one line. */
function typeText(schema: JsonObject): string {
  if (typeof schema.$ref === "string") {
    const name = escaped(schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1));
    return `<a href="#${name}">${name}</a>`;
  }
  if (Array.isArray(schema.anyOf)) return (schema.anyOf as JsonObject[]).map(typeText).join(" | ");
  if (Array.isArray(schema.enum))
    return schema.enum.map((word) => `<code>${escaped(JSON.stringify(word))}</code>`).join(" | ");
  if (schema.const !== undefined) return `<code>${escaped(JSON.stringify(schema.const))}</code>`;
  if (schema.items !== undefined) return `list of ${typeText(schema.items as JsonObject)}`;
  if (Array.isArray(schema.prefixItems)) return `[${(schema.prefixItems as JsonObject[]).map(typeText).join(", ")}]`;
  const types = [schema.type ?? "any"].flat().map((type) => escaped(type));
  const fields = Object.entries((schema.properties ?? {}) as Record<string, JsonObject>);
  if (fields.length > 0)
    return `{ ${fields.map(([name, field]) => `${escaped(name)}: ${typeText(field)}`).join(", ")} }`;
  return types.join(" or ");
}

function escaped(value: Json): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return String(value).replace(/[&<>"']/g, (character) => entities[character] as string);
}
