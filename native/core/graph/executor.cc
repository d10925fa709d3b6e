#include "core/graph/executor.h"

#include "core/graph/thread_name.h"

namespace jetfleet {

Executor::Executor(std::size_t threads) : count_(threads) {}

Executor::~Executor() {
  Close();
  Join();
}

void Executor::Start() {
  for (std::size_t i = 0; i < count_; ++i) {
    threads_.emplace_back([this, i] {
      NameThisThread("jf-strand-" + std::to_string(i));
      std::shared_ptr<Task> task;
      while (tasks_.Pop(&task) == decltype(tasks_)::PopResult::kItem) {
        task->Run();
        task.reset();
      }
    });
  }
}

void Executor::Join() {
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

}  // namespace jetfleet
