import { deliveryConformance } from '../../delivery/delivery.conformance.ts';
import { busConformance } from '../bus.conformance.ts';
import { startKafkaLab } from './kafka-lab.ts';

busConformance('Kafka', startKafkaLab);
deliveryConformance('Kafka', startKafkaLab);
