/** The room that a message takes, and what becomes of it. */
export interface Receipt {
  /** Called by what answers the call, when it has got the message: from then on it has to release it. */
  readonly claim: () => void;
  /** Called when the message is needed no more; again is no error. */
  readonly release: () => void;
}

/** By message: grpc-js hands on nothing beside it. */
const receipts = new WeakMap<object, Receipt>();

export function giveReceipt(message: unknown, receipt: Receipt): void {
  if (typeof message === "object" && message !== null) receipts.set(message, receipt);
}

/** @returns what releases the message's room. */
export function claimMessage(message: object): () => void {
  const receipt = receipts.get(message);
  receipt?.claim();
  return () => receipt?.release();
}
