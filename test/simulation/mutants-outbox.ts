/** Planted in wake rows, the relay, and messages. */
import { edit, inActors, type Mutant } from './mutant.ts';

export const outboxMutants: readonly Mutant[] = [
  {
    fault: 'no wake row behind a lease',
    edits: [inActors('wake', '? effect.lease.untilMs : nowMs + redeliveryMs', '? Infinity : nowMs + redeliveryMs')],
    found: { by: 'O1', within: 10 },
  },
  {
    fault: 'the job is the only wake-up',
    edits: [inActors('wake', ': nowMs + redeliveryMs,', ': Infinity,')],
    found: { by: 'O1', within: 10 },
  },
  {
    fault: 'timers in memory',
    edits: [
      inActors('wake', 'return Math.min(Infinity, ...timers, ...effects);', 'return Math.min(Infinity, ...effects);'),
    ],
    found: { by: 'O1', within: 10 },
  },
  {
    fault: 'no wake row after a machine’s parking has ended',
    edits: [
      inActors(
        'batch',
        '} else if (!locked.wake) {\n      this.#wakeInserts.push({ actorId: row.id, dueAtMs });\n    } else if (mustMoveWake',
        '} else if (locked.wake && mustMoveWake',
      ),
    ],
    found: { by: 'O1', within: 50 },
  },
  {
    fault: 'an actor that has ended keeps its wake row',
    edits: [inActors('batch', 'if (locked.wake) this.#wakeDeletes.push(row.id);', '')],
    found: { by: 'O1', within: 10 },
  },
  {
    fault: 'the relay never publishes again what it published once',
    edits: [
      edit(
        'src/queue/relay.ts',
        '  const runOnce = async',
        '  const once = new Set<string>();\n  const runOnce = async',
      ),
      edit(
        'src/queue/relay.ts',
        'await options.wakeUps.publish(claimed.actorIds);',
        'await options.wakeUps.publish(claimed.actorIds.filter((id) => !once.has(id) && once.add(id)));',
      ),
    ],
    found: { by: 'O2', within: 10 },
  },
  {
    fault: 'a message that has been applied stays',
    edits: [inActors('batch', 'if (plan.consumes) this.#consumed.push(plan.consumes.id);', '')],
    found: { by: 'E2', within: 10 },
  },
  {
    fault: 'a message is consumed before it is applied',
    edits: [
      inActors(
        'decide',
        'return startOf(message.targetId, message.targetMachine, { id: message.targetId }, message.traceparent, context);',
        'return { ...startOf(message.targetId, message.targetMachine, { id: message.targetId }, message.traceparent, context), consumes: message };',
      ),
    ],
    found: { by: 'E2', within: 10 },
  },
  {
    fault: 'messages are not written',
    edits: [inActors('batch', 'messagesSent: this.#sent,', 'messagesSent: [],')],
    found: { by: 'E2', within: 10 },
  },
];
