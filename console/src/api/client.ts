/** Speaks to the server: JSON in, JSON out, refusals as `ApiProblem`. */

/** A refusal, or no answer at all (status 0). */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly status: number;
  readonly detail: string | null;

  constructor(status: number, title: string, detail: string | null) {
    super(title);
    this.status = status;
    this.detail = detail;
  }
}

export interface Ask {
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/**
 * @returns the body, as the caller says it is: the server checks what it sends against the same schemas
 * @throws ApiProblem
 */
export async function ask<Body>(path: string, { method = 'GET', body, signal }: Ask = {}): Promise<Body> {
  const response = await reach(path, {
    method,
    headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
  });
  if (!response.ok) throw await problemOf(response);
  return (await response.json()) as Body;
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiProblem(0, 'The server does not answer', error instanceof Error ? error.message : null);
  }
}

async function problemOf(response: Response): Promise<ApiProblem> {
  const text = await response.text();
  const body = parsed(text);
  const field = (name: string): string | null => {
    const value = body?.[name];
    return typeof value === 'string' ? value : null;
  };
  return new ApiProblem(response.status, field('title') ?? `Answered ${response.status}`, field('detail'));
}

function parsed(text: string): { readonly [field: string]: unknown } | null {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null ? { ...body } : null;
  } catch {
    return null;
  }
}

/** @param values what is undefined or empty is left out */
export function withQuery(path: string, values: Readonly<Record<string, string | number | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values))
    if (value !== undefined && value !== '') query.set(name, String(value));
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}
