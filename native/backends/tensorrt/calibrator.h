#pragma once

#include "backends/tensorrt/generation.h"

#if !JF_TRT_STRONGLY_TYPED

#include <memory>
#include <string>
#include <vector>

#include "backends/tensorrt/build_events.h"
#include "backends/tensorrt/cuda/owners.h"
#include "backends/tensorrt/files/calibration_table.h"

namespace jetfleet::tensorrt {

/// Where INT8 ranges come from: a table, or pictures that the builder runs the model on.
class Calibrator {
 public:
  struct Source {
    /// Files of raw values, one item of the model's input each; empty: `table` has the ranges.
    std::string data_folder;
    /// Its method is the one that is used.
    CalibrationTable table;
    /// Of the model's one input.
    std::size_t batch = 1;
    std::size_t item_bytes = 0;
  };
  /// Throws Failure JF_MODEL_INVALID when the folder holds nothing of use.
  Calibrator(Source source, std::string model_digest, BuildListener* listener);

  /// What the builder takes, of the table's method; lives as long as this.
  nvinfer1::IInt8Calibrator* vendor() { return vendor_.get(); }

  std::int32_t batch() const { return static_cast<std::int32_t>(source_.batch); }
  bool GetBatch(void** bindings, std::int32_t count) noexcept;
  const void* ReadCache(std::size_t* length) noexcept;
  void WriteCache(const void* cache, std::size_t length) noexcept;

  /// What was found; empty scales when the table was given.
  const CalibrationTable& found() const { return found_; }
  /// Why it could not go on, if so; the builder itself only sees that there are no more pictures.
  void ThrowIfFailed() const;

 private:
  bool NextBatch(void** bindings, std::int32_t count);

  std::unique_ptr<nvinfer1::IInt8Calibrator> vendor_;
  const Source source_;
  const std::string model_digest_;
  BuildListener* const listener_;
  std::vector<std::string> files_;
  std::size_t next_ = 0;
  std::string vendor_cache_;
  std::vector<char> batch_bytes_;
  cuda::DeviceMemory memory_;
  CalibrationTable found_;
  std::string failure_;
};

}  // namespace jetfleet::tensorrt

#endif  // !JF_TRT_STRONGLY_TYPED
