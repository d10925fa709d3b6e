// What a detector's head answers, reduced on the GPU to the few boxes that reach a score: one
// thread for each cell of the head. Compiled as prepare.cu is, for GPU and processor alike.

#ifdef __CUDACC__
#define JETFLEET_DEVICE __device__ __forceinline__
#else
#include <cmath>
#define JETFLEET_DEVICE inline
#endif

namespace jetfleet {
namespace kernels {

enum Head { kYolox = 1 };

// A box in pixels of the model's input. Rows of 32 bytes.
struct Candidate {
  float left;
  float top;
  float width;
  float height;
  float score;
  int label;
  // Of the head: equal scores are ordered by it.
  int cell;
  int unused;
};

// In front of each item's candidates, in a row of its own.
struct CandidateCount {
  // That reached the score; those beyond `most` were not kept.
  unsigned reached;
  int unused[7];
};

struct CandidateParameters {
  // [items, cells, fields], dense.
  const float* answers;
  // For each item a count and `most` candidates, in no particular order.
  Candidate* candidates;
  int head;
  int items;
  int cells;
  int fields;
  int most;
  float min_score;
  int input_width;
  int input_height;
};

struct GridCell {
  int x;
  int y;
  int stride;
};

// Grids at strides 8, 16 and 32 behind each other, row by row.
JETFLEET_DEVICE GridCell GridCellOf(int cell, int width, int height) {
  for (int stride = 8; stride < 32; stride *= 2) {
    const int cells = (width / stride) * (height / stride);
    if (cell < cells) return GridCell{cell % (width / stride), cell / (width / stride), stride};
    cell -= cells;
  }
  return GridCell{cell % (width / 32), cell / (width / 32), 32};
}

JETFLEET_DEVICE float Exponential(float value) {
#ifdef __CUDACC__
  return expf(value);
#else
  return std::exp(value);
#endif
}

JETFLEET_DEVICE bool Finite(float value) { return value - value == 0.0f; }

// dx, dy, log w, log h, objectness and a score for each class. False when the cell holds nothing.
JETFLEET_DEVICE bool DecodeYolox(const CandidateParameters& all, const float* row, int cell,
                                 Candidate* found) {
  const float objectness = row[4];
  // No class lifts the product above the objectness: most cells end here, NaN as well.
  if (!(objectness >= all.min_score)) return false;
  int best = 5;
  for (int i = 6; i < all.fields; ++i) {
    if (row[i] > row[best]) best = i;
  }
  const float score = objectness * row[best];
  if (!(score >= all.min_score)) return false;
  const GridCell at = GridCellOf(cell, all.input_width, all.input_height);
  const float stride = static_cast<float>(at.stride);
  found->width = Exponential(row[2]) * stride;
  found->height = Exponential(row[3]) * stride;
  found->left = (row[0] + static_cast<float>(at.x)) * stride - found->width / 2;
  found->top = (row[1] + static_cast<float>(at.y)) * stride - found->height / 2;
  found->score = score < 1.0f ? score : 1.0f;
  found->label = best - 5;
  found->cell = cell;
  found->unused = 0;
  return Finite(found->left + found->top + found->width + found->height);
}

// Other heads join here.
JETFLEET_DEVICE bool DecodeCell(const CandidateParameters& all, int item, int cell,
                                Candidate* found) {
  const float* row = all.answers + (static_cast<long long>(item) * all.cells + cell) * all.fields;
  if (all.head == kYolox) return DecodeYolox(all, row, cell, found);
  return false;
}

// Of an item, its count first.
JETFLEET_DEVICE Candidate* RowsOf(const CandidateParameters& all, int item) {
  return all.candidates + static_cast<long long>(item) * (all.most + 1);
}

}  // namespace kernels
}  // namespace jetfleet

#ifdef __CUDACC__
// Counts begin at zero: the caller has cleared them.
extern "C" __global__ void jetfleet_candidates(const jetfleet::kernels::CandidateParameters all) {
  using namespace jetfleet::kernels;
  const int cell = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  const int item = static_cast<int>(blockIdx.y);
  if (cell >= all.cells) return;
  Candidate found;
  if (!DecodeCell(all, item, cell, &found)) return;
  Candidate* const rows = RowsOf(all, item);
  const unsigned place = atomicAdd(&reinterpret_cast<CandidateCount*>(rows)->reached, 1u);
  if (place < static_cast<unsigned>(all.most)) rows[1 + place] = found;
}
#endif
