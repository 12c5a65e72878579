/** What the console's routes are registered on. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';

export type ConsoleApp = Parameters<FastifyPluginAsyncTypebox>[0];
