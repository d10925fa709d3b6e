#include "core/track/assignment.h"

#include <limits>
#include <numeric>

#include "core/track/augmenting_paths.h"

namespace jetfleet {
namespace {

constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

/// Which items are connected, by others too.
class Connected {
 public:
  explicit Connected(std::size_t items) : parent_(items) {
    std::iota(parent_.begin(), parent_.end(), std::size_t{0});
  }

  std::size_t Of(std::size_t item) {
    while (parent_[item] != item) item = parent_[item] = parent_[parent_[item]];
    return item;
  }
  void Join(std::size_t a, std::size_t b) { parent_[Of(a)] = Of(b); }

 private:
  std::vector<std::size_t> parent_;
};

/// Rows and columns that possible pairs connect; pairs are in places of the two lists.
struct Group {
  std::vector<std::size_t> rows;
  std::vector<std::size_t> columns;
  std::vector<PairCosts::Pair> pairs;
};

/// An item's place in a list, where it is put when it is first asked for.
std::size_t PlaceIn(std::vector<std::size_t>* list, std::size_t item, std::size_t* place) {
  if (*place == kNone) {
    *place = list->size();
    list->push_back(item);
  }
  return *place;
}

std::vector<Group> GroupsOf(const PairCosts& costs) {
  const std::size_t rows = costs.rows();
  Connected connected(rows + costs.columns());
  for (const auto& [row, column, cost] : costs.pairs()) connected.Join(row, rows + column);

  std::vector<Group> groups;
  std::vector<std::size_t> group_at(rows + costs.columns(), kNone);
  std::vector<std::size_t> place(rows + costs.columns(), kNone);
  for (const auto& [row, column, cost] : costs.pairs()) {
    std::size_t& at = group_at[connected.Of(row)];
    if (at == kNone) {
      at = groups.size();
      groups.emplace_back();
    }
    Group& group = groups[at];
    group.pairs.push_back({PlaceIn(&group.rows, row, &place[row]),
                           PlaceIn(&group.columns, column, &place[rows + column]), cost});
  }
  return groups;
}

/// Tells `column_of` which rows of a group have which column.
void Solve(const Group& group, double limit, std::vector<std::size_t>* column_of) {
  // The shorter side enters; costs are relative to leaving apart, as those are that cannot be made.
  const bool transpose = group.rows.size() > group.columns.size();
  const auto& entering = transpose ? group.columns : group.rows;
  const auto& others = transpose ? group.rows : group.columns;
  CostMatrix relative(entering.size(), others.size());
  for (const auto& [row, column, cost] : group.pairs) {
    relative.at(transpose ? column : row, transpose ? row : column) = cost - limit;
  }
  const std::vector<std::size_t> partner = RowOfEachColumn(relative);
  for (std::size_t other = 0; other < others.size(); ++other) {
    const std::size_t enters = partner[other];
    if (enters == kNoRow || !(relative.at(enters, other) < 0)) continue;
    const std::size_t row = transpose ? others[other] : entering[enters];
    (*column_of)[row] = transpose ? entering[enters] : others[other];
  }
}

}  // namespace

Assignment Assign(const PairCosts& costs) {
  std::vector<std::size_t> column_of(costs.rows(), kNone);
  for (const Group& group : GroupsOf(costs)) Solve(group, costs.limit(), &column_of);

  Assignment result;
  std::vector<bool> taken(costs.columns(), false);
  for (std::size_t row = 0; row < costs.rows(); ++row) {
    if (column_of[row] == kNone) {
      result.free_rows.push_back(row);
    } else {
      result.pairs.emplace_back(row, column_of[row]);
      taken[column_of[row]] = true;
    }
  }
  for (std::size_t column = 0; column < costs.columns(); ++column) {
    if (!taken[column]) result.free_columns.push_back(column);
  }
  return result;
}

}  // namespace jetfleet
