#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "core/decode/output_decoder.h"

/// What decoders ask of a model. Errors are MODEL_INVALID and say what was expected.
namespace jetfleet {

/// A model's inputs and outputs, and the one that takes the picture.
struct ModelIo {
  /// Decoders write into it what the model leaves open of its outputs.
  ModelInfo* info = nullptr;
  std::size_t picture = 0;
  Size size;
  /// -1: as many as one likes.
  std::int64_t batch = 1;

  std::vector<TensorInfo>& outputs() const { return info->outputs; }
  const TensorInfo& input() const { return info->inputs[picture]; }
};

/// Finds the input that takes the picture, float32, float16 or uint8 of [N,3,H,W] or [N,H,W,3], and
/// its size: the model's own or, where that is open, `options.input`, which is then written to
/// `info`.
Status FitPicture(const DecoderOptions& options, ModelInfo* info, ModelIo* io);

/// Sides of the picture are multiples of `stride`.
Status CheckStride(const ModelIo& io, int stride, const DecoderOptions& options);

/// As many outputs as that.
Status CheckOutputs(const ModelIo& io, std::size_t count, const DecoderOptions& options);

/// Output `number` is of that shape, in which -1 stands for any length. What the model leaves open
/// becomes what is expected; a batch that is open on one side takes what the other says.
Status CheckOutput(const ModelIo& io, std::size_t number, const Shape& expected,
                   const DecoderOptions& options);

/// How many rows an output has, which no decoder can work out: the dimension `at`.
Status ReadRows(const ModelIo& io, std::size_t number, std::size_t at,
                const DecoderOptions& options, std::int64_t* rows);

/// The output whose name contains one of the words, in small letters; nothing when none or several
/// do.
std::optional<std::size_t> OutputNamed(const ModelIo& io, std::initializer_list<const char*> words);

/// "expected …, got the outputs …" for a model of another family.
Status OtherOutputs(const ModelIo& io, const std::string& expected, const DecoderOptions& options);

/// Cells of the grids of these strides.
std::int64_t CellsOf(Size picture, std::initializer_list<int> strides);

}  // namespace jetfleet
