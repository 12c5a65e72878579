/** The machines of the shop, as the runtime takes them: each with its version. Running actors stay on theirs. */
import { orderMachine } from './order.ts';
import { orderEnvironment } from './order-environment.ts';
import { orderNoticeMachine } from './order-notice.ts';
import { orderNoticeEnvironment } from './order-notice-environment.ts';

export { orderMachine, orderNoticeMachine };
export { orderAnswers } from './order-answers.ts';
export { noticeIdOf } from './order-ending.ts';

/** Old versions stay listed until no actor is on them. The environment is what a version is verified against. */
export const machines = [
  { machine: orderMachine, version: '1', environment: orderEnvironment },
  { machine: orderNoticeMachine, version: '1', environment: orderNoticeEnvironment },
] as const;
