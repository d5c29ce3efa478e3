import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.SlidingWindows;
import org.apache.kafka.streams.kstream.TimeWindowedKStream;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowStore;

/**
 * What Kafka Streams makes of events in windows: one topology for each spec, run by its own TopologyTestDriver over the same events.
 *
 * <pre>
 * WindowOracle events.csv specs.csv windows.csv
 *   events.csv   key,time,value                       in the order of arrival; time in epoch milliseconds
 *   specs.csv    kind,span,advance,grace              milliseconds; advance counts for hopping windows
 *   windows.csv  spec,key,start,end,count,sum,min,max the last state of each window; spec counts from 0; the end is as Kafka Streams says it
 * </pre>
 *
 * Each file has a line with these names first. Values are decimals, and sums are exact.
 */
public final class WindowOracle {
    private static final String TOPIC = "events";
    /** Only the grace decides what is late: a store that forgot windows would decide, too. */
    private static final Duration KEPT = Duration.ofMillis(Long.MAX_VALUE / 4);

    record Event(String key, long time, String value) {
        static Event of(String[] cells) {
            return new Event(cells[0], Long.parseLong(cells[1]), cells[2]);
        }
    }

    record Spec(String kind, Duration span, Duration advance, Duration grace) {
        static Spec of(String[] cells) {
            return new Spec(cells[0], millis(cells[1]), millis(cells[2]), millis(cells[3]));
        }

        private static Duration millis(String cell) {
            return Duration.ofMillis(Long.parseLong(cell));
        }
    }

    /** Kept in stores as the text that the result has, so that no serde of its own is needed; nothing is the empty text. */
    record Totals(long count, BigDecimal sum, BigDecimal min, BigDecimal max) {
        static Totals of(String text) {
            String[] cells = text.split(",");
            return new Totals(Long.parseLong(cells[0]), new BigDecimal(cells[1]), new BigDecimal(cells[2]), new BigDecimal(cells[3]));
        }

        static String ofOne(String value) {
            BigDecimal number = new BigDecimal(value);
            return new Totals(1, number, number, number).text();
        }

        static String combine(String left, String right) {
            if (left.isEmpty() || right.isEmpty()) return left + right;
            return of(left).plus(of(right)).text();
        }

        private Totals plus(Totals other) {
            return new Totals(count + other.count, sum.add(other.sum), min.min(other.min), max.max(other.max));
        }

        private String text() {
            return count + "," + sum.toPlainString() + "," + min.toPlainString() + "," + max.toPlainString();
        }
    }

    public static void main(String[] args) {
        try {
            run(args);
        } catch (IOException | RuntimeException error) {
            error.printStackTrace();
            // Last, where whoever shows only the end of a long output finds it.
            Throwable cause = error.getCause() == null ? error : error.getCause();
            System.err.println("The windows were not computed: " + cause.getMessage());
            System.exit(1);
        }
    }

    private static void run(String[] args) throws IOException {
        List<Event> events = rowsOf(args[0]).map(Event::of).toList();
        List<Spec> specs = rowsOf(args[1]).map(Spec::of).toList();
        StringBuilder lines = new StringBuilder("spec,key,start,end,count,sum,min,max\n");
        for (int i = 0; i < specs.size(); i += 1) {
            for (Map.Entry<Windowed<String>, String> entry : windowsOf(specs.get(i), events).entrySet()) {
                Windowed<String> key = entry.getKey();
                lines.append(i).append(',').append(key.key()).append(',');
                lines.append(key.window().start()).append(',').append(key.window().end()).append(',');
                lines.append(entry.getValue()).append('\n');
            }
        }
        Files.writeString(Path.of(args[2]), lines);
    }

    private static Stream<String[]> rowsOf(String file) throws IOException {
        return Files.readAllLines(Path.of(file)).stream().skip(1).map(line -> line.split(",", -1));
    }

    /** The last value that was said of each window. A session that another one has taken in is said to be gone. */
    private static Map<Windowed<String>, String> windowsOf(Spec spec, List<Event> events) {
        Map<Windowed<String>, String> windows = new HashMap<>();
        StreamsBuilder builder = new StreamsBuilder();
        KGroupedStream<String, String> grouped =
            builder.stream(TOPIC, Consumed.with(Serdes.String(), Serdes.String())).groupByKey(Grouped.with(Serdes.String(), Serdes.String()));
        tableOf(grouped, spec).toStream().foreach((window, totals) -> {
            if (totals == null) windows.remove(window);
            else windows.put(window, totals);
        });
        feed(builder.build(), events);
        return windows;
    }

    private static KTable<Windowed<String>, String> tableOf(KGroupedStream<String, String> events, Spec spec) {
        Duration span = spec.span();
        return switch (spec.kind()) {
            case "tumbling" -> totals(events.windowedBy(TimeWindows.ofSizeAndGrace(span, spec.grace())), span);
            case "hopping" -> totals(events.windowedBy(TimeWindows.ofSizeAndGrace(span, spec.grace()).advanceBy(spec.advance())), span);
            case "sliding" -> totals(events.windowedBy(SlidingWindows.ofTimeDifferenceAndGrace(span, spec.grace())), span);
            case "session" -> sessionTotals(events, spec);
            default -> throw new IllegalArgumentException(
                "There are no windows of the kind " + spec.kind() + ": write tumbling, hopping, sliding or session.");
        };
    }

    private static KTable<Windowed<String>, String> totals(TimeWindowedKStream<String, String> windows, Duration span) {
        Materialized<String, String, WindowStore<Bytes, byte[]>> store =
            Materialized.as(Stores.inMemoryWindowStore("windows", KEPT, span, false));
        return windows.aggregate(
            () -> "",
            (key, value, totals) -> Totals.combine(totals, Totals.ofOne(value)),
            store.withKeySerde(Serdes.String()).withValueSerde(Serdes.String()).withLoggingDisabled());
    }

    private static KTable<Windowed<String>, String> sessionTotals(KGroupedStream<String, String> events, Spec spec) {
        Materialized<String, String, SessionStore<Bytes, byte[]>> store = Materialized.as(Stores.inMemorySessionStore("sessions", KEPT));
        return events.windowedBy(SessionWindows.ofInactivityGapAndGrace(spec.span(), spec.grace())).aggregate(
            () -> "",
            (key, value, totals) -> Totals.combine(totals, Totals.ofOne(value)),
            (key, left, right) -> Totals.combine(left, right),
            store.withKeySerde(Serdes.String()).withValueSerde(Serdes.String()).withLoggingDisabled());
    }

    private static void feed(Topology topology, List<Event> events) {
        Properties settings = new Properties();
        // Every state is said as it comes about, also that a session is gone.
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, "0");
        try (TopologyTestDriver driver = new TopologyTestDriver(topology, settings)) {
            TestInputTopic<String, String> topic = driver.createInputTopic(TOPIC, new StringSerializer(), new StringSerializer());
            for (Event event : events) topic.pipeInput(event.key(), event.value(), event.time());
        }
    }
}
