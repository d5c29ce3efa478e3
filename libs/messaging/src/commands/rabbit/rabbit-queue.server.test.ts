import { eventually } from '@roofshot/testing/eventually';
import { commandDeliveryConformance } from '../../delivery/command-delivery.conformance.ts';
import { CommandLab } from '../../delivery/command-lab.ts';
import { DeadLetterOffice } from '../../delivery/dead-letter-office.ts';
import { done, handle, reject } from '../../handlers.ts';
import { queueConformance } from '../queue.conformance.ts';
import { startRabbitLab } from './rabbit-lab.ts';

queueConformance('RabbitMQ', startRabbitLab);
commandDeliveryConformance('RabbitMQ', startRabbitLab);

describe('dead letters of a process that RabbitMQ is away from', () => {
  let lab: CommandLab;
  beforeAll(async () => {
    lab = await CommandLab.start(await startRabbitLab());
  }, 180_000);
  afterAll(() => lab.close());

  it('are listed all the same, with a word of what may be missing, and what is sent again waits for it', async () => {
    const command = lab.newCommand();
    await lab.service(command, () => reject('no such unit'));
    await lab.send(command, ['a']);
    const queue = await lab.anotherQueue();
    await queue.ensureQueues([command.queue]);
    await eventually(async () => expect(await lab.office(command).letters()).toHaveLength(1));
    await lab.kill(queue);
    await eventually(() => expect(queue.waitingFor()).not.toEqual([]));
    const office = new DeadLetterOffice(lab.setup(queue), [handle(command, () => done())]);
    const { letters, notices } = await office.find({ queue: command.queue }, { after: 0, limit: 10 });
    expect(letters).toMatchObject([{ messageId: 'a', reason: 'no such unit' }]);
    expect(notices[0]).toMatch(/^Commands that the broker itself put aside may be missing: .*RabbitMQ/);
    expect(await office.redrive([letters[0]?.id ?? 0], 0)).toMatchObject([{ outcome: 'sent' }]);
  });
});
