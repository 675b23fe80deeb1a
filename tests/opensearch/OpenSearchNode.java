import java.util.List;
import java.util.Map;
import org.opensearch.analysis.common.CommonAnalysisPlugin;
import org.opensearch.common.settings.Settings;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.transport.Netty4Plugin;

/**
 * One OpenSearch node, until its standard input ends: whoever started it holds the other end, and when that process is gone,
 * however it went, so is the node. Arguments: settings, name=value.
 */
public class OpenSearchNode extends Node {
    OpenSearchNode(Settings settings) {
        super(
            InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), null, () -> "node"),
            List.of(Netty4Plugin.class, CommonAnalysisPlugin.class),
            false
        );
    }

    public static void main(String[] arguments) throws Exception {
        Settings.Builder settings = Settings.builder();
        for (String argument : arguments) {
            String[] pair = argument.split("=", 2);
            settings.put(pair[0], pair[1]);
        }
        // Watched from the beginning: a test run may end while its nodes are starting.
        Thread watch = new Thread(OpenSearchNode::haltWhenInputEnds);
        watch.setDaemon(true);
        watch.start();
        new OpenSearchNode(settings.build()).start();
        Thread.currentThread().join();
    }

    private static void haltWhenInputEnds() {
        try {
            while (System.in.read() >= 0) {
            }
        } catch (java.io.IOException gone) {
            // as good as its end
        }
        Runtime.getRuntime().halt(0);
    }
}
