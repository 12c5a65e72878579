/** The machines of the shop, as the runtime takes them: each with its version. Running actors stay on theirs. */
import { orderMachine } from './order.ts';
import { orderNoticeMachine } from './order-notice.ts';

export { orderMachine, orderNoticeMachine };
export { noticeIdOf } from './order-ending.ts';

/** Old versions stay listed until no actor is on them. */
export const machines = [
  { machine: orderMachine, version: '1' },
  { machine: orderNoticeMachine, version: '1' },
] as const;
