package org.tallyring.topology.assignment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class AssignmentTest {

  @Test
  void aNewClusterHasNoOwners() {
    Assignment assignment = Assignment.empty(64);
    assertThat(assignment.rangeCount()).isEqualTo(64);
    assertThat(assignment.ownerOf(0)).isNull();
    assertThat(assignment.ownerOf(63)).isNull();
    assertThat(assignment.load()).isEmpty();
    assertThat(assignment.toList()).hasSize(64).containsOnly("");
  }

  @Test
  void answersFromBothSides() {
    Assignment assignment = Assignment.of(List.of("b", "a", "", "b"));
    assertThat(assignment.ownerOf(0)).isEqualTo("b");
    assertThat(assignment.ownerOf(2)).isNull();
    assertThat(assignment.rangesOf("b")).containsExactly(0, 3);
    assertThat(assignment.rangesOf("c")).isEmpty();
    assertThat(assignment.rangesOf("")).isEmpty();
    assertThat(assignment.load()).containsExactly(entry("a", 1), entry("b", 2));
  }

  @Test
  void theStoredFormComesBack() {
    List<String> owners = List.of("a", "", "b", "a");
    Assignment assignment = Assignment.of(owners);
    assertThat(assignment.toList()).isEqualTo(owners);
    assertThat(Assignment.of(assignment.toList()))
        .isEqualTo(assignment)
        .hasSameHashCodeAs(assignment);
    assertThat(assignment).isNotEqualTo(Assignment.empty(4));
  }

  @Test
  void laterChangesOfTheListDoNotShowThrough() {
    List<String> owners = new ArrayList<>(List.of("a", "b"));
    Assignment assignment = Assignment.of(owners);
    owners.set(0, "c");
    assertThat(assignment.ownerOf(0)).isEqualTo("a");
    assertThatThrownBy(() -> assignment.toList().set(0, "c"))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> assignment.load().clear())
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void aSizeThatNoRingHasIsRefused() {
    assertThatThrownBy(() -> Assignment.of(List.of("a", "b", "c")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("rangeCount: 3 (expected: ");
    assertThatThrownBy(() -> Assignment.of(List.of())).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aRangeThatDoesNotExistIsRefused() {
    assertThatThrownBy(() -> Assignment.empty(4).ownerOf(4))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void aShardHasANameAndAPositiveWeight() {
    assertThatThrownBy(() -> new Shard("", 1, ""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("shard: \"\" (expected: [a-z0-9][a-z0-9_-]{0,63})");
    assertThatThrownBy(() -> new Shard("a", 0, ""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("weight: 0 (expected: 1..100)");
    assertThatThrownBy(() -> new Shard("a", 101, ""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("weight: 101 (expected: 1..100)");
  }
}
