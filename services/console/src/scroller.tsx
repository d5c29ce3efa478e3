import { useLayoutEffect, useRef, useState, type ReactNode } from 'react';

interface ScrollerProps {
  readonly label: string;
  /** What it has many of: `decisions`. */
  readonly things: string;
  readonly children: ReactNode;
}

/** A list of its own height that shows, in a line below it, that there is more than can be seen. */
export function Scroller({ label, things, children }: ScrollerProps): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const [rest, setRest] = useState<'none' | 'more' | 'end'>('none');
  const look = (): void => {
    const { scrollHeight = 0, clientHeight = 0, scrollTop = 0 } = box.current ?? {};
    if (scrollHeight <= clientHeight + 1) setRest('none');
    else setRest(scrollTop + clientHeight >= scrollHeight - 1 ? 'end' : 'more');
  };
  useLayoutEffect(look); // its content has changed, perhaps
  useLayoutEffect(() => {
    window.addEventListener('resize', look);
    return () => window.removeEventListener('resize', look);
  }, []);
  return (
    <div className="scroller" data-rest={rest}>
      <div className="scroll" ref={box} tabIndex={0} role="region" aria-label={label} onScroll={look}>
        {children}
      </div>
      {rest !== 'none' && <p className="rest">{rest === 'more' ? `↓ scroll for more ${things}` : `that is all; ↑ for newer ${things}`}</p>}
    </div>
  );
}
