package org.tallyring.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.tallyring.systemtests.process.BuildPaths;
import org.tallyring.systemtests.process.Ports;
import org.tallyring.systemtests.process.Processes;
import org.tallyring.systemtests.process.TallyProcess;

/** The walk-through prints what it says. */
final class WalkThroughIT {

  private static final Duration LIMIT = Duration.ofMinutes(9);
  private static final Pattern BLOCK =
      Pattern.compile("^```(sh|text)\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL);
  private static final String END = "--- end of block ---\n";

  @RegisterExtension static final Processes processes = new Processes();

  /** Commands and what they print; nothing where the page says nothing. */
  private record Scene(String commands, String output) {}

  /** Forty virtual machines start in it, one after the other, which a busy machine is slow at. */
  @Test
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void everyBlockPrintsWhatThePageShows() throws IOException {
    List<Scene> scenes =
        scenes(Files.readString(BuildPaths.root().resolve("docs").resolve("walk-through.md")));
    assertThat(scenes).hasSize(8);
    StringBuilder script = new StringBuilder("trap 'kill -9 $cluster 2>/dev/null' EXIT\n");
    scenes.forEach(
        scene -> script.append(scene.commands).append("printf '%s' '").append(END).append("'\n"));
    Path file = processes.directory().resolve("walk-through.sh");
    Files.writeString(file, script);

    TallyProcess bash =
        processes.startScript(
            file,
            BuildPaths.root(),
            Map.of(
                "PORT",
                Integer.toString(Ports.base(0, 1, 2, 3, 20)),
                "TMPDIR",
                processes.directory().toString(),
                "TALLY_JAVA_OPTS",
                "-Xmx400m -XX:+UseSerialGC -XX:TieredStopAtLevel=1"));

    assertThat(bash.awaitExit(LIMIT)).as(bash.stderr()).isZero();
    String[] printed = bash.stdout().split(END, -1);
    assertThat(printed).as(bash.stderr()).hasSize(scenes.size() + 1);
    for (int i = 0; i < scenes.size(); i++) {
      assertThat(withoutMoments(printed[i]))
          .as("%s%s", scenes.get(i).commands, bash.stderr())
          .isEqualTo(withoutMoments(scenes.get(i).output));
    }
  }

  private static List<Scene> scenes(String page) {
    List<Scene> scenes = new ArrayList<>();
    Matcher block = BLOCK.matcher(page);
    while (block.find()) {
      if (block.group(1).equals("sh")) {
        scenes.add(new Scene(block.group(2), ""));
      } else {
        Scene last = scenes.remove(scenes.size() - 1);
        scenes.add(new Scene(last.commands, block.group(2)));
      }
    }
    return scenes;
  }

  private static String withoutMoments(String text) {
    return text.replaceAll("as of \\S+Z", "as of now");
  }
}
