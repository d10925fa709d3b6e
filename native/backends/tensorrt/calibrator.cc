#include "backends/tensorrt/calibrator.h"

#if !JF_TRT_STRONGLY_TYPED

#include <dirent.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "backends/tensorrt/cuda/failure.h"
#include "backends/tensorrt/files/sealed_engine.h"

namespace jetfleet::tensorrt {
namespace {

std::vector<std::string> FilesIn(const std::string& folder) {
  std::vector<std::string> files;
  DIR* const opened = opendir(folder.c_str());
  if (opened == nullptr) {
    throw Failure(JF_MODEL_INVALID,
                  "Expected a folder of calibration data at " + folder + " but it cannot be read");
  }
  // The answer is per directory stream, and this one is ours alone.
  while (const dirent* entry = readdir(opened)) {  // NOLINT(concurrency-mt-unsafe)
    if (entry->d_name[0] != '.') files.push_back(folder + "/" + entry->d_name);
  }
  closedir(opened);
  std::sort(files.begin(), files.end());
  return files;
}

/// A calibrator of one of the vendor's kinds.
template <typename Kind>
class Vendors final : public Kind {
 public:
  explicit Vendors(Calibrator* calibrator) : calibrator_(calibrator) {}

  std::int32_t getBatchSize() const noexcept override { return calibrator_->batch(); }
  bool getBatch(void** bindings, const char**, std::int32_t count) noexcept override {
    return calibrator_->GetBatch(bindings, count);
  }
  const void* readCalibrationCache(std::size_t& length) noexcept override {
    return calibrator_->ReadCache(&length);
  }
  void writeCalibrationCache(const void* cache, std::size_t length) noexcept override {
    calibrator_->WriteCache(cache, length);
  }

 private:
  Calibrator* const calibrator_;
};

}  // namespace

Calibrator::Calibrator(Source source, std::string model_digest, BuildListener* listener)
    : source_(std::move(source)), model_digest_(std::move(model_digest)), listener_(listener) {
  if (source_.table.method == CalibrationMethod::kMinMax) {
    vendor_ = std::make_unique<Vendors<nvinfer1::IInt8MinMaxCalibrator>>(this);
  } else {
    vendor_ = std::make_unique<Vendors<nvinfer1::IInt8EntropyCalibrator2>>(this);
  }
  if (source_.data_folder.empty()) {
    vendor_cache_ = VendorCacheOf(source_.table, NV_TENSORRT_VERSION);
    return;
  }
  files_ = FilesIn(source_.data_folder);
  if (files_.size() < source_.batch) {
    throw Failure(JF_MODEL_INVALID, "Expected at least " + std::to_string(source_.batch) +
                                        " files of calibration data, one batch of the model, in " +
                                        source_.data_folder + " but got " +
                                        std::to_string(files_.size()));
  }
  memory_ = cuda::Allocate(source_.batch * source_.item_bytes);
}

bool Calibrator::GetBatch(void** bindings, std::int32_t count) noexcept {
  try {
    return NextBatch(bindings, count);
  } catch (const std::exception& failure) {
    failure_ = failure.what();
  } catch (...) {
    failure_ = "unknown";
  }
  return false;
}

bool Calibrator::NextBatch(void** bindings, std::int32_t count) {
  // What is left over at the end does not fill a batch.
  if (source_.data_folder.empty() || count != 1 || listener_->Cancelled() ||
      next_ + source_.batch > files_.size()) {
    return false;
  }
  batch_bytes_.clear();
  for (std::size_t i = 0; i < source_.batch; ++i) {
    const std::string& file = files_[next_++];
    const std::vector<char> item = ReadWholeFile(file, "calibration data");
    if (item.size() != source_.item_bytes) {
      throw Failure(JF_MODEL_INVALID, "Expected " + std::to_string(source_.item_bytes) +
                                          " bytes, one item of the model's input, but " + file +
                                          " has " + std::to_string(item.size()));
    }
    batch_bytes_.insert(batch_bytes_.end(), item.begin(), item.end());
  }
  const cuda::Driver& driver = cuda::TheDriver();
  // From memory that is not pinned, so the bytes are read before the call returns.
  driver.Check(driver.to_device(memory_.get(), batch_bytes_.data(), batch_bytes_.size(), nullptr),
               "bringing calibration data to the GPU");
  driver.Check(driver.stream_synchronize(nullptr), "bringing calibration data to the GPU");
  bindings[0] = reinterpret_cast<void*>(memory_.get());
  listener_->Progress(0, "calibrating with " + std::to_string(next_) + " of " +
                             std::to_string(files_.size()) + " items");
  return true;
}

const void* Calibrator::ReadCache(std::size_t* length) noexcept {
  *length = vendor_cache_.size();
  return vendor_cache_.empty() ? nullptr : vendor_cache_.data();
}

void Calibrator::WriteCache(const void* cache, std::size_t length) noexcept {
  if (source_.data_folder.empty()) return;
  try {
    found_ = FromVendorCache({static_cast<const char*>(cache), length}, model_digest_);
  } catch (const std::exception& failure) {
    failure_ = failure.what();
  } catch (...) {
    failure_ = "unknown";
  }
}

void Calibrator::ThrowIfFailed() const {
  if (!failure_.empty()) throw Failure(JF_MODEL_INVALID, "Calibration failed: " + failure_);
}

}  // namespace jetfleet::tensorrt

#endif  // !JF_TRT_STRONGLY_TYPED
