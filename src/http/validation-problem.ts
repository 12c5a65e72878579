/** Words what a schema refused: which part of the request, which field, and what is expected there. */
import type { FastifySchemaValidationError } from 'fastify/types/schema.js';
import type { ProblemInit } from './problems.ts';

/**
 * A 400 `validation_error` whose `detail` names the first refused field, and whose `errors` list all that were found.
 * It quotes names, never values: those may be personal.
 * @param location the part of the request, as Fastify names it
 */
export function validationProblem(found: readonly FastifySchemaValidationError[], location: string): ProblemInit {
  const errors = found.slice(0, maxErrors).map((error) => ({
    location: locationNames[location] ?? location,
    path: pathOf(error),
    message: messageOf(error),
  }));
  const first = errors[0];
  const detail = first && `${[first.location, first.path].filter((part) => part !== '').join(' ')} ${first.message}.`;
  return { status: 400, error: 'validation_error', title: 'The request is not valid', detail, errors };
}

const maxErrors = 10;
const maxNameLength = 100;
/** Fastify's words, in the words of OpenAPI. */
const locationNames: Readonly<Record<string, string>> = { querystring: 'query', params: 'path', headers: 'header' };

/** A JSON Pointer to the field that is wrong, missing or unknown. */
function pathOf(error: FastifySchemaValidationError): string {
  const { missingProperty, additionalProperty } = error.params;
  const name = error.keyword === 'required' ? missingProperty : additionalProperty;
  if (typeof name !== 'string') return error.instancePath;
  const pointer = name.slice(0, maxNameLength).replaceAll('~', '~0').replaceAll('/', '~1');
  return `${error.instancePath}/${pointer}`;
}

function messageOf(error: FastifySchemaValidationError): string {
  switch (error.keyword) {
    case 'required':
      return 'is required';
    case 'additionalProperties':
      return 'is not a known field';
    case 'enum':
      return `must be one of ${JSON.stringify(error.params['allowedValues'])}`;
    case 'const':
      return `must be ${JSON.stringify(error.params['allowedValue'])}`;
    default:
      return error.message ?? 'is not valid';
  }
}
