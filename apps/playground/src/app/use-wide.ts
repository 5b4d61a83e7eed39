// SPDX-License-Identifier: GPL-2.0-only
import { useEffect, useState } from 'preact/hooks';

/** From here on there is room for the inputs beside the result. */
const WIDE = '(min-width: 64rem)';

/** Whether the page is wide, followed as it changes. */
export function useWide(): boolean {
  const [wide, setWide] = useState(() => matchMedia(WIDE).matches);
  useEffect(() => {
    const query = matchMedia(WIDE);
    const follow = (): void => setWide(query.matches);
    follow();
    query.addEventListener('change', follow);
    return () => query.removeEventListener('change', follow);
  }, []);
  return wide;
}
