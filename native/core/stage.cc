#include "core/stage.h"

#include <pthread.h>

#include <utility>

namespace jetfleet {

Stage::Stage(StageId id, std::size_t capacity, Overflow overflow, Work work, Next next,
             OnError on_error)
    : id_(id),
      queue_(capacity, overflow),
      work_(std::move(work)),
      next_(std::move(next)),
      on_error_(std::move(on_error)) {}

Stage::~Stage() {
  Close();
  Join();
}

void Stage::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Stage::Join() {
  if (thread_.joinable()) thread_.join();
}

void Stage::Run() {
  NameThisThread(std::string("jf-") + StageName(id_));
  FramePtr frame;
  while (queue_.Pop(&frame) == FrameQueue::PopResult::kItem) {
    if (!frame->end_of_stream) {
      const TimePoint start = Clock::now();
      const Status status = work_(*frame);
      if (!status.ok()) {
        on_error_(status);
        return;
      }
      frame->trace.Record(id_, start, Clock::now());
      meter_.Add(frame->trace.WaitMs(id_), frame->trace.WorkMs(id_));
    }
    next_(std::move(frame));
  }
}

void NameThisThread(const std::string& name) {
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
}

}  // namespace jetfleet
