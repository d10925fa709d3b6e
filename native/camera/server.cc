#include "server.h"

#include <stdexcept>

namespace jetfleet::camera {
namespace {

constexpr const char* kRole = "viewer";
constexpr const char* kFeedKey = "jetfleet-feed";

void OnUnprepared(GstRTSPMedia* media, gpointer) {
  if (auto* feed = static_cast<Feed*>(g_object_get_data(G_OBJECT(media), kFeedKey))) feed->Stop();
}

void DeleteFeed(gpointer feed) { delete static_cast<Feed*>(feed); }

GstRTSPFilterResult SendAway(GstRTSPServer*, GstRTSPClient*, gpointer) {
  return GST_RTSP_FILTER_REMOVE;
}

}  // namespace

Server::Server(const Options& options, MakeFeed make_feed) : make_feed_(std::move(make_feed)) {
  server_ = gst_rtsp_server_new();
  gst_rtsp_server_set_address(server_, options.host.c_str());
  gst_rtsp_server_set_service(server_, std::to_string(options.port).c_str());
  GstRTSPMediaFactory* factory = gst_rtsp_media_factory_new();
  const std::string launch = std::string("( ") + make_feed_()->Launch() +
                             " ! rtph264pay name=pay0 pt=96 config-interval=-1 )";
  gst_rtsp_media_factory_set_launch(factory, launch.c_str());
  gst_rtsp_media_factory_set_shared(factory, TRUE);
  gst_rtsp_media_factory_set_latency(factory, 0);
  g_signal_connect(factory, "media-configure", G_CALLBACK(OnMedia), this);
  if (!options.user.empty()) AskForPassword(options, factory);
  GstRTSPMountPoints* mounts = gst_rtsp_server_get_mount_points(server_);
  gst_rtsp_mount_points_add_factory(mounts, options.mount.c_str(), factory);  // takes the factory
  g_object_unref(mounts);
  source_ = gst_rtsp_server_attach(server_, nullptr);
  if (source_ != 0) return;
  g_object_unref(server_);
  throw std::runtime_error("expected to listen on " + options.host + " port " +
                           std::to_string(options.port) + " but the port is taken or not allowed");
}

Server::~Server() {
  Close();
  g_object_unref(server_);
}

int Server::port() const { return gst_rtsp_server_get_bound_port(server_); }

void Server::Close() {
  if (source_ == 0) return;
  g_source_remove(source_);
  source_ = 0;
  gst_rtsp_server_client_filter(server_, SendAway, nullptr);
}

void Server::AskForPassword(const Options& options, GstRTSPMediaFactory* factory) {
  GstRTSPAuth* auth = gst_rtsp_auth_new();
  gst_rtsp_auth_set_supported_methods(auth, GST_RTSP_AUTH_DIGEST);
  GstRTSPToken* token =
      gst_rtsp_token_new(GST_RTSP_TOKEN_MEDIA_FACTORY_ROLE, G_TYPE_STRING, kRole, nullptr);
  gst_rtsp_auth_add_digest(auth, options.user.c_str(), options.password.c_str(), token);
  gst_rtsp_token_unref(token);
  gst_rtsp_server_set_auth(server_, auth);
  g_object_unref(auth);
  GstRTSPPermissions* permissions = gst_rtsp_permissions_new();
  gst_rtsp_permissions_add_role(permissions, kRole, GST_RTSP_PERM_MEDIA_FACTORY_ACCESS,
                                G_TYPE_BOOLEAN, TRUE, GST_RTSP_PERM_MEDIA_FACTORY_CONSTRUCT,
                                G_TYPE_BOOLEAN, TRUE, nullptr);
  gst_rtsp_media_factory_set_permissions(factory, permissions);
  gst_rtsp_permissions_unref(permissions);
}

void Server::OnMedia(GstRTSPMediaFactory*, GstRTSPMedia* media, gpointer self) {
  Feed* feed =
      static_cast<Server*>(self)->make_feed_().release();  // owned by the media from here on
  g_object_set_data_full(G_OBJECT(media), kFeedKey, feed, DeleteFeed);
  g_signal_connect(media, "unprepared", G_CALLBACK(OnUnprepared), nullptr);
  GstElement* bin = gst_rtsp_media_get_element(media);
  feed->Configure(bin);
  gst_object_unref(bin);
}

}  // namespace jetfleet::camera
