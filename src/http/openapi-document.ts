/** Completes the OpenAPI document: problems as they are really sent, internal routes marked as such. */
import { STATUS_CODES } from 'node:http';
import { Problem } from '../services/schemas.ts';
import { problemMediaType } from './problems.ts';

export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: { readonly [path: string]: { readonly [method: string]: OpenApiOperation } };
  components?: { schemas?: { [name: string]: unknown } };
}

export interface OpenApiOperation {
  operationId?: string;
  tags?: string[];
  parameters?: { name: string; in: string; required?: boolean; schema?: { default?: unknown } }[];
  responses: { [status: string]: OpenApiResponse };
}

export interface OpenApiResponse {
  description: string;
  content?: { [mediaType: string]: { schema?: { properties?: { [name: string]: unknown } } | { $ref: string } } };
}

/**
 * @param json the document as @fastify/swagger derives it from the routes: problems as `application/json`, inline
 * @returns problems as `application/problem+json`, by reference, and one as every operation's default answer
 */
export function completeDocument(json: string): OpenApiDocument {
  const document: unknown = JSON.parse(json);
  if (!isDocument(document)) throw new TypeError('not an OpenAPI document');
  // Cloned: a clone has the schema without TypeBox's symbols.
  const schemas = { ...document.components?.schemas, Problem: structuredClone(Problem) };
  document.components = { ...document.components, schemas };
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const operation of Object.values(operations)) {
      if (path.startsWith('/internal/')) operation.tags = ['internal'];
      for (const parameter of operation.parameters ?? []) {
        // TypeBox requires what has a default, since handlers always see it; callers may leave it out.
        if (parameter.schema?.default !== undefined) parameter.required = false;
      }
      for (const [status, response] of Object.entries(operation.responses)) describe(status, response);
      operation.responses['default'] ??= { description: 'Any other problem', content: problemContent() };
    }
  }
  return document;
}

/** The swagger plugin writes it: its outline is proof enough. */
function isDocument(value: unknown): value is OpenApiDocument {
  return typeof value === 'object' && value !== null && 'openapi' in value && 'paths' in value;
}

function problemContent(): NonNullable<OpenApiResponse['content']> {
  return { [problemMediaType]: { schema: { $ref: '#/components/schemas/Problem' } } };
}

function describe(status: string, response: OpenApiResponse): void {
  const schema = response.content?.['application/json']?.schema;
  const isProblem =
    Number(status) >= 400 && schema !== undefined && 'properties' in schema && schema.properties?.['trace_id'];
  if (isProblem) response.content = problemContent();
  // The swagger plugin's words for a response without a description of its own.
  if (isProblem || response.description === 'Default Response')
    response.description = STATUS_CODES[status] ?? 'Success';
}
