#include "core/analytics/figures.h"

namespace jetfleet {

void AnalyticsFigures::Add(const AnalyticsFigures& other) {
  for (std::size_t i = 0; i < lines.size() && i < other.lines.size(); ++i) {
    lines[i].in += other.lines[i].in;
    lines[i].out += other.lines[i].out;
  }
  for (std::size_t i = 0; i < zones.size() && i < other.zones.size(); ++i) {
    zones[i].occupancy += other.zones[i].occupancy;
    zones[i].entered += other.zones[i].entered;
    zones[i].left += other.zones[i].left;
    zones[i].dwell_seconds += other.zones[i].dwell_seconds;
  }
  objects_cut += other.objects_cut;
  visits_cut += other.visits_cut;
}

}  // namespace jetfleet
