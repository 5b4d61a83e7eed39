// SPDX-License-Identifier: GPL-2.0-only
import './styles/tokens.css';
import './styles/page.css';
import './styles/form.css';
import './styles/ruler.css';
import './styles/table.css';
import './styles/compare.css';
import { render } from 'preact';
import { App } from './app/app.tsx';

const container = document.querySelector('#app');
if (container === null) throw new Error('index.html has no element with the id "app"');
render(<App />, container);
