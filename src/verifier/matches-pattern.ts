/** Says where a state lies, by a pattern of paths. */

/**
 * Whether one of the states lies where a pattern says.
 * @param pattern a path, standing for all states in it; `*` for any one name
 */
export function matchesPattern(leaves: readonly string[], pattern: string): boolean {
  const wanted = pattern.split('.');
  return leaves.some((leaf) => {
    const names = leaf.split('.');
    return wanted.every((name, i) => name === names[i] || (name === '*' && names[i] !== undefined));
  });
}
