import type { MigrationClass } from '@roofshot/storage/migrate';

/**
 * The declared resources of a service. `json`, not `jsonb`: the order of a record's keys is the user's («the first that holds»).
 * A deleted one keeps its row, so that its generation goes on when it comes back and readers never see it fall.
 */
const RESOURCES = `
CREATE TABLE resources (
  kind text NOT NULL,
  name text NOT NULL,
  generation bigint NOT NULL,
  metadata json NOT NULL,
  spec json NOT NULL,
  status json,
  deleted boolean NOT NULL DEFAULT false,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (kind, name)
)`;

/** What of TypeORM's runner a migration needs. */
interface Runner {
  query(text: string): Promise<unknown>;
}

class CreateResources1700000000010 {
  async up(runner: Runner): Promise<void> {
    await runner.query(RESOURCES);
  }

  async down(runner: Runner): Promise<void> {
    await runner.query('DROP TABLE resources');
  }
}

/** Run for every service that owns kinds, before its own migrations. */
export const resourceMigrations: readonly MigrationClass[] = [CreateResources1700000000010];
