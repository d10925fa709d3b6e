#pragma once

#include <cstddef>
#include <limits>
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

constexpr std::size_t kNoRow = std::numeric_limits<std::size_t>::max();

/// The row of each column, or kNoRow, so that every row has one and the sum of costs is least;
/// needs rows ≤ columns. Rows enter one after the other along the shortest augmenting path in
/// reduced costs (Jonker and Volgenant): O(rows² · columns), deterministic.
std::vector<std::size_t> RowOfEachColumn(const CostMatrix& costs);

}  // namespace jetfleet
