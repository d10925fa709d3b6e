// The scene behind a C interface, for the trainer (ctypes). Functions return a negative number on
// failure.
#include <cstring>
#include <exception>

#include "scene.h"

using jetfleet::scene::I420;
using jetfleet::scene::Scene;
using jetfleet::scene::TrueObject;

extern "C" {

struct jetfleet_scene_object {
  uint64_t id;
  int32_t label;  // 0 person, 1 vehicle, 2 bicycle
  int32_t left, top, width, height;
  float visible;
};

static int CopyObjects(const std::vector<TrueObject>& objects, jetfleet_scene_object* out,
                       int capacity) {
  int count = 0;
  for (const TrueObject& o : objects) {
    if (count >= capacity) break;
    out[count++] = {o.id,     static_cast<int32_t>(o.label), o.left, o.top, o.width, o.height,
                    o.visible};
  }
  return count;
}

__attribute__((visibility("default"))) void* jetfleet_scene_create(uint64_t seed, int width,
                                                                   int height, double fps) {
  try {
    return new Scene(seed, width, height, fps);  // freed by jetfleet_scene_destroy
  } catch (const std::exception&) {
    return nullptr;
  }
}

__attribute__((visibility("default"))) void jetfleet_scene_destroy(void* scene) {
  delete static_cast<Scene*>(scene);
}

/// `i420` holds width × height × 3 / 2 bytes, planes without padding; null when only the truth is
/// wanted. Returns the number of objects.
__attribute__((visibility("default"))) int jetfleet_scene_frame(void* handle, uint64_t frame,
                                                                uint8_t* i420,
                                                                jetfleet_scene_object* objects,
                                                                int capacity) {
  try {
    auto* scene = static_cast<Scene*>(handle);
    if (i420 == nullptr) return CopyObjects(scene->Truth(frame), objects, capacity);
    const int w = scene->width(), h = scene->height();
    uint8_t* u = i420 + static_cast<size_t>(w) * h;
    uint8_t* v = u + static_cast<size_t>(w / 2) * (h / 2);
    return CopyObjects(scene->RenderI420(frame, {i420, u, v, w, w / 2, w / 2}), objects, capacity);
  } catch (const std::exception&) {
    return -1;
  }
}

}  // extern "C"
