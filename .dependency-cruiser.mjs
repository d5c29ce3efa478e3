// Who may import whom: contracts <- libs <- services <- all-in-one. Code rules are in .oxlintrc.json.

/** Files that only tests and the project's own scripts run; a `-lab` is what several tests set up in the same way. */
const TEST = '\\.(test|conformance)\\.tsx?$|-lab\\.ts$|/test/|^libs/testing/|^(scripts|observability)/';
const CLIENTS = 'kafkajs|amqplib|pg|pg-[^/]+|typeorm|ioredis|redis|@redis/[^/]+';

/** The one pair that may: a log record takes fields from the context of the work, and that context holds fields of a record. */
const CONTEXT_AND_RECORD = '^libs/telemetry/src/(context|log-record)\\.ts$';

/** @type {import('dependency-cruiser').IConfiguration} */
const configuration = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one file, or the shared part belongs in a third.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-cycles-of-types',
      comment: 'The same, where an `import type` closes the loop: it runs, and still nobody can read one file without the other.',
      severity: 'error',
      from: { pathNot: CONTEXT_AND_RECORD },
      to: { circular: true, via: { dependencyTypes: ['type-only'] } },
    },
    {
      name: 'import-resolves',
      comment: 'The file does not exist, or the package does not list it: another package is imported by a subpath of its exports.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'contracts-stand-alone',
      comment: 'Contracts are read by every service and by other languages: TypeBox and nothing else.',
      severity: 'error',
      from: { path: '^contracts/src/' },
      to: { pathNot: '^contracts/|/node_modules/typebox/|^node_modules/typebox/' },
    },
    {
      name: 'libs-below-services',
      comment: 'A library knows no service; what it needs from one is passed in.',
      severity: 'error',
      from: { path: '^(contracts|libs)/', pathNot: TEST },
      to: { path: '^(services|examples|scripts)/' },
    },
    {
      name: 'services-talk-by-messages',
      comment: 'A service never imports another one: they meet in contracts, topics, commands and HTTP.',
      severity: 'error',
      from: { path: '^services/(?!all-in-one/|cli/)([^/]+)/' },
      to: { path: '^services/', pathNot: '^services/$1/' },
    },
    {
      name: 'cli-starts-all-in-one',
      comment: 'The command line runs the all-in-one and otherwise speaks HTTP.',
      severity: 'error',
      from: { path: '^services/cli/' },
      to: { path: '^services/', pathNot: '^services/(cli|all-in-one)/' },
    },
    {
      name: 'clients-behind-ports',
      comment: 'Brokers and databases are reached through the ports of libs/messaging and libs/storage.',
      severity: 'error',
      from: {
        path: '^(contracts|libs|services)/',
        pathNot: '^libs/(messaging|storage)/|^libs/testing/src/servers/|^services/[^/]+/migrations/',
      },
      to: { path: `node_modules/(${CLIENTS})/` },
    },
    {
      name: 'audit-stands-apart',
      comment: 'The audit of features recomputes them by code that shares nothing with what served them, or it would share its mistakes.',
      severity: 'error',
      from: { path: '^services/features/src/audit/', pathNot: TEST },
      to: { path: '^libs/feature-defs/' },
    },
    {
      name: 'tests-not-in-production',
      comment: 'Code that runs in production imports neither tests nor what only tests need.',
      severity: 'error',
      from: { path: '^(contracts|libs|services)/', pathNot: TEST },
      to: { path: TEST },
    },
  ],
  options: {
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|\\.cache|\\.venv|test-results)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.json'],
    },
  },
};

export default configuration;
