#include "CTorch.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifdef __APPLE__
#define LIBRARY_SUFFIX ".dylib"
#else
#define LIBRARY_SUFFIX ".so"
#endif

typedef const ct_api *(*entry_point)(void);
typedef const char *(*folder_function)(void);

/// LibTorch has 31,000 references to functions: each is looked up when it is first called, and most never are.
static const int binding = RTLD_LAZY;

/// Opens `folder/lib/NAME` so that libraries opened later find their dependency in it.
static void *open_library(const char *folder, const char *name) {
  char path[4096];
  snprintf(path, sizeof path, "%s/lib/%s" LIBRARY_SUFFIX, folder, name);
  if (access(path, R_OK) != 0) return NULL;
  return dlopen(path, binding | RTLD_GLOBAL);
}

/// CUDA's part of LibTorch registers itself with hooks that are read once, so it is opened before any tensor is
/// made, and only if a driver is present.
static void open_cuda(const char *folder) {
#ifndef __APPLE__
  if (folder && dlopen("libcuda.so.1", RTLD_NOW | RTLD_GLOBAL)) open_library(folder, "libtorch_cuda");
#endif
}

const ct_api *ct_load(const char *libtorch, const char *runtime, char **message) {
  if (libtorch) {
    open_library(libtorch, "libc10");
    if (!open_library(libtorch, "libtorch_cpu")) {
      const char *reason = dlerror();
      *message = strdup(reason ? reason : "no lib/libtorch_cpu in it");
      return NULL;
    }
  }
  void *library = dlopen(runtime, binding | RTLD_LOCAL);
  if (!library) {
    *message = strdup(dlerror());
    return NULL;
  }
  folder_function folder = (folder_function)dlsym(library, "ct_libtorch_folder");
  if (folder) open_cuda(folder());
  entry_point entry = (entry_point)dlsym(library, "ct_api_table");
  const ct_api *api = entry ? entry() : NULL;
  if (!api || api->size != sizeof(ct_api)) {
    *message = strdup("it belongs to another build of this program");
    return NULL;
  }
  return api;
}
