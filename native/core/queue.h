#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <utility>

namespace jetfleet {

/// What a full queue does with one more item.
enum class Overflow {
  /// Files: the producer waits.
  kBlock,
  /// Live sources: the oldest item goes, so that what remains is recent.
  kDropOldest,
};

struct QueueLevels {
  std::size_t level = 0;
  std::size_t max = 0;
  std::size_t capacity = 0;
  std::size_t drops = 0;
  std::size_t drops_total = 0;
};

/// What a queue must keep although it is full.
template <typename T>
struct Indispensable {
  static bool Test(const T&) { return false; }
};

/// The one queue in front of a stage: bounded, any number of producers, one consumer. Beyond its
/// capacity it holds what is indispensable.
template <typename T>
class BoundedQueue {
 public:
  using Clock = std::chrono::steady_clock;
  enum class PopResult { kItem, kClosed };

  /// Of a queue that drops, those that `spare` holds for go before others that are older.
  BoundedQueue(std::size_t capacity, Overflow overflow, std::function<bool(const T&)> spare = {})
      : spare_(std::move(spare)), capacity_(capacity), overflow_(overflow) {}

  /// Until then, this many more items are held before the oldest goes: for a time in which the
  /// consumer is known to be short of processor time. Means nothing to queues that block.
  void Stretch(std::size_t extra, Clock::time_point until) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (overflow_ == Overflow::kBlock) return;
    extra_ = extra;
    stretched_until_ = until;
  }

  /// False when the queue is closed; the item is then gone.
  bool Push(T item) {
    std::deque<T> dropped;  // destroyed after the lock is released: an item may own a picture
    std::unique_lock<std::mutex> lock(mutex_);
    not_full_.wait(lock, [this] {
      return closed_ || overflow_ != Overflow::kBlock || items_.size() < capacity_;
    });
    if (closed_) return false;
    items_.push_back(std::move(item));
    while (overflow_ == Overflow::kDropOldest && items_.size() > Limit()) {
      const auto gone = ToDrop();
      if (gone == items_.end()) break;
      dropped.push_back(std::move(*gone));
      items_.erase(gone);
      ++drops_;
    }
    if (items_.size() > max_) max_ = items_.size();
    lock.unlock();
    not_empty_.notify_one();
    return true;
  }

  PopResult Pop(T* item) {
    std::unique_lock<std::mutex> lock(mutex_);
    not_empty_.wait(lock, [this] { return closed_ || !items_.empty(); });
    return Take(item, &lock);
  }

  /// False when there is none, or the queue is closed.
  bool TryPop(T* item) {
    std::unique_lock<std::mutex> lock(mutex_);
    return (closed_ || !items_.empty()) && Take(item, &lock) == PopResult::kItem;
  }

  bool empty() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return items_.empty();
  }

  /// Wakes everybody; what is inside is thrown away, for nobody wants it after a stop.
  void Close() {
    std::deque<T> discarded;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      closed_ = true;
      discarded.swap(items_);
    }
    not_full_.notify_all();
    not_empty_.notify_all();
  }

  /// `max` is the highest level since the last call, `drops` counts from there.
  QueueLevels TakeLevels() {
    std::lock_guard<std::mutex> lock(mutex_);
    const QueueLevels levels{items_.size(), max_, Limit(), drops_, drops_total_ + drops_};
    max_ = items_.size();
    drops_total_ += drops_;
    drops_ = 0;
    return levels;
  }

 private:
  std::size_t Limit() const {
    return Clock::now() < stretched_until_ ? capacity_ + extra_ : capacity_;
  }

  typename std::deque<T>::iterator ToDrop() {
    const auto spared = spare_ ? std::find_if(items_.begin(), items_.end(), spare_) : items_.end();
    if (spared != items_.end()) return spared;
    return std::find_if_not(items_.begin(), items_.end(), Indispensable<T>::Test);
  }

  PopResult Take(T* item, std::unique_lock<std::mutex>* lock) {
    if (closed_) return PopResult::kClosed;
    *item = std::move(items_.front());
    items_.pop_front();
    lock->unlock();
    not_full_.notify_one();
    return PopResult::kItem;
  }

  const std::function<bool(const T&)> spare_;
  const std::size_t capacity_;
  const Overflow overflow_;
  std::mutex mutex_;
  std::condition_variable not_full_;
  std::condition_variable not_empty_;
  std::deque<T> items_;
  std::size_t extra_ = 0;
  Clock::time_point stretched_until_{};
  std::size_t max_ = 0;
  std::size_t drops_ = 0;
  /// Before the current interval.
  std::size_t drops_total_ = 0;
  bool closed_ = false;
};

}  // namespace jetfleet
