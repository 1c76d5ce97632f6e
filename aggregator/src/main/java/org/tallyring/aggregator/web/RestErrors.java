package org.tallyring.aggregator.web;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.ContentTooLargeException;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import com.linecorp.armeria.server.HttpStatusException;
import com.linecorp.armeria.server.RequestTimeoutException;
import com.linecorp.armeria.server.ServerErrorHandler;
import com.linecorp.armeria.server.ServiceConfig;
import com.linecorp.armeria.server.ServiceRequestContext;
import com.linecorp.armeria.server.annotation.ExceptionHandlerFunction;
import io.grpc.Status;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.ErrorReason;

/**
 * Every error of the REST interface as {@code {code, reason, message}}, with the HTTP status that
 * belongs to the code.
 */
public final class RestErrors implements ExceptionHandlerFunction, ServerErrorHandler {

  private static final String REASON_PREFIX = "ERROR_REASON_";

  private static final Logger logger = LoggerFactory.getLogger(RestErrors.class);

  @Override
  public HttpResponse handleException(
      ServiceRequestContext context, HttpRequest request, Throwable cause) {
    return onServiceException(context, cause);
  }

  @Override
  public HttpResponse onServiceException(ServiceRequestContext context, Throwable cause) {
    Throwable root = cause;
    while (root instanceof CompletionException && root.getCause() != null) {
      root = root.getCause();
    }
    if (root instanceof HttpStatusException refused) {
      return ofHttp(context.request().headers(), refused.httpStatus()).toHttpResponse();
    }
    if (root instanceof ContentTooLargeException) {
      return ofHttp(context.request().headers(), HttpStatus.REQUEST_ENTITY_TOO_LARGE)
          .toHttpResponse();
    }
    if (root instanceof RequestTimeoutException) {
      root =
          Errors.of(
              Status.Code.DEADLINE_EXCEEDED,
              ErrorReason.ERROR_REASON_DEADLINE,
              "the time for the request is over");
    }
    com.google.rpc.Status status = Errors.toProto(root);
    Status.Code code = Status.fromCodeValue(status.getCode()).getCode();
    if (code == Status.Code.INTERNAL) {
      logger.error("A request failed: {}", context, cause);
    }
    return document(
            httpStatus(code),
            code,
            Errors.reasonOf(status),
            status.getMessage(),
            Errors.retryDelayOf(root).orElse(null))
        .toHttpResponse();
  }

  /** What the framework itself refuses, before a service is found or while a request is read. */
  @Override
  public AggregatedHttpResponse renderStatus(
      @Nullable ServiceRequestContext context,
      ServiceConfig config,
      @Nullable RequestHeaders headers,
      HttpStatus status,
      @Nullable String description,
      @Nullable Throwable cause) {
    return ofHttp(headers, status);
  }

  private static AggregatedHttpResponse ofHttp(
      @Nullable RequestHeaders headers, HttpStatus status) {
    String request = headers == null ? "request" : headers.method() + " " + headers.path();
    return switch (status.code()) {
      case 404 ->
          document(
              status,
              Status.Code.NOT_FOUND,
              ErrorReason.ERROR_REASON_PATH_NOT_FOUND,
              request + ": no such path",
              null);
      case 405 ->
          document(
              status,
              Status.Code.UNIMPLEMENTED,
              ErrorReason.ERROR_REASON_PATH_NOT_FOUND,
              request + ": the path does not take this method",
              null);
      case 413 ->
          document(
              status,
              Status.Code.RESOURCE_EXHAUSTED,
              ErrorReason.ERROR_REASON_MESSAGE_TOO_LARGE,
              request
                  + ": body too large (expected: at most "
                  + RestServices.MAX_BODY_BYTES
                  + " bytes)",
              null);
      case 503 ->
          document(
              status,
              Status.Code.UNAVAILABLE,
              ErrorReason.ERROR_REASON_NOT_READY,
              "the server is starting or stopping",
              Duration.ofSeconds(1));
      default ->
          status.isServerError()
              ? document(
                  status,
                  Status.Code.INTERNAL,
                  ErrorReason.ERROR_REASON_INTERNAL,
                  "internal error; the server's log has the details",
                  null)
              : document(
                  status,
                  Status.Code.INVALID_ARGUMENT,
                  ErrorReason.ERROR_REASON_BAD_PARAMETER,
                  request + ": " + status.reasonPhrase(),
                  null);
    };
  }

  private static AggregatedHttpResponse document(
      HttpStatus status,
      Status.Code code,
      ErrorReason reason,
      String message,
      @Nullable Duration retryAfter) {
    ObjectNode document = Json.object();
    document.put("code", code.name());
    document.put("reason", reason.name().substring(REASON_PREFIX.length()));
    document.put("message", message);
    ResponseHeadersBuilder headers =
        ResponseHeaders.builder(status).contentType(MediaType.JSON_UTF_8);
    if (retryAfter != null) {
      // HTTP knows whole seconds only; a fraction is rounded up.
      headers.set(
          HttpHeaderNames.RETRY_AFTER, Long.toString(retryAfter.plusMillis(999).toSeconds()));
    }
    return AggregatedHttpResponse.of(headers.build(), HttpData.wrap(Json.bytes(document)));
  }

  /** The mapping of google.rpc.Code. */
  private static HttpStatus httpStatus(Status.Code code) {
    return switch (code) {
      case OK -> HttpStatus.OK;
      case INVALID_ARGUMENT, FAILED_PRECONDITION, OUT_OF_RANGE -> HttpStatus.BAD_REQUEST;
      case UNAUTHENTICATED -> HttpStatus.UNAUTHORIZED;
      case PERMISSION_DENIED -> HttpStatus.FORBIDDEN;
      case NOT_FOUND -> HttpStatus.NOT_FOUND;
      case ABORTED, ALREADY_EXISTS -> HttpStatus.CONFLICT;
      case RESOURCE_EXHAUSTED -> HttpStatus.TOO_MANY_REQUESTS;
      case CANCELLED -> HttpStatus.valueOf(499);
      case UNIMPLEMENTED -> HttpStatus.NOT_IMPLEMENTED;
      case UNAVAILABLE -> HttpStatus.SERVICE_UNAVAILABLE;
      case DEADLINE_EXCEEDED -> HttpStatus.GATEWAY_TIMEOUT;
      case UNKNOWN, INTERNAL, DATA_LOSS -> HttpStatus.INTERNAL_SERVER_ERROR;
    };
  }
}
