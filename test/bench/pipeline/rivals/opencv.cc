// opencv RUNTIME MODEL CLIP STREAMS plain|thread: a capture with one decoding thread for each
// stream, taken in turn, resize and border as OpenCV's users write it; `thread` has each capture in
// a thread of its own, two pictures ahead.
#include <condition_variable>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#include <thread>

#include "inference.h"

namespace {

constexpr std::size_t kAhead = 2;

/// Pictures from the thread that captures to the one that infers; an empty picture ends them.
class Pictures {
 public:
  void Put(cv::Mat picture) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return waiting_.size() < kAhead; });
    waiting_.push_back(std::move(picture));
    changed_.notify_all();
  }
  cv::Mat Take() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return !waiting_.empty(); });
    cv::Mat picture = std::move(waiting_.front());
    waiting_.pop_front();
    changed_.notify_all();
    return picture;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<cv::Mat> waiting_;
};

/// One stream; an empty picture ends it.
class Capture {
 public:
  Capture(const char* clip, bool threaded) : capture_(clip, cv::CAP_FFMPEG) {
    if (!capture_.isOpened()) rivals::Die("OpenCV cannot open the clip");
    if (threaded) ahead_ = std::make_unique<Pictures>();
  }
  ~Capture() {
    if (thread_.joinable()) thread_.join();
  }
  void Begin() {
    if (ahead_ == nullptr) return;
    thread_ = std::thread([this] {
      for (cv::Mat picture; capture_.read(picture); picture = cv::Mat()) ahead_->Put(picture);
      ahead_->Put(cv::Mat());
    });
  }
  /// Into the memory of the picture before, where there is no thread.
  void Read(cv::Mat* picture) {
    if (ahead_ != nullptr) {
      *picture = ahead_->Take();
    } else if (!capture_.read(*picture)) {
      *picture = cv::Mat();
    }
  }

 private:
  cv::VideoCapture capture_;
  std::unique_ptr<Pictures> ahead_;
  std::thread thread_;
};

/// Letterbox into the planes of the tensor; what is outside the picture was grey from the start.
void Preprocess(const cv::Mat& picture, float* tensor) {
  const double ratio = std::min(static_cast<double>(rivals::kSide) / picture.cols,
                                static_cast<double>(rivals::kSide) / picture.rows);
  const cv::Size size(cvRound(picture.cols * ratio), cvRound(picture.rows * ratio));
  static cv::Mat small;
  static cv::Mat floats;
  cv::resize(picture, small, size, 0, 0, cv::INTER_LINEAR);
  small.convertTo(floats, CV_32FC3);
  std::vector<cv::Mat> planes;
  for (int c = 0; c < 3; ++c) {
    cv::Mat whole(rivals::kSide, rivals::kSide, CV_32FC1, tensor + c * rivals::kPlane);
    planes.push_back(whole(cv::Rect(0, 0, size.width, size.height)));
  }
  cv::split(floats, planes);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) rivals::Die("usage: opencv RUNTIME MODEL CLIP STREAMS plain|thread");
  cv::setNumThreads(1);
  setenv("OPENCV_FFMPEG_CAPTURE_OPTIONS", "threads;1", 1);
  rivals::Inference inference(argv[1], argv[2]);
  std::deque<Capture> captures;
  for (int i = 0; i < std::atoi(argv[4]); ++i) {
    captures.emplace_back(argv[3], std::strcmp(argv[5], "thread") == 0);
  }
  rivals::Meter meter;
  meter.Begin();
  for (Capture& capture : captures) capture.Begin();
  int frames = 0;
  int objects = 0;
  std::vector<cv::Mat> pictures(captures.size());
  // All are of the same length; each is read to its end, so that no thread is left.
  std::size_t going = captures.size();
  for (std::size_t turn = 0; going > 0; turn = (turn + 1) % captures.size()) {
    captures[turn].Read(&pictures[turn]);
    if (pictures[turn].empty()) {
      --going;
      continue;
    }
    Preprocess(pictures[turn], inference.tensor());
    objects += inference.Run();
    ++frames;
  }
  captures.clear();
  meter.Print(frames, objects);
}
