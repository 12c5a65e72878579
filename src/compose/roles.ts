/** Which roles a process has. */
import { type Config, type Role, roles as allRoles } from '../config.ts';

export const serves = (config: Config, ...any: Role[]): boolean => any.some((role) => config.roles.includes(role));

export const servesRequests = (config: Config): boolean =>
  serves(config, 'edge', 'orders', 'inventory', 'payments', 'console');

/** What a process calls itself in logs and traces. */
export const roleName = (config: Config): string => (hasAllRoles(config) ? 'all' : config.roles.join(','));

export const hasAllRoles = (config: Config): boolean => config.roles.length === allRoles.length;
