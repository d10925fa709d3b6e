#pragma once

#include <gst/rtsp-server/rtsp-server.h>

#include <functional>
#include <memory>

#include "feed.h"

namespace jetfleet::camera {

using MakeFeed = std::function<std::unique_ptr<Feed>()>;

/// An RTSP server with one shared stream: all who watch see the same pictures.
class Server {
 public:
  /// Throws std::runtime_error when the port cannot be had.
  Server(const Options& options, MakeFeed make_feed);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  int port() const;
  /// Sends every client away and ends the streams.
  void Close();

 private:
  void AskForPassword(const Options& options, GstRTSPMediaFactory* factory);
  static void OnMedia(GstRTSPMediaFactory*, GstRTSPMedia* media, gpointer self);

  MakeFeed make_feed_;
  GstRTSPServer* server_ = nullptr;
  guint source_ = 0;
};

}  // namespace jetfleet::camera
