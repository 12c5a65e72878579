/**
 * Which pages may open a WebSocket here. Browsers let any page open one to any address, this machine's included, and
 * there is no authentication: the Origin header, which a page cannot forge, is all there is to judge by.
 */
import { isIP } from 'node:net';

/**
 * Allowed: no page at all (tools send no Origin), a page of this very server, and those named.
 * @param origins as browsers send them: `https://tools.example.com`
 */
export function isAllowedOrigin(
  { origin, host }: { readonly origin?: string | undefined; readonly host?: string | undefined },
  origins: readonly string[],
): boolean {
  if (origin === undefined || origins.includes(origin)) return true;
  return URL.parse(origin)?.host === host && isOwnHost(host);
}

/**
 * A name that somebody else's DNS decides about is not enough: it may have led their page here (DNS rebinding), and then
 * Origin and Host are the same. Addresses and `localhost` lead nowhere else.
 */
function isOwnHost(host: string | undefined): boolean {
  const name = host === undefined ? undefined : URL.parse(`http://${host}`)?.hostname;
  if (name === undefined) return false;
  return name === 'localhost' || isIP(name.replace(/^\[(.*)\]$/, '$1')) > 0;
}
