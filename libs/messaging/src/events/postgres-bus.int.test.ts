import { deliveryConformance } from '../delivery/delivery.conformance.ts';
import { busConformance } from './bus.conformance.ts';
import { startPostgresLab } from './postgres-lab.ts';

busConformance('PostgreSQL', startPostgresLab);
deliveryConformance('PostgreSQL', startPostgresLab);
