import { startPostgresLab } from '../src/events/postgres-lab.ts';
import { killFaults } from './kill.faults.ts';

killFaults('PostgreSQL', startPostgresLab);
killFaults('PostgreSQL behind an outbox', () => startPostgresLab({ behindOutbox: true }));
