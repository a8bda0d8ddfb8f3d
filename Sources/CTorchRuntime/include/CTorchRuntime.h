#pragma once
#include <CTorch.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The functions of the runtime library, looked up by `ct_load`.
const ct_api *_Nonnull ct_api_table(void);

/// The folder whose `lib/` the running LibTorch was opened from, or null.
const char *_Nullable ct_libtorch_folder(void);

#ifdef __cplusplus
}
#endif
