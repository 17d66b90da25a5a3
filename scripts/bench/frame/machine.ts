import { cpus, totalmem } from "node:os";

/** What the figures were measured on. */
export interface Machine {
  readonly processor: string;
  readonly threads: number;
  readonly memoryGib: number;
  readonly platform: string;
  readonly node: string;
}

export function thisMachine(): Machine {
  const [first] = cpus();
  return {
    processor: first?.model.trim() ?? "unknown",
    threads: cpus().length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
  };
}

export function machineLine({ processor, threads, memoryGib, platform, node }: Machine): string {
  return `${processor}, ${threads} threads, ${memoryGib} GiB, ${platform}, Node ${node}`;
}
