package org.tallyring.cli.replay;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.tallyring.cli.replay.LineSource.Line;

final class LineSourceTest {

  private final ReadRows handler = new ReadRows();

  @Test
  void linesEndWithLfOrCrLfAndTheLastNeedsNoEnd() throws IOException {
    assertThat(read("a\nb\r\n\nc")).containsExactly("1:a", "2:b", "3:", "4:c");
  }

  @Test
  void anEmptyFileHasNoLines() throws IOException {
    assertThat(read("")).isEmpty();
  }

  @Test
  void aByteOrderMarkIsNotPartOfTheFirstLine() throws IOException {
    assertThat(read("\uFEFFa\n\uFEFFb\n")).containsExactly("1:a", "2:\uFEFFb");
  }

  @Test
  void aLineThatIsNotUtf8IsRejectedAndTheNextOneRead() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes("good\n".getBytes(StandardCharsets.UTF_8));
    bytes.writeBytes(new byte[] {'x', (byte) 0xC3, '(', '\n'});
    bytes.writeBytes("größe\n".getBytes(StandardCharsets.UTF_8));

    assertThat(read(bytes.toByteArray())).containsExactly("1:good", "3:größe");
    assertThat(handler.rejected).containsExactly("2: line: not UTF-8 (expected: UTF-8)");
  }

  @Test
  void aLineThatIsTooLongIsRejectedWithoutBeingKept() throws IOException {
    String longest = "k".repeat(LineSource.MAX_LINE_BYTES);
    String text = "a\n" + longest + "\n" + longest + longest + "x\nb\n" + longest + "y";

    assertThat(read(text)).containsExactly("1:a", "2:" + longest, "4:b");
    assertThat(handler.rejectedLines()).containsExactly(3, 5);
  }

  @Test
  void linesThatWerePutBackComeAgainInOrder() throws IOException {
    try (LineSource lines = source("a\nb\nc\n".getBytes(StandardCharsets.UTF_8))) {
      Line a = lines.next(handler);
      Line b = lines.next(handler);
      assertThat(a).isNotNull();
      assertThat(b).isNotNull();
      lines.putBack(List.of(a, b));
      assertThat(lines.next(handler)).isEqualTo(a);
      assertThat(lines.next(handler)).isEqualTo(b);
      assertThat(lines.next(handler)).isEqualTo(new Line(3, "c"));
    }
  }

  private List<String> read(String text) throws IOException {
    return read(text.getBytes(StandardCharsets.UTF_8));
  }

  private List<String> read(byte[] bytes) throws IOException {
    List<String> read = new ArrayList<>();
    try (LineSource lines = source(bytes)) {
      Line line = lines.next(handler);
      while (line != null) {
        read.add(line.number() + ":" + line.text());
        line = lines.next(handler);
      }
    }
    return read;
  }

  private static LineSource source(byte[] bytes) {
    return new LineSource(new ByteArrayInputStream(bytes));
  }
}
