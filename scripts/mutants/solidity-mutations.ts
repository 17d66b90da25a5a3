/** A condition of a contract that is taken for another one while its number is selected. */
export interface SolidityMutation {
  /** Selects it; from 1 on. */
  readonly id: number;
  readonly file: string;
  readonly line: number;
  /** What the source says. */
  readonly before: string;
  readonly change: SolidityChange;
}

/** never, always: the whole condition of a branch; boundary: < for <=, > for >= and back; other: && for || and back, == for != and back. */
export type SolidityChange = "never" | "always" | "boundary" | "other";

/** A node of the compiler's syntax tree; only what is read of it. */
export interface AstNode {
  readonly nodeType: string;
  /** start:length:source, in bytes. */
  readonly src: string;
  readonly operator?: string;
  readonly condition?: AstNode;
  readonly [field: string]: unknown;
}

const BOUNDARIES: Readonly<Record<string, string>> = { "<": "<=", "<=": "<", ">": ">=", ">=": ">" };
const OPPOSITES: Readonly<Record<string, string>> = { "&&": "||", "||": "&&", "==": "!=", "!=": "==" };

/** The library that says which mutant runs: its number stands in the compiled code, in the place of this word. */
export const SELECTOR_WORD = "c1ea4b00cc1ea4b00cc1ea4b00cc1ea4b00cc1ea4b00cc1ea4b00cc1ea4b00c1";
export const SELECTOR_SOURCE = `// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

library Mutant {
    uint256 private constant SELECTED = 0x${SELECTOR_WORD};

    function runs(uint256 id) internal pure returns (bool) {
        return SELECTED == id;
    }
}
`;

/**
 * Makes one source out of all mutants of a file: every condition asks which mutant runs. One compilation serves all of them.
 * Loops' conditions and assembly are left alone.
 */
export class SolidityMutator {
  readonly mutations: SolidityMutation[] = [];

  /** @param selectorPath how the file imports the selector */
  instrument(file: string, source: string, ast: AstNode, selectorPath: string): string {
    const bytes = Buffer.from(source);
    const before = this.mutations.length;
    const text = this.#rendered({ file, bytes, from: 0, to: bytes.length }, childrenOf(ast));
    if (this.mutations.length === before) return source;
    return text.replace(/^pragma solidity [^;]*;$/m, (pragma) => `${pragma}\nimport {Mutant} from "${selectorPath}";`);
  }

  /** The bytes of a range with the mutants of the nodes in it. */
  #rendered(range: { file: string; bytes: Buffer; from: number; to: number }, nodes: readonly AstNode[]): string {
    let text = "";
    let at = range.from;
    const ordered = [...nodes].sort((a, b) => startOf(a) - startOf(b));
    for (const node of ordered) {
      const [start, end] = [startOf(node), startOf(node) + lengthOf(node)];
      if (start < at || end > range.to) continue;
      text += range.bytes.subarray(at, start).toString() + this.#node({ ...range, from: start, to: end }, node);
      at = end;
    }
    return text + range.bytes.subarray(at, range.to).toString();
  }

  #node(range: { file: string; bytes: Buffer; from: number; to: number }, node: AstNode): string {
    const children = childrenOf(node);
    if (node.nodeType === "IfStatement" || node.nodeType === "Conditional") {
      const condition = node.condition as AstNode;
      // Numbers follow the source: the branch's own two come before those inside its condition.
      const never = this.#add(range, condition, "never");
      const always = this.#add(range, condition, "always");
      const marked = { ...condition, clearbookBranch: [never, always] };
      return this.#rendered(
        range,
        children.map((child) => (child === condition ? marked : child)),
      );
    }
    let text = this.#rendered(range, children);
    if (node.nodeType === "BinaryOperation") text = this.#operation(range, node, children, text);
    const branch = node.clearbookBranch as readonly [number, number] | undefined;
    if (branch === undefined) return text;
    return `(!Mutant.runs(${branch[0]}) && (Mutant.runs(${branch[1]}) || (${text})))`;
  }

  #operation(
    range: { file: string; bytes: Buffer; from: number; to: number },
    node: AstNode,
    children: readonly AstNode[],
    text: string,
  ): string {
    const operator = node.operator as string;
    const boundary = BOUNDARIES[operator];
    const other = boundary ?? OPPOSITES[operator];
    const [left, right] = children as [AstNode, AstNode];
    if (other === undefined) return text;
    const id = this.#add(range, node, boundary === undefined ? "other" : "boundary");
    // The mutant's own operands are plain: one mutant runs at a time.
    const plain = (operand: AstNode) =>
      range.bytes.subarray(startOf(operand), startOf(operand) + lengthOf(operand)).toString();
    return `(Mutant.runs(${id}) ? (${plain(left)} ${other} ${plain(right)}) : (${text}))`;
  }

  #add(range: { file: string; bytes: Buffer }, node: AstNode, change: SolidityChange): number {
    const id = this.mutations.length + 1;
    const start = startOf(node);
    const before = range.bytes.subarray(start, start + lengthOf(node)).toString();
    const line = range.bytes.subarray(0, start).toString().split("\n").length;
    this.mutations.push({ id, file: range.file, line, before: before.replace(/\s+/g, " "), change });
    return id;
  }
}

function startOf({ src }: AstNode): number {
  return Number(src.split(":")[0]);
}

function lengthOf({ src }: AstNode): number {
  return Number(src.split(":")[1]);
}

/** Nodes directly below; none of what is no decision of a contract's. */
function childrenOf(node: AstNode): AstNode[] {
  const left = node.nodeType === "ForStatement" || node.nodeType === "WhileStatement" ? ["condition"] : [];
  return Object.entries(node).flatMap(([name, value]) => {
    if (left.includes(name)) return [];
    return (Array.isArray(value) ? value : [value]).filter(isMutable);
  });
}

function isMutable(value: unknown): value is AstNode {
  if (typeof value !== "object" || value === null || !("nodeType" in value) || !("src" in value)) return false;
  const { nodeType, constant } = value as AstNode;
  return nodeType !== "InlineAssembly" && !(nodeType === "VariableDeclaration" && constant === true);
}
