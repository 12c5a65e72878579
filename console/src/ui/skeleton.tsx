/** Where something is going to be. */
export function Skeleton({
  className = '',
  label = 'Loading',
}: {
  readonly className?: string;
  readonly label?: string;
}) {
  return (
    <div className={`skeleton ${className}`} role="status">
      <span className="visually-hidden">{label}</span>
    </div>
  );
}
