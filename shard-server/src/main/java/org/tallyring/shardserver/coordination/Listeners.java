package org.tallyring.shardserver.coordination;

import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Calls listeners so that one which throws costs the others nothing. */
final class Listeners {

  private static final Logger log = LoggerFactory.getLogger(Listeners.class);

  private Listeners() {}

  static <T> void call(List<Consumer<T>> listeners, T news) {
    for (Consumer<T> listener : listeners) {
      call(listener, news);
    }
  }

  static <T> void call(Consumer<T> listener, T news) {
    try {
      listener.accept(news);
    } catch (RuntimeException e) {
      log.error("A listener failed at {}; the others are called all the same.", news, e);
    }
  }
}
