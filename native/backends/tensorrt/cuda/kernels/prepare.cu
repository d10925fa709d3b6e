// A picture into its slot of a model's input: scaled, turned, converted to R, G, B, normalised and
// laid out, by one thread for each pixel of the input. Compiled by NVRTC for the GPU and by the C++
// compiler for whoever tests it: hence no header, no contraction of products and sums (an option of
// either compiler), and C++14.
//
// Samples stay 8-bit integers until colours are converted, with the very weights and roundings of
// core/prepare: its own for planes that get smaller, libyuv's elsewhere, which depend on the ratio
// of the sizes. Which of them apply to a plane is planned by `../sampling.h`.

#ifdef __CUDACC__
#define JETFLEET_DEVICE __device__ __forceinline__
#else
#define JETFLEET_DEVICE inline
#endif

namespace jetfleet {
namespace kernels {

enum Sampling {
  kPoint = 0,
  // Two rows mixed with 8 bits, then two columns with 7; the other way round when rows are added.
  kRowsFirst = 1,
  kColumnsFirst = 2,
  // Two rows; columns as they are.
  kRowsOnly = 3,
  // Neighbours of half-pixel centres, mixed with 8 bits and rounded once.
  kCentred = 4,
  // Twice the size, both ways and across only.
  kDouble = 5,
  kDoubleColumns = 6
};

// How one plane of a picture is sampled. x, y: of the first sample, dx, dy: of the step, in
// 1/65536.
struct PlaneSampling {
  const unsigned char* samples;
  int stride;
  // Bytes from one sample of a row to the next.
  int step;
  int sampling;
  int x;
  int dx;
  int y;
  int dy;
  // What y never exceeds.
  int last_y;
  // Rows are mixed; else the upper one is taken.
  int mixes_rows;
  // Of the source and of what is sampled.
  int width;
  int height;
  int to_width;
  int to_height;
};

enum Turn { kUpright = 0, kQuarter = 1, kHalf = 2, kThreeQuarter = 3 };

struct Picture {
  // Y, U, V or R, G, B.
  PlaneSampling planes[3];
  int turn;
  // 0: the planes are R, G, B already. 1: luma alone.
  int colors;
  // Chroma is halved this often, across and down.
  int halved_across;
  int halved_down;
  float luma_offset;
  float luma;
  float red_of_v;
  float green_of_u;
  float green_of_v;
  float blue_of_u;
  // Where it goes in its slot.
  int target_x;
  int target_y;
  int target_width;
  int target_height;
};

// What a slot holds.
enum { kFloat32 = 0, kFloat16 = 1, kUint8 = 2, kInt8 = 3 };

enum { kMostPictures = 8, kPackedColors = 0, kLumaOnly = 1, kYuvColors = 3 };

struct PrepareParameters {
  Picture pictures[kMostPictures];
  // Of the first of these pictures' slots.
  void* output;
  // One of the types below.
  int type;
  int width;
  int height;
  // In elements.
  long long slot_stride;
  long long channel_stride;
  long long row_stride;
  long long pixel_stride;
  // In the order R, G, B: the channel they go to, mean, scale and the value of padding.
  int channel[3];
  float mean[3];
  float scale[3];
  float pad[3];
};

JETFLEET_DEVICE int Smaller(int a, int b) { return a < b ? a : b; }

JETFLEET_DEVICE int At(const PlaneSampling& p, int x, int y) {
  return p.samples[static_cast<long long>(y) * p.stride + static_cast<long long>(x) * p.step];
}

JETFLEET_DEVICE int MixRows(int upper, int lower, int share) {
  return (upper * (256 - share) + lower * share + 128) >> 8;
}

JETFLEET_DEVICE int MixColumns(int left, int right, int share) {
  return left + ((share * (right - left) + 64) >> 7);
}

// The first of two neighbours along one axis, and the other's share of 256: half-pixel centres, the
// ends held.
struct Neighbours {
  int first;
  int share;
};

JETFLEET_DEVICE Neighbours NeighboursOf(int index, int from, int to) {
  // In units of 1 / (2 * to).
  const int whole = 2 * to;
  int place = (2 * index + 1) * from - to;
  if (place < 0) place = 0;
  place = Smaller(place, (from - 1) * whole);
  const int first = Smaller(place / whole, from - 2);
  return Neighbours{first, ((place - first * whole) * 512 + whole) / (2 * whole)};
}

JETFLEET_DEVICE int SampleCentred(const PlaneSampling& p, int i, int j) {
  const Neighbours across = NeighboursOf(i, p.width, p.to_width);
  const Neighbours down = NeighboursOf(j, p.height, p.to_height);
  const int x = across.first;
  const int y = down.first;
  const int of_left = 256 - across.share;
  const int top = At(p, x, y) * of_left + At(p, x + 1, y) * across.share;
  const int bottom = At(p, x, y + 1) * of_left + At(p, x + 1, y + 1) * across.share;
  return (top * (256 - down.share) + bottom * down.share + 32768) >> 16;
}

JETFLEET_DEVICE int SampleDouble(const PlaneSampling& p, int i, int j) {
  // The near sample counts three times; beyond an edge there is only the near one.
  const int near_x = i >> 1;
  int away_x = i & 1 ? near_x + 1 : near_x - 1;
  if (away_x < 0 || away_x >= p.width) away_x = near_x;
  if (p.sampling == kDoubleColumns) {
    const int row = (p.y + j * p.dy) >> 16;
    return (At(p, near_x, row) * 3 + At(p, away_x, row) + 2) >> 2;
  }
  const int near_y = j >> 1;
  int away_y = j & 1 ? near_y + 1 : near_y - 1;
  if (away_y < 0 || away_y >= p.height) away_y = near_y;
  return (At(p, near_x, near_y) * 9 + At(p, away_x, near_y) * 3 + At(p, near_x, away_y) * 3 +
          At(p, away_x, away_y) + 8) >>
         4;
}

// Sample (i, j) of the scaled plane, from 0 to 255.
JETFLEET_DEVICE int Sample(const PlaneSampling& p, int i, int j) {
  if (p.sampling == kCentred) return SampleCentred(p, i, j);
  if (p.sampling == kDouble || p.sampling == kDoubleColumns) return SampleDouble(p, i, j);
  const int x = p.x + i * p.dx;
  const int y = Smaller(p.y + j * p.dy, p.last_y);
  const int column = x >> 16;
  const int row = y >> 16;
  if (p.sampling == kPoint) return At(p, column, row);
  const int down = p.mixes_rows ? (y >> 8) & 255 : 0;
  const int below = Smaller(row + 1, p.height - 1);
  if (p.sampling == kRowsOnly) {
    const int fixed = (p.x >> 16) + i;
    return MixRows(At(p, fixed, row), At(p, fixed, below), down);
  }
  const int across = (x >> 9) & 127;
  const int right = Smaller(column + 1, p.width - 1);
  if (p.sampling == kRowsFirst) {
    return MixColumns(MixRows(At(p, column, row), At(p, column, below), down),
                      MixRows(At(p, right, row), At(p, right, below), down), across);
  }
  return MixRows(MixColumns(At(p, column, row), At(p, right, row), across),
                 MixColumns(At(p, column, below), At(p, right, below), across),
                 down);
}

// The same, (x, y) being of the upright picture.
JETFLEET_DEVICE int SampleTurned(const PlaneSampling& p, int turn, int x, int y) {
  const bool lies = turn == kQuarter || turn == kThreeQuarter;
  const int i = lies ? y : x;
  const int j = lies ? x : y;
  const bool from_right = turn == kHalf || turn == kThreeQuarter;
  const bool from_below = turn == kQuarter || turn == kHalf;
  return Sample(p, from_right ? p.to_width - 1 - i : i, from_below ? p.to_height - 1 - j : j);
}

JETFLEET_DEVICE float Clamped(float value) {
  const float high = value < 255.0f ? value : 255.0f;
  return high > 0.0f ? high : 0.0f;
}

// Pixel (x, y) of the upright, scaled picture.
JETFLEET_DEVICE void ColorsOf(const Picture& picture, int x, int y, float (&rgb)[3]) {
  if (picture.colors == kPackedColors) {
    for (int i = 0; i < 3; ++i) {
      rgb[i] = static_cast<float>(SampleTurned(picture.planes[i], picture.turn, x, y));
    }
    return;
  }
  const int sample = SampleTurned(picture.planes[0], picture.turn, x, y);
  const float luma = (static_cast<float>(sample) - picture.luma_offset) * picture.luma;
  float u = 0.0f;
  float v = 0.0f;
  if (picture.colors == kYuvColors) {
    const int cx = x >> picture.halved_across;
    const int cy = y >> picture.halved_down;
    u = static_cast<float>(SampleTurned(picture.planes[1], picture.turn, cx, cy)) - 128.0f;
    v = static_cast<float>(SampleTurned(picture.planes[2], picture.turn, cx, cy)) - 128.0f;
  }
  rgb[0] = Clamped(luma + picture.red_of_v * v);
  rgb[1] = Clamped(luma - picture.green_of_u * u - picture.green_of_v * v);
  rgb[2] = Clamped(luma + picture.blue_of_u * u);
}

// IEEE 754 binary16, halves to the even one, as the processor's own conversion.
JETFLEET_DEVICE unsigned short HalfOf(float value) {
  union {
    float real;
    unsigned bits;
  } whole;
  whole.real = value;
  const unsigned sign = (whole.bits >> 16) & 0x8000u;
  const unsigned magnitude = whole.bits & 0x7fffffffu;
  if (magnitude >= 0x7f800000u) {
    return static_cast<unsigned short>(sign | (magnitude > 0x7f800000u ? 0x7e00u : 0x7c00u));
  }
  // 65520 and above are infinite.
  if (magnitude >= 0x477ff000u) return static_cast<unsigned short>(sign | 0x7c00u);
  if (magnitude < 0x38800000u) {
    // Subnormal: in units of 2^-24.
    if (magnitude < 0x33000000u) return static_cast<unsigned short>(sign);
    const unsigned shift = 126u - (magnitude >> 23);
    const unsigned mantissa = (magnitude & 0x7fffffu) | 0x800000u;
    const unsigned kept = mantissa >> shift;
    const unsigned rest = mantissa & ((1u << shift) - 1u);
    const unsigned middle = 1u << (shift - 1u);
    const unsigned up = rest > middle || (rest == middle && (kept & 1u)) ? 1u : 0u;
    return static_cast<unsigned short>(sign | (kept + up));
  }
  const unsigned rounded = magnitude + 0xfffu + ((magnitude >> 13) & 1u);
  return static_cast<unsigned short>(sign | ((rounded - 0x38000000u) >> 13));
}

// The nearest whole number, halves to the even one, no less and no more than these. Values far below
// 2^22, as all near the limits are, are rounded by adding 1.5 * 2^23.
JETFLEET_DEVICE int WholeOf(float value, int least, int most) {
  if (!(value > static_cast<float>(least))) return least;
  if (value >= static_cast<float>(most)) return most;
  const float shifted = value + 12582912.0f;
  union {
    float real;
    int bits;
  } whole;
  whole.real = shifted;
  return whole.bits - 0x4b400000;
}

// Fills pixel (x, y) of one slot.
JETFLEET_DEVICE void PreparePixel(const PrepareParameters& all, int slot, int x, int y) {
  const Picture& picture = all.pictures[slot];
  const int inner_x = x - picture.target_x;
  const int inner_y = y - picture.target_y;
  const bool inside = inner_x >= 0 && inner_y >= 0 && inner_x < picture.target_width &&
                      inner_y < picture.target_height;
  float rgb[3] = {0.0f, 0.0f, 0.0f};
  if (inside) ColorsOf(picture, inner_x, inner_y, rgb);
  const long long pixel = slot * all.slot_stride + y * all.row_stride + x * all.pixel_stride;
  for (int i = 0; i < 3; ++i) {
    const float value = inside ? (rgb[i] - all.mean[i]) * all.scale[i] : all.pad[i];
    const long long place = pixel + all.channel[i] * all.channel_stride;
    if (all.type == kFloat16) {
      static_cast<unsigned short*>(all.output)[place] = HalfOf(value);
    } else if (all.type == kUint8) {
      static_cast<unsigned char*>(all.output)[place] =
          static_cast<unsigned char>(WholeOf(value, 0, 255));
    } else if (all.type == kInt8) {
      static_cast<signed char*>(all.output)[place] =
          static_cast<signed char>(WholeOf(value, -128, 127));
    } else {
      static_cast<float*>(all.output)[place] = value;
    }
  }
}

}  // namespace kernels
}  // namespace jetfleet

#ifdef __CUDACC__
extern "C" __global__ void jetfleet_prepare(const jetfleet::kernels::PrepareParameters all) {
  const int x = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  const int y = static_cast<int>(blockIdx.y * blockDim.y + threadIdx.y);
  if (x < all.width && y < all.height) {
    jetfleet::kernels::PreparePixel(all, static_cast<int>(blockIdx.z), x, y);
  }
}
#endif
