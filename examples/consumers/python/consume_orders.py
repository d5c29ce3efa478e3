"""Reads orders with confluent-kafka: each event counts once, whatever happens to this process."""

from __future__ import annotations

import json
import logging
import os
import signal
import sqlite3
import threading
from collections.abc import Iterable

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

LOG = logging.getLogger("consume-orders")
TOPIC = os.environ.get("TOPIC", "events.order.placed")
TYPE = "order.placed"
SCHEMA = """
CREATE TABLE IF NOT EXISTS taken (source TEXT, id TEXT, PRIMARY KEY (source, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS totals (customer TEXT PRIMARY KEY, orders INTEGER NOT NULL, amount REAL NOT NULL);
CREATE TABLE IF NOT EXISTS set_aside (
  topic TEXT, partition INTEGER, record_offset TEXT, reason TEXT, value TEXT,
  PRIMARY KEY (topic, partition, record_offset)
);
"""


class OrderTotals:
    """The effect of an event and its id are written in one transaction, or not at all."""

    def __init__(self, file: str) -> None:
        self._database = sqlite3.connect(file, isolation_level=None, timeout=5)
        self._database.executescript(SCHEMA)

    def take(self, messages: Iterable[Message]) -> None:
        """Call it before the position is committed: after a crash in between, the records come again."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            for message in messages:
                self._take_one(message)
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def close(self) -> None:
        self._database.close()

    def _take_one(self, message: Message) -> None:
        attributes = {
            name: (value or b"").decode(errors="replace") for name, value in message.headers() or []
        }
        if attributes.get("ce_type", TYPE) != TYPE:
            return  # source.progressed, which says how far the stream is known, and what is to come
        if "ce_source" not in attributes or "ce_id" not in attributes:
            self._set_aside(message, "it is no CloudEvent")
            return
        key = (attributes["ce_source"], attributes["ce_id"])
        taken = self._database.execute("INSERT INTO taken VALUES (?, ?) ON CONFLICT DO NOTHING", key)
        if taken.rowcount == 0:
            return  # a repeat
        amount = amount_in(message.value())
        if amount is None:
            self._set_aside(message, "the amount is no number")
            return
        self._database.execute(
            "INSERT INTO totals VALUES (?, 1, ?)"
            " ON CONFLICT DO UPDATE SET orders = orders + 1, amount = amount + excluded.amount",
            (attributes.get("ce_subject", ""), amount),
        )

    def _set_aside(self, message: Message, reason: str) -> None:
        """What can never be handled is kept for people, so that the events behind it do not wait for ever."""
        place = (message.topic(), message.partition(), str(message.offset()))
        row = (*place, reason, (message.value() or b"").decode(errors="replace"))
        self._database.execute("INSERT INTO set_aside VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", row)


def amount_in(value: bytes | None) -> float | None:
    try:
        data = json.loads(value or b"")
    except ValueError:  # of json, and of the decoding
        return None
    amount = data.get("amount") if isinstance(data, dict) else None
    return None if isinstance(amount, bool) or not isinstance(amount, (int, float)) else amount


def next_positions(messages: Iterable[Message]) -> list[TopicPartition]:
    """The record that each partition is to be read from: the one after the last."""
    last = {(message.topic(), message.partition()): message.offset() for message in messages}
    return [TopicPartition(topic, partition, offset + 1) for (topic, partition), offset in last.items()]


def without_errors(messages: Iterable[Message]) -> list[Message]:
    """Errors come among the records. The client gets over most of them by itself."""
    for message in messages:
        error = message.error()
        if error is not None and error.fatal():
            raise KafkaException(error)
        if error is not None:
            LOG.warning("%s", error)
    return [message for message in messages if message.error() is None]


def commit(consumer: Consumer, messages: list[Message]) -> None:
    try:
        consumer.commit(offsets=next_positions(messages), asynchronous=False)
    except KafkaException as error:  # the partition went to another member, where these come again as repeats
        LOG.warning("The position was not committed: %s", error)


def main() -> None:
    logging.basicConfig(level=logging.INFO)
    stopping = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopping.set())
    totals = OrderTotals(os.environ.get("DATABASE", "orders.sqlite"))
    consumer = Consumer(
        {
            "bootstrap.servers": os.environ.get("BROKERS", "localhost:9092"),
            "group.id": os.environ.get("GROUP", "order-totals"),
            "session.timeout.ms": 10_000,  # after a kill -9 its partitions wait until the session is over
            "enable.auto.commit": False,  # it commits by the clock, whether the effect is there or not
            "auto.offset.reset": "earliest",  # of a group that has no position yet
        }
    )
    consumer.subscribe([TOPIC])
    try:
        while not stopping.is_set():
            messages = without_errors(consumer.consume(num_messages=500, timeout=0.5))
            if messages:
                totals.take(messages)
                commit(consumer, messages)
    finally:
        consumer.close()
        totals.close()


if __name__ == "__main__":
    main()
