/** The machine whose actors are orders; each has its order's id. */
export const orderMachineId = 'order';
