package org.tallyring.shardserver.coordination;

import java.util.List;

/** Where a cluster's nodes are. The only place that knows. */
record Paths(String clusterName) {

  String root() {
    return "/tallyring/" + clusterName;
  }

  String config() {
    return root() + "/config";
  }

  String members() {
    return root() + "/members";
  }

  String member(String id) {
    return members() + "/" + id;
  }

  String controller() {
    return root() + "/controller";
  }

  String assignment() {
    return root() + "/assignment";
  }

  String ranges() {
    return root() + "/ranges";
  }

  String range(int id) {
    return ranges() + "/" + id;
  }

  String namespaces() {
    return root() + "/namespaces";
  }

  String namespace(String name) {
    return namespaces() + "/" + name;
  }

  String snapshots() {
    return root() + "/snapshots";
  }

  String snapshot(String name) {
    return snapshots() + "/" + name;
  }

  /** The nodes that exist as long as the cluster does and hold nothing but children. */
  List<String> parents() {
    return List.of(members(), controller(), ranges(), namespaces(), snapshots());
  }

  /** The parent of a path. */
  static String parent(String path) {
    return path.substring(0, path.lastIndexOf('/'));
  }

  /** The last part of a path. */
  static String name(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }
}
