package org.tallyring.cli;

import java.util.concurrent.Callable;
import java.util.function.Function;
import org.tallyring.cli.failure.ExitCode;
import org.tallyring.cli.server.ServerConnection;
import org.tallyring.proto.v1.AdminServiceGrpc.AdminServiceBlockingStub;
import picocli.CommandLine.Mixin;

/** A verb that asks the admin service and shows what it answers. */
abstract class AdminVerb implements Callable<Integer> {

  final Console console;

  @Mixin ServerOption server = new ServerOption();

  AdminVerb(Console console) {
    this.console = console;
  }

  /** Does what the verb says; returns when it is done and shown. */
  abstract void run();

  @Override
  public final Integer call() {
    run();
    return ExitCode.DONE;
  }

  /** Makes one call, over a connection of its own. */
  final <T> T ask(Function<AdminServiceBlockingStub, T> rpc) {
    try (ServerConnection connection = server.connection()) {
      return connection.admin(rpc);
    }
  }

  /** Says that something is gone. */
  final void sayDeleted(String name) {
    console.out().println("deleted " + name);
    console.out().flush();
  }
}
