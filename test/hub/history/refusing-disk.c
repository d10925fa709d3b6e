/*
 * Preloaded (LD_PRELOAD) into a process whose SQLite must meet a disk that refuses, for SQLite has no file layer of
 * ours. Each write, sync and truncation of a file below REFUSE_BELOW is a call; call REFUSE_AT, counted from when that
 * variable was last changed, fails with ENOSPC, or with EIO where REFUSE_WITH says so. REFUSED then says at what.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static char counted_for[32];
static long calls;

static int refused(int fd, const char* what) {
  const char* below = getenv("REFUSE_BELOW");
  const char* at = getenv("REFUSE_AT");
  if (below == NULL || at == NULL) return 0;
  char link[64];
  char path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = '\0';
  if (strncmp(path, below, strlen(below)) != 0) return 0;
  if (strncmp(counted_for, at, sizeof counted_for) != 0) {
    snprintf(counted_for, sizeof counted_for, "%s", at);
    calls = 0;
  }
  calls += 1;
  if (calls != atol(at)) return 0;
  setenv("REFUSED", what, 1);
  const char* with = getenv("REFUSE_WITH");
  errno = with != NULL && strcmp(with, "EIO") == 0 ? EIO : ENOSPC;
  return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void* bytes, size_t count) {
  return refused(fd, "write") ? -1 : REAL(write)(fd, bytes, count);
}
ssize_t pwrite(int fd, const void* bytes, size_t count, off_t at) {
  return refused(fd, "write") ? -1 : REAL(pwrite)(fd, bytes, count, at);
}
ssize_t pwrite64(int fd, const void* bytes, size_t count, off64_t at) {
  return refused(fd, "write") ? -1 : REAL(pwrite64)(fd, bytes, count, at);
}
int fsync(int fd) { return refused(fd, "sync") ? -1 : REAL(fsync)(fd); }
int fdatasync(int fd) { return refused(fd, "sync") ? -1 : REAL(fdatasync)(fd); }
int ftruncate(int fd, off_t size) {
  return refused(fd, "truncate") ? -1 : REAL(ftruncate)(fd, size);
}
int ftruncate64(int fd, off64_t size) {
  return refused(fd, "truncate") ? -1 : REAL(ftruncate64)(fd, size);
}
