/** The one door as a process of its own, before services that are processes of their own. */
import { runGateway } from '@roofshot/runtime/run-gateway';
import { consolePage, GATEWAY_PORT } from './front.ts';
import { allServices } from './services.ts';

await runGateway(allServices, { port: GATEWAY_PORT, ...consolePage() });
