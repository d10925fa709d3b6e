#include "binding/result_pipe.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "binding/envelope.h"
#include "core/graph/thread_name.h"

namespace jetfleet {
namespace {

/// While it waits for the reader, the thread looks so often whether it is to end.
constexpr int kLookMs = 50;

/// Without the signal that a reader who is gone sends by default: Node ignores it, others may not.
ssize_t WriteBoth(int fd, const iovec (&pieces)[2]) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces);
  message.msg_iovlen = 2;
  const ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent < 0 && errno == ENOTSOCK ? writev(fd, pieces, 2) : sent;
}

}  // namespace

int ResultPipe::Open(int fd) {
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY) return -1;
  if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) return -1;
  return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

ResultPipe::ResultPipe(int fd, Mailbox* mailbox)
    : fd_(fd), mailbox_(mailbox), thread_([this] { Run(); }) {}

ResultPipe::~ResultPipe() {
  Finish(std::chrono::milliseconds(0));
  close(fd_);
}

void ResultPipe::Wake() {
  Lock lock(mutex_);
  more_ = true;
  Write(&lock);
}

void ResultPipe::Write(Lock* lock) {
  // Who writes looks again when it is through.
  if (writing_) return;
  writing_ = true;
  while (more_ && !full_) {
    more_ = false;
    lock->unlock();
    const bool all = WriteAll();
    lock->lock();
    full_ = !all;
  }
  writing_ = false;
  if (full_) full_or_closed_.notify_one();
  quiet_.notify_all();
}

bool ResultPipe::WriteAll() {
  while (body_ != nullptr || Next()) {
    if (!WriteOne()) return false;
  }
  return true;
}

bool ResultPipe::Next() {
  if (!mailbox_->Take(&message_)) return false;
  Envelope envelope = EnvelopeOf(&message_, &text_);
  head_ = std::move(envelope.head);
  body_ = envelope.json;
  written_ = 0;
  return true;
}

bool ResultPipe::WriteOne() {
  const std::size_t whole = head_.size() + body_->size();
  while (!broken_ && written_ < whole) {
    const std::size_t of_head = std::min(written_, head_.size());
    const std::size_t of_body = written_ - of_head;
    const iovec pieces[2] = {{head_.data() + of_head, head_.size() - of_head},
                             {body_->data() + of_body, body_->size() - of_body}};
    const ssize_t count = WriteBoth(fd_, pieces);
    if (count >= 0) {
      written_ += static_cast<std::size_t>(count);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return false;
    } else {
      broken_ = errno != EINTR;
    }
  }
  body_ = nullptr;
  mailbox_->Return(&message_);
  return true;
}

void ResultPipe::Run() {
  NameThisThread("jf-results");
  Lock lock(mutex_);
  while (true) {
    full_or_closed_.wait(lock, [this] { return closed_ || full_; });
    if (closed_) return;
    lock.unlock();
    pollfd room{fd_, POLLOUT, 0};
    const bool ready = poll(&room, 1, kLookMs) > 0;
    lock.lock();
    if (!ready) continue;
    full_ = false;
    more_ = true;
    Write(&lock);
  }
}

bool ResultPipe::Finish(std::chrono::milliseconds most) {
  bool all = false;
  std::thread thread;
  {
    Lock lock(mutex_);
    all = quiet_.wait_for(lock, most, [this] { return !writing_ && !full_; });
    closed_ = true;
    std::swap(thread, thread_);
  }
  full_or_closed_.notify_one();
  if (thread.joinable()) thread.join();
  return all;
}

}  // namespace jetfleet
