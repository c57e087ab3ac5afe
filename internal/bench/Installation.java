import java.util.Properties;
import org.apache.kafka.common.utils.AppInfoParser;

/** Tells what Kafka's tools are run with here: one key=value a line. */
public class Installation {
    public static void main(String[] args) {
        Properties system = System.getProperties();
        for (String key : new String[] {"java.home", "java.class.path", "java.vm.name", "java.vm.version", "log4j2.configurationFile"}) {
            System.out.println(key + "=" + system.getProperty(key));
        }
        System.out.println("kafka=" + AppInfoParser.getVersion());
    }
}
