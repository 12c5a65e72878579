/** A worker process that takes wake-ups and never finishes one: it is there to be killed. Says the id of each it took. */
import { openConsumer, type QueueTarget } from '../../src/queue/backend.ts';

const target = JSON.parse(process.argv[2] ?? '') as QueueTarget;

openConsumer(
  target,
  (actorId) => {
    console.log(`took ${actorId}`);
    return new Promise(() => undefined);
  },
  { concurrency: 5, giveBack: () => Promise.resolve(), onError: (error) => console.error(error.message) },
);
