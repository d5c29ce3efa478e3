import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';

const root = document.getElementById('root');
if (root === null) throw new Error('The page has no element "root" to be drawn into. Build it again: npm run bootstrap.');
createRoot(root).render(<App />);
