/** The embedded PostgreSQL cannot be had as asked for. The message is one line that says what to do. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
}
