/** Light or dark: as the system says, unless this browser was told otherwise. */
import { useState } from 'react';

const key = 'waybill.theme';
const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

export function readTheme(): Theme {
  const stored = localStorage.getItem(key);
  return themes.find((theme) => theme === stored) ?? 'system';
}

export function applyTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}

export function useTheme(): readonly [Theme, () => void] {
  const [theme, setTheme] = useState(readTheme);
  const turn = (): void => {
    const next = themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'system';
    localStorage.setItem(key, next);
    applyTheme(next);
    setTheme(next);
  };
  return [theme, turn];
}
