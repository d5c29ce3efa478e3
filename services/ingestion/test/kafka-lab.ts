/** A lab whose log is a Kafka of its own, for the tests of one file. */
import { startServer } from '@roofshot/testing/start-server';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import type { IngestionLab } from './ingestion-lab.ts';

/** Opens the lab before the tests of the file and closes it after them. What else uses the Kafka is opened below this call, and closed above. */
export function openOnKafka(lab: IngestionLab, { partitions }: { readonly partitions: number }): { readonly url: string } {
  let folder: TempDir;
  let kafka: Awaited<ReturnType<typeof startServer>>;
  beforeAll(async () => {
    folder = await tempDir('ingestion-kafka');
    kafka = await startServer('kafka', { folder: folder.path });
    await lab.open(`${kafka.url}?partitions=${partitions}`);
  }, 180_000);
  afterAll(async () => {
    await lab.close();
    await kafka.remove();
    await folder.remove();
  }, 60_000);
  return {
    get url() {
      return kafka.url;
    },
  };
}
