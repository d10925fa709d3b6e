// opencv RUNTIME MODEL CLIP plain|thread: a capture with one decoding thread, resize and border as
// OpenCV's users write it; `thread` has the capture in a thread of its own, two pictures ahead.
#include <condition_variable>
#include <cstring>
#include <deque>
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
  if (argc != 5) rivals::Die("usage: opencv RUNTIME MODEL CLIP plain|thread");
  cv::setNumThreads(1);
  setenv("OPENCV_FFMPEG_CAPTURE_OPTIONS", "threads;1", 1);
  rivals::Inference inference(argv[1], argv[2]);
  cv::VideoCapture capture(argv[3], cv::CAP_FFMPEG);
  if (!capture.isOpened()) rivals::Die("OpenCV cannot open the clip");
  Pictures pictures;
  rivals::Meter meter;
  meter.Begin();
  std::thread capturing;
  const bool threaded = std::strcmp(argv[4], "thread") == 0;
  if (threaded) {
    capturing = std::thread([&] {
      for (cv::Mat picture; capture.read(picture); picture = cv::Mat()) pictures.Put(picture);
      pictures.Put(cv::Mat());
    });
  }
  int frames = 0;
  int objects = 0;
  cv::Mat picture;
  while (true) {
    if (threaded) {
      picture = pictures.Take();
    } else if (!capture.read(picture)) {
      break;
    }
    if (picture.empty()) break;
    Preprocess(picture, inference.tensor());
    objects += inference.Run();
    ++frames;
  }
  if (capturing.joinable()) capturing.join();
  meter.Print(frames, objects);
}
