#include "core/track/assignment.h"

#include <algorithm>
#include <limits>

namespace jetfleet {
namespace {

constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

/// Gives every row a column; needs rows ≤ columns. Rows enter one after the other along the
/// shortest augmenting path in reduced costs.
class Solver {
 public:
  explicit Solver(const CostMatrix& costs)
      : costs_(costs),
        row_price_(costs.rows(), 0),
        column_price_(costs.columns(), 0),
        row_of_(costs.columns(), kNone) {}

  std::vector<std::size_t> Solve() {
    for (std::size_t row = 0; row < costs_.rows(); ++row) Enter(row);
    return row_of_;
  }

 private:
  void Enter(std::size_t entering) {
    const std::size_t columns = costs_.columns();
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    std::vector<double> distance(columns, kInfinity);
    std::vector<std::size_t> came_from(columns, kNone);
    std::vector<bool> done(columns, false);

    std::size_t row = entering;
    std::size_t last = kNone;
    double reached = 0;
    while (true) {
      std::size_t nearest = kNone;
      for (std::size_t column = 0; column < columns; ++column) {
        if (done[column]) continue;
        const double through =
            reached + costs_.at(row, column) - row_price_[row] - column_price_[column];
        if (through < distance[column]) {
          distance[column] = through;
          came_from[column] = last;
        }
        if (nearest == kNone || distance[column] < distance[nearest]) nearest = column;
      }
      done[nearest] = true;
      reached = distance[nearest];
      last = nearest;
      if (row_of_[nearest] == kNone) break;
      row = row_of_[nearest];
    }

    row_price_[entering] += reached;
    for (std::size_t column = 0; column < columns; ++column) {
      if (!done[column] || column == last) continue;
      row_price_[row_of_[column]] += reached - distance[column];
      column_price_[column] -= reached - distance[column];
    }
    for (std::size_t column = last; column != kNone; column = came_from[column]) {
      const std::size_t before = came_from[column];
      row_of_[column] = before == kNone ? entering : row_of_[before];
    }
  }

  const CostMatrix& costs_;
  std::vector<double> row_price_;
  std::vector<double> column_price_;
  std::vector<std::size_t> row_of_;
};

/// Costs relative to leaving a pair apart, wide enough to be solved.
CostMatrix Relative(const CostMatrix& costs, double limit, bool transpose) {
  CostMatrix relative(transpose ? costs.columns() : costs.rows(),
                      transpose ? costs.rows() : costs.columns());
  for (std::size_t row = 0; row < relative.rows(); ++row) {
    for (std::size_t column = 0; column < relative.columns(); ++column) {
      const double cost = transpose ? costs.at(column, row) : costs.at(row, column);
      relative.at(row, column) = std::min(cost - limit, 0.0);
    }
  }
  return relative;
}

}  // namespace

Assignment Assign(const CostMatrix& costs, double limit) {
  const bool transpose = costs.rows() > costs.columns();
  const CostMatrix relative = Relative(costs, limit, transpose);
  const std::vector<std::size_t> partner = Solver(relative).Solve();

  std::vector<std::size_t> column_of(costs.rows(), kNone);
  std::vector<bool> taken(costs.columns(), false);
  for (std::size_t i = 0; i < partner.size(); ++i) {
    if (partner[i] == kNone) continue;
    const std::size_t row = transpose ? i : partner[i];
    const std::size_t column = transpose ? partner[i] : i;
    if (!(costs.at(row, column) < limit)) continue;
    column_of[row] = column;
    taken[column] = true;
  }

  Assignment result;
  for (std::size_t row = 0; row < costs.rows(); ++row) {
    if (column_of[row] == kNone) {
      result.free_rows.push_back(row);
    } else {
      result.pairs.emplace_back(row, column_of[row]);
    }
  }
  for (std::size_t column = 0; column < costs.columns(); ++column) {
    if (!taken[column]) result.free_columns.push_back(column);
  }
  return result;
}

}  // namespace jetfleet
