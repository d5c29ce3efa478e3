import { useEffect, useState, type ReactNode } from 'react';

const THEMES = ['auto', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];
const KEY = 'roofshot.theme';

export function ThemeSwitch(): ReactNode {
  const [theme, choose] = useState<Theme>(rememberedTheme);
  useEffect(() => {
    if (theme === 'auto') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme;
    localStorage.setItem(KEY, theme);
  }, [theme]);
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'auto';
  return (
    <button type="button" className="quiet" onClick={() => choose(next)} title={`Change to ${next}`}>
      Theme: {theme}
    </button>
  );
}

function rememberedTheme(): Theme {
  const remembered = localStorage.getItem(KEY);
  return THEMES.find((theme) => theme === remembered) ?? 'auto';
}
