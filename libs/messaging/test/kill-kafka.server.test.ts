import { startKafkaLab } from '../src/events/kafka/kafka-lab.ts';
import { killFaults } from './kill.faults.ts';

killFaults('Kafka', startKafkaLab);
