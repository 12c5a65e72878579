/** Addresses that show nothing, and pages that could not be shown. */
import { type ErrorComponentProps, Link } from '@tanstack/react-router';
import { Empty, Problem } from '../ui/notes.tsx';

export function NotFound() {
  return (
    <Empty title="There is no such page">
      <p>The address may be of another version of the console.</p>
      <Link to="/" className="button">
        Overview
      </Link>
    </Empty>
  );
}

export function PageFailed({ error, reset }: ErrorComponentProps) {
  return <Problem error={error instanceof Error ? error : new Error('The page could not be shown')} retry={reset} />;
}
