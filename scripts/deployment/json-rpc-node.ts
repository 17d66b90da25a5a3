interface JsonRpcAnswer {
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

/** What a node refused, as the deployment engine wants to read it: with the revert's bytes. */
export class JsonRpcError extends Error {
  override readonly name = "JsonRpcError";
  readonly code: number;
  readonly data: unknown;
  constructor({ code, message, data }: NonNullable<JsonRpcAnswer["error"]>) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

/** A node of a chain, asked over HTTP without any interpretation of its answers. */
export class JsonRpcNode {
  readonly #url: string;
  #nextId = 1;

  constructor(url: string) {
    this.#url = url;
  }

  async ask(method: string, params: readonly unknown[] | object): Promise<unknown> {
    const response = await fetch(this.#url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: this.#nextId++, method, params }),
    });
    const answer = (await response.json()) as JsonRpcAnswer;
    if (answer.error !== undefined) throw new JsonRpcError(answer.error);
    return answer.result;
  }
}
