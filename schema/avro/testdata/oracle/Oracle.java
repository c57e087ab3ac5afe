import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;

import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.util.RandomData;

import static java.nio.charset.StandardCharsets.UTF_8;

/**
 * Answers what Apache Avro for Java says: one JSON line for each JSON line on standard input, in
 * the same order. It ends when its input does.
 *
 * <p>{"op":"parse","schema":{"main":S,"refs":[S…]}} gives {"lenient":null or error,"strict":null or
 * error}: without and with the checking of defaults. {"op":"canonical","schema":…} gives
 * {"canonical":text}. {"op":"check","reader":…,"writer":…} gives
 * {"compatible":bool,"found":[{"type","location","message"}…]} or {"error":text,"thrown":class}.
 * {"op":"read","reader":…,"writer":…,"seed":number} writes a few random values and reads each:
 * {"reads":[{"data":base64,"error":null or text}…]}, or {"error","thrown"} where it can't write.
 */
public class Oracle {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Future<String> END = new FutureTask<>(() -> null);

  public static void main(String[] args) throws Exception {
    int threads = Runtime.getRuntime().availableProcessors();
    ExecutorService pool = Executors.newFixedThreadPool(threads, work -> {
      // A large stack: schemas of a thousand levels are asked about too.
      Thread thread = new Thread(null, work, "oracle", 256L << 20);
      thread.setDaemon(true);
      return thread;
    });
    BlockingQueue<Future<String>> answers = new ArrayBlockingQueue<>(1000);
    Thread printer = new Thread(() -> print(answers));
    printer.start();
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, UTF_8));
    for (String line; (line = in.readLine()) != null; ) {
      String request = line;
      answers.put(pool.submit(() -> answer(request)));
    }
    answers.put(END);
    printer.join();
  }

  private static void print(BlockingQueue<Future<String>> answers) {
    try (BufferedWriter out = new BufferedWriter(new OutputStreamWriter(System.out, UTF_8))) {
      for (Future<String> next; (next = answers.take()) != END; ) {
        out.write(next.get());
        out.write('\n');
        if (answers.isEmpty()) {
          out.flush();
        }
      }
    } catch (Exception e) {
      e.printStackTrace();
      System.exit(1);
    }
  }

  private static String answer(String line) throws Exception {
    JsonNode request = JSON.readTree(line);
    ObjectNode answer = JSON.createObjectNode();
    switch (request.get("op").textValue()) {
      case "parse":
        answer.put("lenient", refusal(request.get("schema"), false));
        answer.put("strict", refusal(request.get("schema"), true));
        break;
      case "canonical":
        answer.put("canonical", SchemaNormalization.toParsingForm(parse(request.get("schema"), false)));
        break;
      case "read":
        read(request, answer);
        break;
      default:
        check(request, answer);
    }
    return JSON.writeValueAsString(answer);
  }

  /** Parses the referenced schemas, then the schema itself, as registries do. */
  private static Schema parse(JsonNode schema, boolean validateDefaults) {
    Schema.Parser parser = new Schema.Parser();
    parser.setValidateDefaults(validateDefaults);
    for (JsonNode ref : schema.get("refs")) {
      parser.parse(ref.textValue());
    }
    return parser.parse(schema.get("main").textValue());
  }

  private static String refusal(JsonNode schema, boolean validateDefaults) {
    try {
      parse(schema, validateDefaults);
      return null;
    } catch (RuntimeException | StackOverflowError e) {
      return e.getClass().getSimpleName() + ": " + e.getMessage();
    }
  }

  private static void read(JsonNode request, ObjectNode answer) {
    try {
      Schema reader = parse(request.get("reader"), false);
      Schema writer = parse(request.get("writer"), false);
      if (containsItself(writer, new HashSet<>())) {
        throw new AvroRuntimeException("RandomData makes values without an end of it");
      }
      ArrayNode reads = answer.putArray("reads");
      for (Object value : new RandomData(writer, 4, request.get("seed").longValue())) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(out, null);
        new GenericDatumWriter<>(writer).write(value, encoder);
        if (out.size() > 10_000) {
          continue;
        }
        ObjectNode one = reads.addObject().put("data", out.toByteArray());
        try {
          BinaryDecoder decoder = DecoderFactory.get().binaryDecoder(out.toByteArray(), null);
          new GenericDatumReader<>(writer, reader).read(null, decoder);
          one.putNull("error");
        } catch (IOException | RuntimeException | StackOverflowError e) {
          one.put("error", e.getClass().getSimpleName() + ": " + e.getMessage());
        }
      }
    } catch (IOException | RuntimeException | StackOverflowError e) {
      answer.put("thrown", e.getClass().getSimpleName());
      answer.put("error", String.valueOf(e.getMessage()));
    }
  }

  private static boolean containsItself(Schema schema, Set<String> within) {
    switch (schema.getType()) {
      case ARRAY:
        return containsItself(schema.getElementType(), within);
      case MAP:
        return containsItself(schema.getValueType(), within);
      case UNION:
        return schema.getTypes().stream().anyMatch(branch -> containsItself(branch, within));
      case RECORD:
        if (!within.add(schema.getFullName())) {
          return true;
        }
        boolean found = schema.getFields().stream().anyMatch(f -> containsItself(f.schema(), within));
        within.remove(schema.getFullName());
        return found;
      default:
        return false;
    }
  }

  private static void check(JsonNode request, ObjectNode answer) {
    try {
      Schema reader = parse(request.get("reader"), false);
      Schema writer = parse(request.get("writer"), false);
      var result = SchemaCompatibility.checkReaderWriterCompatibility(reader, writer).getResult();
      answer.put("compatible",
          result.getCompatibility() == SchemaCompatibility.SchemaCompatibilityType.COMPATIBLE);
      ArrayNode found = answer.putArray("found");
      // The same incompatibility is in the list once for each way that leads to it.
      Set<String> seen = new LinkedHashSet<>();
      for (var i : result.getIncompatibilities()) {
        if (seen.add(i.getType() + " " + i.getLocation() + " " + i.getMessage())) {
          found.addObject().put("type", i.getType().name()).put("location", i.getLocation())
              .put("message", i.getMessage());
        }
      }
    } catch (RuntimeException | StackOverflowError e) {
      answer.put("thrown", e.getClass().getSimpleName());
      answer.put("error", String.valueOf(e.getMessage()));
    }
  }
}
