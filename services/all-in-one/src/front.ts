import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const CONSOLE = fileURLToPath(new URL('../../console/dist', import.meta.url));

/** Where the gateway finds the console. Built by `npm run bootstrap`; without it the gateway answers the API alone. */
export const consolePage = (): { readonly staticDir?: string } => (existsSync(CONSOLE) ? { staticDir: CONSOLE } : {});

/** Of the one door, whether the services behind it are of its process or not. */
export const GATEWAY_PORT = 4100;
