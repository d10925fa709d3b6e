// See README.md. C, so that it has no static objects of its own that could go before the runtime's.
#include <dlfcn.h>
#include <fcntl.h>
#include <onnxruntime_c_api.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RUN_MICROSECONDS = 5000 };

static OrtApi g_api;
static const OrtApi* g_real;
static OrtApiBase g_base;
static const OrtApiBase* g_real_base;
static atomic_int g_running;
static atomic_int g_gone;

static void Tell(const char* event) {
  const char* path = getenv("JETFLEET_WITNESS_LOG");
  const int file = path == NULL ? -1 : open(path, O_WRONLY | O_APPEND | O_CREAT, 0600);
  if (file < 0) return;
  if (write(file, event, strlen(event)) < 0) abort();
  close(file);
}

/// Registered when the library is loaded, so it is called before the library's own destructors.
static void OnRuntimeGoes(void) {
  atomic_store(&g_gone, 1);
  if (atomic_load(&g_running) > 0) Tell("runs while the runtime goes\n");
}

static OrtStatusPtr ORT_API_CALL Run(OrtSession* session, const OrtRunOptions* options,
                                     const char* const* input_names, const OrtValue* const* inputs,
                                     size_t input_count, const char* const* output_names,
                                     size_t output_count, OrtValue** outputs) {
  if (atomic_load(&g_gone)) Tell("runs after the runtime went\n");
  atomic_fetch_add(&g_running, 1);
  const OrtStatusPtr status = g_real->Run(session, options, input_names, inputs, input_count,
                                          output_names, output_count, outputs);
  // As long as a real model, so that an end in its midst is no rare chance.
  usleep(RUN_MICROSECONDS);
  atomic_fetch_sub(&g_running, 1);
  return status;
}

static OrtStatusPtr ORT_API_CALL CreateSession(const OrtEnv* env, const ORTCHAR_T* path,
                                               const OrtSessionOptions* options,
                                               OrtSession** session) {
  Tell("session made\n");
  return g_real->CreateSession(env, path, options, session);
}

static void ORT_API_CALL ReleaseSession(OrtSession* session) {
  if (session != NULL) Tell("session released\n");
  g_real->ReleaseSession(session);
}

static const OrtApi* ORT_API_CALL GetApi(uint32_t version) {
  g_real = g_real_base->GetApi(version);
  if (g_real == NULL) return NULL;
  memcpy(&g_api, g_real, sizeof g_api);
  g_api.Run = Run;
  g_api.CreateSession = CreateSession;
  g_api.ReleaseSession = ReleaseSession;
  return &g_api;
}

__attribute__((visibility("default"))) const OrtApiBase* ORT_API_CALL OrtGetApiBase(void) {
  const char* path = getenv("JETFLEET_WITNESS_RUNTIME");
  void* library = path == NULL ? NULL : dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) return NULL;
  typedef const OrtApiBase*(ORT_API_CALL * GetBase)(void);
  g_real_base = ((GetBase)dlsym(library, "OrtGetApiBase"))();
  g_base.GetApi = GetApi;
  g_base.GetVersionString = g_real_base->GetVersionString;
  atexit(OnRuntimeGoes);
  return &g_base;
}
