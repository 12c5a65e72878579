/** A process of the running test: it ends with the test. */
import { onTestFinished } from 'vitest';
import { type Environment, type Member, startMember } from './fleet.ts';

/** As `startMember`. */
export async function member(roles: string, environment: Environment, bin?: string): Promise<Member> {
  const started = await startMember(roles, environment, bin);
  onTestFinished(() => started.kill());
  return started;
}
