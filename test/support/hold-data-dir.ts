/** A program for tests: claims DATA_DIR (`argv[2]`), runs its Postgres, prints what it has, and waits to be killed. */
import { claimDataDir } from '../../src/persistence/claim-data-dir.ts';
import { startEmbeddedPostgres } from '../../src/persistence/embedded-postgres.ts';

const dataDir = process.argv[2] ?? '';
try {
  await claimDataDir(dataDir);
  const { url, port, pid, adopted, clusterDir } = await startEmbeddedPostgres({ dataDir, fsync: false });
  console.log(JSON.stringify({ url, port, pid, adopted, clusterDir }));
  setInterval(() => undefined, 60_000);
} catch (error) {
  console.log(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  process.exitCode = 1;
}
