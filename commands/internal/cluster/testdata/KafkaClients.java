import java.nio.charset.StandardCharsets;
import java.util.*;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.types.Password;
import org.apache.kafka.common.security.JaasContext;
import org.apache.kafka.common.utils.Utils;

/**
 * Prints what Kafka's own client makes of things: "key NAME" for each property
 * it knows, and "option NAME VALUE" for those of the login module in each
 * properties file given, the value in base64; "end" at last.
 */
public class KafkaClients {
	public static void main(String[] files) throws Exception {
		Set<String> keys = new TreeSet<>(ConsumerConfig.configNames());
		keys.addAll(ProducerConfig.configNames());
		keys.addAll(AdminClientConfig.configNames());
		for (String key : keys) System.out.println("key " + key);
		for (String file : files) {
			String jaas = Utils.loadProps(file).getProperty("sasl.jaas.config");
			JaasContext context = JaasContext.loadClientContext(Map.of("sasl.jaas.config", new Password(jaas)));
			context.configurationEntries().get(0).getOptions().forEach((name, value) -> System.out.println("option " + name + " "
				+ Base64.getEncoder().encodeToString(value.toString().getBytes(StandardCharsets.UTF_8))));
		}
		System.out.println("end");
	}
}
