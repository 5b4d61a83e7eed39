// SPDX-License-Identifier: GPL-2.0-only
import './styles/tokens.css';
import './styles/page.css';
import './styles/form.css';
import './styles/inspector.css';
import './styles/register.css';
import './styles/paste.css';
import './styles/table.css';
import './styles/compare.css';
import './styles/learn.css';
import { render } from 'preact';
import { App } from './app/app.tsx';
import { setOwnerColors } from './bits/owners.ts';

const container = document.querySelector('#app');
if (container === null) throw new Error('index.html has no element with the id "app"');
setOwnerColors(document.documentElement);
render(<App />, container);
