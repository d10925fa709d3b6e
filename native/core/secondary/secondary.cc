#include "core/secondary/secondary.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/graph/thread_name.h"
#include "core/infer/abi.h"

namespace jetfleet {
namespace {

/// A crop waits so long for others; its object is seen for much longer.
constexpr std::chrono::milliseconds kPatience{5};

}  // namespace

Secondary::Secondary(SecondaryModel secondary, std::function<void(const Status&)> on_error)
    : options_(std::move(secondary.options)),
      name_(std::make_shared<const std::string>(options_.name)),
      model_(std::move(secondary.model)),
      on_error_(std::move(on_error)),
      most_(static_cast<std::size_t>(model_->Together(kCropsInARun))) {}

Secondary::~Secondary() {
  Close();
  Join();
}

void Secondary::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Secondary::Close() {
  std::deque<Crop> discarded;  // destroyed after the lock is released: crops may own pictures
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    closed_ = true;
    discarded.swap(crops_);
  }
  changed_.notify_all();
}

void Secondary::Join() {
  if (thread_.joinable()) thread_.join();
}

Status Secondary::Prepare(const SurfaceRef& part, HostPreparer* preparer, Crop* crop) {
  if (model_->prepares()) {
    crop->surface = part;
    return Status::Ok();
  }
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (slots_ == nullptr) {
      RunTensors tensors;
      const Status status = model_->Borrow(model_->BatchFor(1), ModelProgram::FilledBy::kHost,
                                           std::nullopt, &tensors);
      if (!status.ok()) return status;
      slot_ = tensors.input.Slot(0).desc();
      slots_ = std::make_unique<BufferPool>(slot_.bytes());
    }
  }
  BufferRef memory = slots_->Take();
  if (memory == nullptr) return Status::Error(ErrorCode::kInternal, "No memory left for a crop");
  crop->input = TensorView(slot_, std::move(memory));
  Placement placement;
  return preparer->Run(*part, model_->decoder().preprocess(), crop->input, &placement);
}

bool Secondary::Ask(Crop crop) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (closed_) return false;
    if (crop.waiting == nullptr && crops_.size() >= kCapacity) {
      ++dropped_;
      return false;
    }
    crops_.push_back(std::move(crop));
    most_waited_ = std::max(most_waited_, crops_.size());
  }
  changed_.notify_one();
  return true;
}

void Secondary::Hurry() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    hurry_ = !crops_.empty();
  }
  changed_.notify_one();
}

void Secondary::Run() {
  NameThisThread("jf-" + options_.name);
  std::vector<Crop> crops;
  while (Take(&crops)) {
    const Status status = Look(&crops);
    if (!status.ok()) {
      return on_error_(
          Status::Error(status.code, "Secondary model " + options_.name + ": " + status.message));
    }
    crops.clear();
  }
}

bool Secondary::Take(std::vector<Crop>* crops) {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return closed_ || !crops_.empty(); });
  if (closed_) return false;
  changed_.wait_until(lock, crops_.front().since + kPatience,
                      [this] { return closed_ || hurry_ || crops_.size() >= most_; });
  if (closed_) return false;
  while (!crops_.empty() && crops->size() < most_) {
    crops->push_back(std::move(crops_.front()));
    crops_.pop_front();
  }
  hurry_ = hurry_ && !crops_.empty();
  return true;
}

Status Secondary::Look(std::vector<Crop>* crops) {
  const TimePoint start = Clock::now();
  RunTensors tensors;
  Status status = model_->Borrow(model_->BatchFor(static_cast<std::int64_t>(crops->size())),
                                 model_->filler(), std::nullopt, &tensors);
  if (status.ok()) status = Fill(*crops, tensors);
  if (status.ok()) status = model_->RunOnce(tensors);
  if (!status.ok()) return status;
  std::int64_t item = 0;
  for (const Crop& crop : *crops) crop.answers->Put(crop.track, Read(tensors, item++));
  const double work = FrameTrace::Ms(Clock::now() - start);
  for (const Crop& crop : *crops) meter_.Add(FrameTrace::Ms(start - crop.since), work);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    looked_ += crops->size();
    ++runs_;
  }
  // The last: from then on the frame goes on.
  for (const Crop& crop : *crops) {
    if (crop.waiting != nullptr) crop.waiting->Done();
  }
  return status;
}

Status Secondary::Fill(const std::vector<Crop>& crops, const RunTensors& tensors) {
  if (model_->prepares()) {
    const OutputDecoder& decoder = model_->decoder();
    const PreprocessSpec& spec = decoder.preprocess();
    std::vector<PreparedSurface> surfaces;
    for (const Crop& crop : crops) {
      const Placement placement = Placement::Of(spec, crop.surface->ShownSize(), decoder.input());
      surfaces.push_back({crop.surface, placement.target});
    }
    return model_->context(0).Prepare(surfaces, JfPreprocessOf(spec), tensors.input);
  }
  std::int64_t item = 0;
  for (const Crop& crop : crops) {
    const TensorView slot = tensors.input.Slot(item++);
    std::memcpy(slot.Host<std::uint8_t>(), crop.input.Host<const std::uint8_t>(),
                slot.desc().bytes());
  }
  return Status::Ok();
}

std::shared_ptr<const Answer> Secondary::Read(const RunTensors& tensors, std::int64_t item) {
  auto answer = std::make_shared<Answer>();
  answer->vector = model_->decoder().Embed(tensors.outputs, item);
  if (!answer->vector.empty()) {
    // What is no number became zero, and zeros are no direction.
    const auto is_zero = [](float value) { return value == 0; };
    if (std::all_of(answer->vector.begin(), answer->vector.end(), is_zero)) answer->vector.clear();
    return answer;
  }
  std::vector<Detection> found;
  // Boxes are of no interest: the crop is the object.
  const Size input = model_->decoder().input();
  model_->Read(tensors, item, Placement::Of(PreprocessSpec::Stretched(), input, input),
               options_.min_score, &found);
  const auto best = std::max_element(
      found.begin(), found.end(),
      [](const Detection& one, const Detection& other) { return one.score < other.score; });
  if (best == found.end() || best->score < options_.min_score) return answer;
  answer->label = model_->tag()->labels[static_cast<std::size_t>(best->label)];
  answer->score = best->score;
  return answer;
}

Secondary::Figures Secondary::TakeFigures() {
  Figures figures;
  figures.interval = meter_.Take();
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto dropped = static_cast<std::size_t>(dropped_);
  figures.queue = {
      crops_.size(), std::max(std::exchange(most_waited_, crops_.size()), crops_.size()), kCapacity,
      dropped - static_cast<std::size_t>(std::exchange(dropped_before_, dropped_)), dropped};
  figures.looked = looked_;
  figures.dropped = dropped_;
  figures.runs = runs_;
  return figures;
}

}  // namespace jetfleet
