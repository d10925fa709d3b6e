#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <thread>

#include "binding/mailbox.h"

namespace jetfleet {

/// Writes what comes into a mailbox to a file descriptor, as the envelopes of
/// agent/supervise/envelope.ts, by the thread that put it there: no other thread wakes up for a
/// frame, and no JavaScript runs. While the reader is behind, a thread of its own waits for it, and
/// the mailbox drops what it has no room for.
class ResultPipe {
 public:
  /// A descriptor of its own for what `fd` is, so that closing `fd` does no harm; -1 when it is
  /// none. What it is must not block others: it is set to non-blocking.
  static int Open(int fd);

  /// Closes `fd` in the end. The mailbox outlives it.
  ResultPipe(int fd, Mailbox* mailbox);
  ~ResultPipe();
  ResultPipe(const ResultPipe&) = delete;
  ResultPipe& operator=(const ResultPipe&) = delete;

  /// Any thread, after something was put into the mailbox. Never waits for the reader.
  void Wake();
  /// Any thread. Nothing comes any more: waits until all is written, or for so long. False when
  /// something is left; it is never written.
  bool Finish(std::chrono::milliseconds most);

 private:
  void Run();
  using Lock = std::unique_lock<std::mutex>;
  /// Writes until nothing is left or the pipe is full; one thread at a time does.
  void Write(Lock* lock);
  /// False when the pipe is full.
  bool WriteAll();
  bool WriteOne();
  bool Next();

  const int fd_;
  Mailbox* const mailbox_;

  // For who writes.
  Message message_;
  std::string head_;
  std::string* body_ = nullptr;
  std::string text_;
  /// Of head and body together.
  std::size_t written_ = 0;
  /// Nobody reads any more.
  bool broken_ = false;

  std::mutex mutex_;
  /// For this object's thread: the pipe is full, or it is to end.
  std::condition_variable full_or_closed_;
  /// For who finishes: nobody writes. One for both would wake the thread at each message.
  std::condition_variable quiet_;
  bool more_ = false;
  bool writing_ = false;
  bool full_ = false;
  bool closed_ = false;
  std::thread thread_;
};

}  // namespace jetfleet
