// SPDX-License-Identifier: GPL-2.0-only
import { useEffect, useState } from 'preact/hooks';
import { noticesOf } from '../state/link-notices.ts';

/** What the link says that the page does not understand. */
export function LinkNotices() {
  const [notices, setNotices] = useState(() => noticesOf(location.hash));
  useEffect(() => {
    const follow = (): void => setNotices(noticesOf(location.hash));
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  if (notices.length === 0) return null;
  return (
    <ul class="link-notices">
      {notices.map((text) => (
        <li key={text}>{text}</li>
      ))}
    </ul>
  );
}
