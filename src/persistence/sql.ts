/** The SQL tag, and row types: a TypeBox object becomes the Standard Schema that Slonik parses rows with. */
import type { Static, TSchema } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { createSqlTag, type Interceptor, SchemaValidationError } from 'slonik';

/** `sql.typeAlias('void')` is for statements whose rows nobody reads. */
export const sql = createSqlTag({ typeAliases: { void: anyRow() } });

/** The part of the Standard Schema interface (standardschema.dev, version 1) that Slonik uses. */
export interface RowSchema<T> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: 'typebox';
    readonly validate: (
      value: unknown,
    ) => { readonly value: T } | { readonly issues: readonly { readonly message: string }[] };
    readonly types?: { readonly input: T; readonly output: T } | undefined;
  };
}

/** Types and checks the rows of a query: `sql.type(row(Type.Object({ … })))`. Compile once, at module level. */
export function row<S extends TSchema>(schema: S): RowSchema<Static<S>> {
  const compiled = TypeCompiler.Compile(schema);
  return {
    '~standard': {
      version: 1,
      vendor: 'typebox',
      validate: (value) =>
        compiled.Check(value)
          ? { value }
          : { issues: [...compiled.Errors(value)].map((e) => ({ message: `${e.path}: ${e.message}` })) },
    },
  };
}

function anyRow(): RowSchema<unknown> {
  return { '~standard': { version: 1, vendor: 'typebox', validate: (value) => ({ value }) } };
}

/** Slonik only carries a query's schema; this interceptor applies it to every row. */
export const rowParser: Interceptor = {
  name: 'row-parser',
  transformRow: (context, query, actualRow) => {
    const schema = context.resultParser;
    if (!schema) return actualRow;
    const result = schema['~standard'].validate(actualRow);
    if (result instanceof Promise) throw new TypeError('row schemas are synchronous');
    if (result.issues) throw new SchemaValidationError(query, actualRow, result.issues);
    return actualRow;
  },
};
