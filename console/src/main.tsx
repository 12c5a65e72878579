/** Starts the console in its page. */
import './styles/tokens.css';
import './styles/base.css';
import './styles/shell.css';
import './styles/widgets.css';
import './styles/chart.css';
import './styles/pages.css';
import './styles/order.css';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ApiProblem } from './api/client.ts';
import { warmUp } from './chart/elk.ts';
import { createConsoleRouter } from './router.tsx';
import { applyTheme, readTheme } from './shell/theme.ts';

applyTheme(readTheme());
warmUp();

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 1_000,
      // What the server has refused it will refuse again.
      retry: (failures, error) =>
        failures < 2 && !(error instanceof ApiProblem && error.status >= 400 && error.status < 500),
    },
  },
});

const root = document.getElementById('console');
if (!root) throw new Error('the page has no place for the console');
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <RouterProvider router={createConsoleRouter()} />
    </QueryClientProvider>
  </StrictMode>,
);
