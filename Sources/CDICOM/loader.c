#include "CDICOM.h"

#include <dlfcn.h>
#include <string.h>

typedef const cdicom_functions *(*entry_point)(void);

const cdicom_functions *cdicom_load(const char *path, char **message) {
  // DCMTK has thousands of references to functions: each is looked up when it is first called, and most never are.
  void *library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
  if (!library) {
    *message = strdup(dlerror());
    return NULL;
  }
  entry_point entry = (entry_point)dlsym(library, "cdicom_function_table");
  const cdicom_functions *functions = entry ? entry() : NULL;
  if (!functions || functions->size != sizeof(cdicom_functions)) {
    *message = strdup("it belongs to another build of this program");
    return NULL;
  }
  return functions;
}
