/** What is around every page: where one can go, whether the stream is open, and the keys. */
import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { type LiveState, useLive } from '../api/live.ts';
import { parkedQuery, sessionQuery } from '../api/queries.ts';
import { GoToOrder } from './go-to-order.tsx';
import { Icon, type IconName, Mark } from './icons.tsx';
import { ShortcutHelp } from './shortcut-help.tsx';
import { useShortcuts } from './shortcuts.ts';
import { useTheme } from './theme.ts';

interface Place {
  readonly to: '/' | '/orders' | '/machines' | '/parked' | '/demo';
  readonly name: string;
  readonly icon: IconName;
  readonly key: string;
}

const places: readonly Place[] = [
  { to: '/', name: 'Overview', icon: 'overview', key: 'g h' },
  { to: '/orders', name: 'Orders', icon: 'orders', key: 'g o' },
  { to: '/parked', name: 'Parked', icon: 'parked', key: 'g p' },
  { to: '/machines', name: 'Machines', icon: 'machines', key: 'g m' },
  { to: '/demo', name: 'Demo', icon: 'demo', key: 'g d' },
];

export function Shell() {
  const navigate = useNavigate();
  const live = useLive();
  const { data: session } = useQuery(sessionQuery);
  const { data: parked } = useQuery(parkedQuery);
  const [open, setOpen] = useState<'help' | 'go' | null>(null);
  const shown = places.filter(({ to }) => to !== '/demo' || session?.has_demo === true);
  useShortcuts({
    '?': () => setOpen('help'),
    '/': () => setOpen('go'),
    ...Object.fromEntries(shown.map(({ to, key }) => [key, () => void navigate({ to })])),
  });
  return (
    <div className="shell">
      <a className="skip-link" href="#main">
        Skip to the page
      </a>
      <div className="rail">
        <Link to="/" className="brand">
          <Mark />
          Waybill
        </Link>
        <nav aria-label="Console">
          {shown.map(({ to, name, icon }) => (
            <Link
              key={to}
              to={to}
              className="rail-link"
              activeProps={{ className: 'is-active' }}
              activeOptions={{ exact: to === '/', includeSearch: false }}
            >
              <Icon name={icon} />
              {name}
              {to === '/parked' && parked && parked.actors > 0 ? (
                <span className="rail-count">
                  {parked.actors}
                  <span className="visually-hidden"> parked</span>
                </span>
              ) : null}
            </Link>
          ))}
        </nav>
        <RailFoot live={live} version={session?.version ?? ''} onOpen={setOpen} />
      </div>
      <main className="main" id="main" tabIndex={-1}>
        <Outlet />
        <div className="phone-foot">
          <RailFoot live={live} version={session?.version ?? ''} onOpen={setOpen} />
        </div>
      </main>
      {open === 'help' ? <ShortcutHelp onClose={() => setOpen(null)} /> : null}
      {open === 'go' ? <GoToOrder onClose={() => setOpen(null)} /> : null}
    </div>
  );
}

const liveNames: Readonly<Record<LiveState, string>> = { connecting: 'Connecting', open: 'Live', lost: 'Reconnecting' };

interface RailFootProps {
  readonly live: LiveState;
  readonly version: string;
  readonly onOpen: (what: 'help' | 'go') => void;
}

function RailFoot({ live, version, onOpen }: RailFootProps) {
  const [theme, turnTheme] = useTheme();
  const themeName = theme === 'system' ? 'auto' : theme;
  return (
    <div className="rail-foot">
      <button type="button" className="button" onClick={() => onOpen('go')}>
        Go to order <kbd>/</kbd>
      </button>
      <div className="rail-foot-row">
        <span className={`live is-${live}`} role="status">
          {liveNames[live]}
        </span>
        <button type="button" className="copy" onClick={turnTheme} aria-label={`Colours: ${themeName}; change`}>
          {themeName}
        </button>
        <button type="button" className="copy" onClick={() => onOpen('help')} aria-label="Keyboard shortcuts">
          ?
        </button>
      </div>
      <span>Waybill {version}</span>
    </div>
  );
}
