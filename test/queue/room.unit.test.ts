/** Room for so many: who is let in, who waits, and who is sent away. */
import { expect, test } from 'vitest';
import { createRoom } from '../../src/queue/room.ts';

/** Work that goes on until it is told to end. */
function held() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { work: () => promise, end: resolve };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('lets in as many as there are places, and the next in the order they came', async () => {
  const room = createRoom(2);
  const works = [held(), held(), held(), held()];
  const inside: number[] = [];
  const entered = works.map(({ work }, i) => room.enter(work).then((begun) => begun && inside.push(i)));
  await turn();
  expect(inside).toEqual([0, 1]);
  works[1]?.end();
  await turn();
  expect(inside).toEqual([0, 1, 2]);
  works[0]?.end();
  await Promise.all(entered);
  expect(inside).toEqual([0, 1, 2, 3]);
});

test('has begun the work of whom it lets in, and does not wait for its end', async () => {
  const room = createRoom(1);
  const { work, end } = held();
  expect(await room.enter(work)).toBe(true);
  let empty = false;
  const emptied = room.empty().then(() => (empty = true));
  await turn();
  expect(empty).toBe(false);
  end();
  await emptied;
});

test('once closed sends away who waits and who comes, and what was begun goes on', async () => {
  const room = createRoom(1);
  const { work, end } = held();
  await room.enter(work);
  const waits = room.enter(() => Promise.reject(new Error('it was begun')));
  room.close();
  expect([await waits, await room.enter(() => Promise.reject(new Error('it was begun')))]).toEqual([false, false]);
  end();
  await room.empty();
});
