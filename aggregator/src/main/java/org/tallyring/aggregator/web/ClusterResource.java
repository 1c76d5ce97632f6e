package org.tallyring.aggregator.web;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.server.ServiceRequestContext;
import com.linecorp.armeria.server.annotation.Get;
import java.util.List;
import org.tallyring.aggregator.collect.Cluster;
import org.tallyring.aggregator.collect.ClusterPicture;
import org.tallyring.aggregator.collect.Coverage;
import org.tallyring.aggregator.collect.Holdings;
import org.tallyring.aggregator.collect.ShardCalls;
import org.tallyring.proto.v1.RangeOwnership;
import org.tallyring.proto.v1.ShardMember;
import org.tallyring.proto.v1.Topology;

/** The cluster and the aggregator's view of it. */
final class ClusterResource {

  private final Cluster cluster;
  private final Holdings holdings;

  ClusterResource(Cluster cluster, Holdings holdings) {
    this.cluster = cluster;
    this.holdings = holdings;
  }

  /** The shards, the ranges and who owns them. */
  @Get("/v1/cluster")
  public HttpResponse cluster(ServiceRequestContext context) {
    new Parameters(context, List.of());
    ClusterPicture picture = cluster.picture();
    if (!picture.isKnown()) {
      throw ShardCalls.noShard();
    }
    Topology topology = picture.topology();
    ObjectNode document = Json.object();
    document.put("cluster", topology.getCluster());
    document.put("range_count", topology.getRangeCount());
    document.put("hash_name", topology.getHashName());
    document.put("controller", topology.getController());
    ArrayNode shards = document.putArray("shards");
    for (ShardMember shard : topology.getShardsList()) {
      shards
          .addObject()
          .put("id", shard.getId())
          .put("address", shard.getAddress())
          .put("weight", Integer.toUnsignedLong(shard.getWeight()))
          .put("zone", shard.getZone())
          .put("state", shard.getState().name().replace("MEMBER_STATE_", ""));
    }
    ArrayNode ranges = document.putArray("ranges");
    for (RangeOwnership range : topology.getRangesList()) {
      ranges
          .addObject()
          .put("range_id", range.getRangeId())
          .put("owner", range.getOwner())
          .put("epoch", range.getEpoch())
          .put("assigned", range.getAssigned())
          .put("serving", range.getServing());
    }
    return Json.response(HttpStatus.OK, document);
  }

  /** Whether answers can be given: the topology is known and collections bring something. */
  @Get("/healthz")
  public HttpResponse health(ServiceRequestContext context) {
    new Parameters(context, List.of());
    Coverage coverage = holdings.coverage();
    boolean serving = coverage.rangesIncluded() > 0;
    ObjectNode document = Json.object();
    document.put("status", serving ? "serving" : "not_serving");
    document.put("shards", cluster.picture().addresses().size());
    document.put("ranges_total", coverage.rangesTotal());
    document.put("ranges_included", coverage.rangesIncluded());
    return Json.response(serving ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE, document);
  }
}
