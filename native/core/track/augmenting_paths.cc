#include "core/track/augmenting_paths.h"

namespace jetfleet {
namespace {

class Solver {
 public:
  explicit Solver(const CostMatrix& costs)
      : costs_(costs),
        row_price_(costs.rows(), 0),
        column_price_(costs.columns(), 0),
        row_of_(costs.columns(), kNoRow) {}

  std::vector<std::size_t> Solve() {
    for (std::size_t row = 0; row < costs_.rows(); ++row) Enter(row);
    return row_of_;
  }

 private:
  static constexpr std::size_t kNone = kNoRow;

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

}  // namespace

std::vector<std::size_t> RowOfEachColumn(const CostMatrix& costs) { return Solver(costs).Solve(); }

}  // namespace jetfleet
