#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace jetfleet {

/// What it costs to give a column to a row, of those pairs that may be made.
class PairCosts {
 public:
  struct Pair {
    std::size_t row;
    std::size_t column;
    double cost;
  };

  /// Leaving a row and a column apart costs `limit`.
  PairCosts(std::size_t rows, std::size_t columns, double limit)
      : rows_(rows), columns_(columns), limit_(limit) {}

  /// At most once for each pair. One that costs `limit` or more, or no number, is never made.
  void Add(std::size_t row, std::size_t column, double cost) {
    if (cost < limit_) pairs_.push_back({row, column, cost});
  }

  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_; }
  double limit() const { return limit_; }
  const std::vector<Pair>& pairs() const { return pairs_; }

 private:
  std::size_t rows_;
  std::size_t columns_;
  double limit_;
  std::vector<Pair> pairs_;
};

struct Assignment {
  /// Row, column; by row.
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  std::vector<std::size_t> free_rows;
  std::vector<std::size_t> free_columns;
};

/// The cheapest assignment. Each group of rows and columns that possible pairs connect is solved by
/// itself with shortest augmenting paths (Jonker and Volgenant): O(n³) in the largest group,
/// deterministic.
Assignment Assign(const PairCosts& costs);

/// Those of a list whose indices are given, such as the free rows of an assignment.
template <typename Item>
std::vector<Item> Picked(const std::vector<Item>& items, const std::vector<std::size_t>& indices) {
  std::vector<Item> picked;
  picked.reserve(indices.size());
  for (const std::size_t index : indices) picked.push_back(items[index]);
  return picked;
}

}  // namespace jetfleet
