/** Tells a wrong method (405, with Allow) from an unknown path (404). */
import type { App } from './app.ts';

/** Answers requests that match no route. Must run before routes are registered: it collects them. */
export function answerMethodNotAllowed(app: App): void {
  const routes: { readonly pattern: RegExp; readonly methods: readonly string[] }[] = [];
  app.addHook('onRoute', (route) => {
    routes.push({ pattern: pathPattern(route.url), methods: [route.method].flat() });
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '';
    const allowed = new Set(routes.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods));
    if (allowed.size === 0) {
      return reply.problem({ status: 404, error: 'not_found', title: 'There is nothing at this path' });
    }
    return reply.header('allow', [...allowed].toSorted().join(', ')).problem({
      status: 405,
      error: 'method_not_allowed',
      title: 'This path does not take this method',
      allowed: [...allowed].toSorted(),
    });
  });
}

/** The paths of a route pattern, as far as parameters and wildcards go. */
function pathPattern(url: string): RegExp {
  const source = url
    .split('/')
    .map((part) => (part.startsWith(':') ? '[^/]*' : part.endsWith('*') ? '.*' : part.replaceAll(/[^\w]/g, '\\$&')))
    .join('/');
  return new RegExp(`^${source}$`);
}
