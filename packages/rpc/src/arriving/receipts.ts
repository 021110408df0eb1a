/** Passes the ownership of a message's room. */
export interface Receipt {
  /** The method calls it when it gets the message, and must release the room from then on. */
  readonly claim: () => void;
  /** Frees the room. A second call is no error. */
  readonly release: () => void;
}

/** Keyed by the message, since grpc-js passes on nothing else. */
const receipts = new WeakMap<object, Receipt>();

export function giveReceipt(message: unknown, receipt: Receipt): void {
  if (typeof message === "object" && message !== null) receipts.set(message, receipt);
}

/** @returns a function that releases the message's room. */
export function claimMessage(message: object): () => void {
  const receipt = receipts.get(message);
  receipt?.claim();
  return () => receipt?.release();
}
