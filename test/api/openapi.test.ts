import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import fastify from "fastify";
import { Type } from "typebox";
import { checkAnswers, get, type TestApi, testApi } from "./api-fixture.ts";

const SNAPSHOT = join(import.meta.dirname, "openapi-paths.json");

interface Operation {
  summary: string;
  tags: string[];
  security?: { session: [] }[];
  responses: Record<string, { content: { "application/json": { schema: Record<string, unknown> } } }>;
  requestBody?: { content: { "application/json": { schema: { $ref: string } } } };
}

interface Document {
  openapi: string;
  tags: { name: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, { properties?: Record<string, unknown>; enum?: string[] }> };
}

describe("the OpenAPI document", () => {
  let api: TestApi;
  let document: Document;
  before(async () => {
    api = testApi(1);
    document = (await get(api.app, "/v1/openapi.json")).body;
  });
  after(async () => {
    await api.app.close();
    expect(api.defects).to.deep.equal([]);
  });

  const operations = () =>
    Object.entries(document.paths).flatMap(([path, methods]) => {
      return Object.entries(methods).map(([method, operation]) => ({ path, method, operation }));
    });

  it("has every route, each with a summary, a chapter and the schemas of its answers", async () => {
    const routes = api.app
      .printRoutes({ commonPrefix: false, includeHooks: false })
      .split("\n")
      .flatMap((line) => {
        const [, methods = ""] = /\(([A-Z, ]+)\)/.exec(line) ?? [];
        return methods.split(", ").filter((method) => method === "GET" || method === "POST");
      });
    expect(operations().length).to.equal(routes.length);
    const tags = document.tags.map(({ name }) => name);
    for (const { path, operation } of operations()) {
      expect(operation.summary, path).to.match(/^[A-Z].*\.$/);
      expect(tags, path).to.include(operation.tags[0]);
      expect(Object.keys(operation.responses), path).to.deep.equal(["200", "4XX", "5XX"]);
      for (const { content } of Object.values(operation.responses)) {
        const [written] = Object.values(content);
        expect(written?.schema, path).to.be.an("object").and.not.deep.equal({});
      }
    }
  });

  it("refers only to what it holds, and holds only what is referred to", () => {
    const text = JSON.stringify(document);
    const referred = new Set([...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map((match) => match[1] as string));
    expect([...referred].sort()).to.deep.equal(Object.keys(document.components.schemas).sort());
    expect(document.openapi).to.equal("3.1.0");
  });

  it("says which routes need a session, and that those answer nobody without", async () => {
    const closed = operations().filter(({ operation }) => operation.security !== undefined);
    expect(closed.length).to.be.above(8);
    for (const { path, method } of closed) {
      const url = path.replace("{id}", "1-1");
      const reply = await api.app.inject({ method: method as "get" | "post", url });
      expect([reply.statusCode, reply.json().code], path).to.deep.equal([401, "SESSION_REQUIRED"]);
    }
  });

  it("keeps its paths, bodies and answers: whoever changes them changes this file too", () => {
    const nameOf = (schema: { $ref?: string; type?: unknown } | undefined) =>
      schema?.$ref?.slice(schema.$ref.lastIndexOf("/") + 1) ?? String(schema?.type ?? "");
    const lines = operations()
      .map(({ path, method, operation }) => {
        const body = nameOf(operation.requestBody?.content["application/json"].schema);
        const answer = nameOf(Object.values(operation.responses["200"]?.content ?? {})[0]?.schema);
        return `${method.toUpperCase()} ${path} ${body === "" ? "" : `(${body}) `}→ ${answer}`;
      })
      .sort();
    const codes = document.components.schemas.WireError?.properties?.code as { enum: string[] };
    const shown = { routes: lines, codes: codes.enum };
    if (process.env.UPDATE_SNAPSHOT !== undefined) writeFileSync(SNAPSHOT, `${JSON.stringify(shown, null, 2)}\n`);
    expect(shown).to.deep.equal(JSON.parse(readFileSync(SNAPSHOT, "utf8")));
  });

  it("comes as a page that loads nothing, from here or elsewhere", async () => {
    const reply = await api.app.inject({ method: "GET", url: "/docs" });
    expect(reply.statusCode).to.equal(200);
    expect(reply.headers["content-type"]).to.contain("text/html");
    expect(reply.headers["content-security-policy"]).to.contain("default-src 'none'");
    expect(reply.body).to.not.match(/<script|<img|<link|@import|src=|https?:\/\//);
    for (const { path } of operations()) expect(reply.body).to.contain(`<code>${path}</code>`);
    for (const name of Object.keys(document.components.schemas)) expect(reply.body).to.contain(`id="${name}"`);
  });

  it("is checked against every answer of these tests: one that differs is a defect", async () => {
    const app = fastify();
    const defects: unknown[] = [];
    const schema = { response: { 200: Type.Object({ a: Type.Integer() }, { additionalProperties: false }) } };
    app.get("/good", { schema }, () => ({ a: 1 }));
    app.get("/more", { schema }, () => ({ a: 1, b: 2 }));
    app.get("/other", { schema }, () => ({ a: 0.5 }));
    checkAnswers(app, defects);
    for (const url of ["/good", "/more", "/other"]) await app.inject({ url });
    await app.close();
    expect(defects.map((defect) => (defect as Error).message.slice(0, 14))).to.deep.equal([
      "GET /more 200:",
      "GET /other 200",
    ]);
  });
});
