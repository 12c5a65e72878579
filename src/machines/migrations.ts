/** What takes actors of versions that are no longer listed in `index.ts` to one that is. */

/**
 * Empty as long as every version with unfinished actors is still listed. Add an entry when an old version is to go:
 *
 *     {
 *       machine: 'order',
 *       from: '1',
 *       to: '2',
 *       // Old path → new path, for states that were renamed, moved or removed; all others keep theirs.
 *       states: { 'fulfilling.reservingInventory': 'fulfilling.reservingStock' },
 *       // Only if the new version's context has another shape.
 *       context: (context: object) => ({ ...context, gift: false }),
 *     },
 *
 * Then `waybill machines check` says what it would do to every actor that is stored. Docs: docs/operations.md, "Upgrading
 * a machine".
 */
export const migrations = [] as const;
