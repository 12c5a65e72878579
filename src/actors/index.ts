/** Durable XState actors on a transactional store. Start with `createActorSystem`; see docs/architecture.md. */
export { createActorSystem } from './system.ts';
export type { ActorSystem, ActorView, Applied, NotApplied, SystemDefinition, SystemLimits } from './system.ts';
export { dryStart, dryStep } from './dry-run.ts';
export type { DryStep } from './dry-run.ts';
export type { Cause } from './interpret.ts';
export { operate, operationCompanionName, retryEvent } from './operate.ts';
export type { Operation } from './operate.ts';
export type { VisitEnd } from './visit.ts';
export type { CompanionCall } from './steps.ts';
export { actorMachine, outcomeOfEvent, pathOf, replay } from './xstate-adapter.ts';
export type { ActorMachine, LiveState, MachineStep } from './xstate-adapter.ts';
export * from './ports.ts';
