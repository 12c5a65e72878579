/** `npm run trace`: starts a small Waybill, kills a worker in the middle of an order, and prints the order's trace as a tree. */
import { startEmbeddedPostgres } from '../../src/persistence/embedded-postgres.ts';
import { migrate } from '../../src/persistence/migrate.ts';
import { type Member, startMember } from '../support/fleet.ts';
import { temporaryDataDir } from '../support/temporary-data-dir.ts';
import { crashedOrder } from './crashed-order.ts';
import { startOtlpReceiver } from './otlp-receiver.ts';
import { traceTree } from './trace-tree.ts';

const { path: dataDir, remove } = await temporaryDataDir();
const receiver = await startOtlpReceiver();
const members: Member[] = [];
// The reaper keeps nobody alive who waits for it.
const alive = setInterval(() => {}, 60_000);
try {
  const postgres = await startEmbeddedPostgres({ dataDir, fsync: false });
  await migrate(postgres.url);
  const start: typeof startMember = async (...asked) => {
    const member = await startMember(...asked);
    members.push(member);
    return member;
  };
  const order = await crashedOrder(start, { DATABASE_URL: postgres.url }, receiver);
  process.stdout.write(`trace ${order.traceId} of order ${order.id}\n${traceTree(order.spans).join('\n')}\n`);
} finally {
  await Promise.all(members.map((member) => member.kill()));
  await receiver.close();
  await remove();
  clearInterval(alive);
}
process.exit();
