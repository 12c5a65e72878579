/** Room for so many at a time. Unlike a limiter it lets who waits see that it is full, and go elsewhere once it closes. */

export interface Room {
  /**
   * Begins `work` as soon as there is room.
   * @param work never rejects
   * @returns once it has begun; false: the room closed first, and it never will
   */
  enter(work: () => Promise<void>): Promise<boolean>;
  /** Sends away who waits, and whoever comes from now on. */
  close(): void;
  /** Resolves once all work that was begun is over. */
  empty(): Promise<void>;
}

export function createRoom(places: number): Room {
  const inside = new Set<Promise<void>>();
  const line: ((admitted: boolean) => void)[] = [];
  let taken = 0;
  let closed = false;

  const leave = (): void => {
    const next = line.shift();
    // The place goes from hand to hand: nobody who comes now gets in before.
    if (next) next(true);
    else taken -= 1;
  };
  const admitted = (): boolean | Promise<boolean> => {
    if (closed) return false;
    if (taken === places) return new Promise((resolve) => line.push(resolve));
    taken += 1;
    return true;
  };
  return {
    async enter(work) {
      if (!(await admitted())) return false;
      const working: Promise<void> = work().finally(() => {
        inside.delete(working);
        leave();
      });
      inside.add(working);
      return true;
    },
    close() {
      closed = true;
      for (const turnAway of line.splice(0)) turnAway(false);
    },
    async empty() {
      while (inside.size > 0) await Promise.all(inside);
    },
  };
}
