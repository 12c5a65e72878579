/** Builds the console into `console/dist`, as `src/console` serves it. `npx vite console` serves it from its sources. */
import { defineConfig } from 'vite';

/** A running `npm start`, for the routes that a console in development asks. */
const api = process.env['WAYBILL_URL'] ?? 'http://127.0.0.1:3000';

export default defineConfig({
  root: import.meta.dirname,
  base: '/console/',
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: ['chrome125', 'firefox128', 'safari17.5'],
    // A data: URL would need a policy of its own.
    assetsInlineLimit: 0,
    // The polyfill is an inline script, which the policy forbids, and every target knows modulepreload.
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
    // Packages mark modules for React's server components, which there are none of here.
    rolldownOptions: {
      onLog: (level, log, handle) => void (log.code === 'MODULE_LEVEL_DIRECTIVE' || handle(level, log)),
    },
  },
  server: {
    port: 5173,
    proxy: Object.fromEntries(
      ['/console/api', '/orders', '/machines', '/actors', '/inspect'].map((path) => [path, { target: api, ws: true }]),
    ),
  },
});
