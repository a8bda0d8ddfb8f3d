#include "functions.h"

#include "CDICOMRuntime.h"

namespace cdicom {

namespace {

const cdicom_functions table = {
    sizeof(cdicom_functions), begins,   open,       close,       syntax, syntax_name, syntax_is_read,
    text,                     describe, read_table, read_pixels, write,  send,
};

}  // namespace

}  // namespace cdicom

const cdicom_functions *cdicom_function_table() { return &cdicom::table; }
