#pragma once
#include <CDICOM.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The functions of the runtime library, looked up by `cdicom_load`.
const cdicom_functions *CDICOM_NONNULL cdicom_function_table(void);

#ifdef __cplusplus
}
#endif
