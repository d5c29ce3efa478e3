/** The journey in one process, and as six on one PostgreSQL. */
import { allInOne } from './journey/all-in-one.ts';
import { postgresAndFolder } from './journey/servers.ts';
import { sixProcesses } from './journey/six-processes.ts';
import { theJourney } from './journey/tests.ts';

theJourney([allInOne, sixProcesses('six processes on one PostgreSQL', postgresAndFolder)]);
