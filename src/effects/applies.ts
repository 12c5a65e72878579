/** What a local participant needs of its service, whatever the transactions of the store are. */
export interface Applies<Tx, Request, Outcome> {
  /** Applies requests of a batch in the caller's transaction. @returns one outcome per request, in the same order */
  apply(tx: Tx, requests: readonly Request[], nowMs: number): Promise<readonly Outcome[]>;
}
