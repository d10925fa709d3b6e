#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace jetfleet {

/// Costs of giving column c to row r.
class CostMatrix {
 public:
  CostMatrix(std::size_t rows, std::size_t columns)
      : rows_(rows), columns_(columns), costs_(rows * columns) {}

  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_; }
  double& at(std::size_t row, std::size_t column) { return costs_[row * columns_ + column]; }
  double at(std::size_t row, std::size_t column) const { return costs_[row * columns_ + column]; }

 private:
  std::size_t rows_;
  std::size_t columns_;
  std::vector<double> costs_;
};

struct Assignment {
  /// Row, column.
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  std::vector<std::size_t> free_rows;
  std::vector<std::size_t> free_columns;
};

/// The cheapest assignment when leaving a pair apart costs `limit`; no pair costs `limit` or more.
/// Shortest augmenting paths (Jonker and Volgenant), O(n³), deterministic.
Assignment Assign(const CostMatrix& costs, double limit);

/// Those of a list whose indices are given, such as the free rows of an assignment.
template <typename Item>
std::vector<Item> Picked(const std::vector<Item>& items, const std::vector<std::size_t>& indices) {
  std::vector<Item> picked;
  picked.reserve(indices.size());
  for (const std::size_t index : indices) picked.push_back(items[index]);
  return picked;
}

}  // namespace jetfleet
