import { type Static, Type } from "typebox";
import { Ms, nullable, STRICT, Text, TextOrNull, Whole } from "./field.ts";

/** A digest or a head of the journal's hash chain. */
const HashText = Type.String({ description: "0x and 64 lower-case hexadecimal digits." });

/** Position and proof of a command: docs/protocol.md §11. */
export const WireReceipt = Type.Object(
  {
    command: Type.Integer({ description: "Number of the command in the journal." }),
    acceptedAtMs: Ms,
    previousHead: HashText,
    digest: HashText,
    head: HashText,
    path: Type.Array(HashText, { description: "Digests of the commands after it, through the group's last." }),
    lastCommand: Whole,
    groupHead: HashText,
    signature: Type.String({
      description: "The operator's, over EIP-712 ReceiptGroup(uint64 lastCommand,uint256 journalHead): r, s and v.",
    }),
  },
  { ...STRICT, description: "The operator's signed word that a command has its place in the journal." },
);
export type WireReceipt = Static<typeof WireReceipt>;

/** In acknowledgements. */
export const ReceiptOrNull = nullable(WireReceipt, "null only where the operator gives none.");

export const WireReceipts = Type.Object(
  {
    signer: { ...TextOrNull, description: "Address of the key that signs; null where none does." },
    firstCommand: Type.Integer({ description: "Oldest command that there are receipts of." }),
    lastCommand: Type.Integer({ description: "Newest durable command." }),
    receipts: Type.Array(WireReceipt, { description: "Of consecutive commands." }),
  },
  STRICT,
);
export type WireReceipts = Static<typeof WireReceipts>;

export const WireDigests = Type.Object(
  {
    firstCommand: Type.Integer({ description: "Oldest command whose digest is served." }),
    lastCommand: Type.Integer({ description: "Newest durable command." }),
    from: Type.Integer({ description: "Command of the first digest." }),
    previousHead: Type.String({ description: "Head before it." }),
    digests: Type.Array(Text),
  },
  STRICT,
);
export type WireDigests = Static<typeof WireDigests>;
