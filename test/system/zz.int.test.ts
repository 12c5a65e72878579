import { beforeAll, it } from 'vitest';
import { onEachBackend } from '../support/stack.ts';
onEachBackend('x', (kit) => {
  it('y', async () => {
    const stack = await kit.start({ EDGE_BUDGET_MS: '1000' });
    const productId = await stack.shop.product({ stock: 10 });
    await stack.shop.placed({ items: [{ productId, quantity: 2 }] });
    await new Promise((r) => setTimeout(r, 6000));
    const lines = kit
      .logged()
      .split('\n')
      .filter((l) => /warn|error/.test(l));
    console.log(lines.length, lines.slice(0, 3), lines.at(-1));
  });
});
