/** The console's few icons, as lines of 24 × 24. */
const paths = {
  overview: 'M4 13h6V4H4zM14 20h6v-9h-6zM4 20h6v-3H4zM14 7h6V4h-6z',
  orders: 'M5 4h14v16l-3-2-2.500 2-1.500-2-1.500 2L8 18l-3 2zM9 9h6M9 13h6',
  machines: 'M4 6h6v5H4zM14 13h6v5h-6zM10 8.500h4.500a2 2 0 0 1 2 2V13M7 11v4a2 2 0 0 0 2 2h5',
  parked:
    'M12 8v5M12 16.500v.2M10.300 4.500 3.200 17a2 2 0 0 0 1.700 3h14.200a2 2 0 0 0 1.700-3L13.700 4.500a2 2 0 0 0-3.400 0z',
  demo: 'M10 3v6L4.500 18a2 2 0 0 0 1.700 3h11.600a2 2 0 0 0 1.700-3L14 9V3M8.500 3h7M7 15h10',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}

export function Mark() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#3f5bd9" />
      <path
        d="M6 10l4.500 12L16 11l5.500 11L26 10"
        fill="none"
        stroke="#fff"
        strokeWidth="3"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
