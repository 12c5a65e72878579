/** What the pages need to know once. */
import { type Static, Type } from '@sinclair/typebox';
import { Instant } from '../../services/schemas.ts';
import { Text } from './parts.ts';

/** What the pages need to know once. */
export const Session = Type.Object({
  version: Type.String({ description: 'Of Waybill' }),
  now: Instant,
  has_demo: Type.Boolean(),
  machines: Type.Array(Type.Object({ id: Text, versions: Type.Array(Text, { description: 'Oldest first' }) })),
  order_machine: Type.String({ description: 'The machine whose actors are orders' }),
});

export type Session = Static<typeof Session>;
