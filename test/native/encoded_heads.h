#pragma once

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "core/decode/output_decoder.h"

/// Heads of detectors with known boxes in them, written by the published formulas the other way
/// round and with nothing of the decoders.
namespace jetfleet::encoded {

constexpr int kSide = 320;
constexpr int kLabels = 3;

struct Thing {
  /// In pixels of the picture, which is as large as the model's input.
  double left, top, width, height, score;
  int label;

  double cx() const { return left + width / 2; }
  double cy() const { return top + height / 2; }
  double right() const { return left + width; }
  double bottom() const { return top + height; }
};

/// A model's inputs and outputs, and what it answers to one picture.
struct Net {
  ModelInfo info;
  std::vector<std::vector<float>> values;

  TensorInfo& Input(const std::string& name, const Shape& shape,
                    ElementType type = ElementType::kFloat32);
  /// Filled with `value`.
  std::size_t Output(const std::string& name, const Shape& shape, double value = 0,
                     ElementType type = ElementType::kFloat32);
  /// Element at that place of an output's rows of `columns`.
  float& At(std::size_t output, std::size_t row, std::size_t columns, std::size_t column) {
    return values[output][row * columns + column];
  }
  /// On the host, in the outputs' own types.
  std::vector<TensorView> Tensors() const;
};

/// A family's head, with these things in it.
struct Family {
  const char* decoder;
  /// For the test's name.
  const char* form;
  std::function<Net(const std::vector<Thing>&)> encode;
  /// Boxes that overlap are merged by the decoder, not by the model.
  bool merges = true;
  int labels = kLabels;
};

const std::vector<Family>& Families();

}  // namespace jetfleet::encoded
