package org.tallyring.shardserver.journal;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.MessageLite;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The bytes of an entry, to be written once, to where the journal wants them: so an append makes no
 * array of its own for what is at most in flight for some milliseconds.
 */
public interface EntryBytes {

  /** How many they are. */
  int size();

  /** Writes exactly {@link #size} bytes, which there is room for. */
  void writeTo(ByteBuffer destination);

  /** A message's. */
  static EntryBytes of(MessageLite message) {
    return new EntryBytes() {
      @Override
      public int size() {
        return message.getSerializedSize();
      }

      @Override
      public void writeTo(ByteBuffer destination) {
        CodedOutputStream output = CodedOutputStream.newInstance(destination);
        try {
          message.writeTo(output);
          output.flush();
        } catch (IOException noRoom) {
          throw new IllegalStateException("An entry has not the size that it said", noRoom);
        }
      }
    };
  }
}
